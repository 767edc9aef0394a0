#include "composer.hpp"

#include <algorithm>
#include <utility>

#include "../draft/equality.hpp"

namespace halflife::optimistic {

using draft::Kind;

bool Composer::lookup(Value container, const Slot& slot, Value* found) {
  *found = nullptr;
  const Kind kind = model_.kind(container);
  if (draft::is_positional(kind)) {
    if (slot.key == nullptr && slot.index < model_.size(container)) {
      *found = model_.item(container, slot.index);
    }
    return true;
  }
  if (!draft::is_draftable(kind) || slot.key == nullptr) return true;
  return model_.find(container, slot.key, found);
}

// --- one level

bool Composer::ensure_copy(Level& level) {
  if (level.made != nullptr) return true;
  level.made = model_.copy(level.from_under ? level.under : level.visible);
  return level.made != nullptr;
}

bool Composer::set_entry(Level& level, Slot& slot, Value value) {
  const Kind kind = model_.kind(level.under);
  const bool positional = draft::is_positional(kind);
  if (!draft::has_parts(kind) || positional != (slot.key == nullptr)) return true;
  Value held = nullptr;
  if (positional) {
    Value list = level.made != nullptr ? level.made
                 : level.from_under    ? level.under
                                       : level.visible;
    if (value == nullptr || slot.index >= model_.size(list)) return true;
    held = model_.item(list, slot.index);
    level.restored |= slot.index < model_.size(level.under) &&
                      is_same(model_.item(level.under, slot.index), value);
    return is_same(held, value) ||
           (ensure_copy(level) && model_.put_item(level.made, slot.index, value));
  }
  Value source = level.from_under ? level.under : level.visible;
  if (!model_.find(level.made != nullptr ? level.made : source, slot.key, &held)) return false;
  if (is_same(held, value)) return true;
  Value below = nullptr;
  if (!model_.find(level.under, slot.key, &below)) return false;
  level.restored |= is_same(below, value);
  if (!ensure_copy(level)) return false;
  if (value == nullptr) return model_.erase(level.made, slot.key);
  if (kind != Kind::set) return model_.put(level.made, slot.key, value);
  if (held != nullptr && !model_.erase(level.made, slot.key)) return false;
  return model_.put(level.made, value, value);  // a member is spelled as its layer spelled it
}

// Sets an entry now, or later if a layer added its key: such keys follow the container's own.
bool Composer::set_in_order(Level& level, Slot& slot, const Version* version, Value value) {
  if (level.from_under && version != nullptr && value != nullptr &&
      version->insertion.seq > folded_ && model_.kind(level.under) == Kind::map &&
      slot.key != nullptr) {
    Value spelling = version->insertion.spelling;
    level.added.push_back({version->insertion, spelling != nullptr ? spelling : slot.key, value});
    return true;
  }
  return set_entry(level, slot, value);
}

// Does the key's position differ from its position in the visible value?
bool Composer::has_moved(const Task& task, const Level& level, const Slot& slot, bool* moved) {
  *moved = false;
  const SlotChange& change = *task.changed->find(slot);
  if (!change.replaced) return true;
  const Version* version = slot.latest(level.after, task.before);
  Value value = nullptr;
  if (version != nullptr) {
    value = version->value;
  } else if (!lookup(level.under, slot, &value)) {
    return false;
  }
  InsertionOrder insertion;
  if (version != nullptr && version->insertion.seq > folded_) insertion = version->insertion;
  *moved = value != nullptr && !(change.was_present && change.old_insertion == insertion);
  return true;
}

bool Composer::open_level(const Task& task, Level level) {
  const SlotChange* change = task.changed == nullptr ? nullptr : task.changed->find(*level.slot);
  // A record is rebuilt from `under` and the layers' writes: the visible record also has fields
  // that its class computed, which must not count as written.
  const bool record = model_.kind(level.under) == Kind::record;
  bool from_under = level.visible == nullptr || record;
  if (change != nullptr && !from_under && model_.kind(level.under) == Kind::map) {
    for (const Slot* below : change->below) {
      bool moved = false;
      if (!has_moved(task, level, *below, &moved)) return false;
      from_under = from_under || moved;
    }
  }
  level.from_under = from_under;
  if (model_.kind(level.under) == Kind::list && !append_items(task, level)) {
    if (level.made != nullptr) tree_.release_later(level.made);
    return false;
  }
  if ((task.folding || !from_under) && change != nullptr) {
    level.todo.insert(level.todo.end(), change->below.begin(), change->below.end());
  } else {
    level.todo.reserve(level.slot->slots.size());
    for (const auto& [id, slot] : level.slot->slots) {
      const bool written = !slot->versions.empty() || (!task.shallow && !slot->is_plain());
      // A layer's write to this field was removed.
      const bool left = record && change != nullptr && task.changed->find(*slot) != nullptr;
      if (written || left) level.todo.push_back(slot);
    }
  }
  levels_.push_back(std::move(level));
  return true;
}

// Appends the layers' items to the list. The visible appended items, with their edits, are removed
// first.
bool Composer::append_items(const Task& task, Level& level) {
  const SlotChange* change = task.changed == nullptr ? nullptr : task.changed->find(*level.slot);
  if (!level.from_under && (change == nullptr || !change->appended)) return true;
  const std::size_t size = model_.size(level.under);
  if (!level.from_under) {
    if (!ensure_copy(level)) return false;
    level.restored = true;
    while (model_.size(level.made) > size) {
      if (!model_.erase_item(level.made, model_.size(level.made) - 1)) return false;
    }
    // Appended items may have moved, so their slots are set again. The list's own items have not.
    for (const auto& [id, slot] : level.slot->slots) {
      if (slot->key != nullptr || slot->index < size) continue;
      if (task.changed->find(*slot) == nullptr) level.todo.push_back(slot);
    }
  }
  for (const auto& [seq, version] : level.slot->appends) {
    if (seq <= level.after || seq >= task.before) continue;
    if (!ensure_copy(level)) return false;
    for (std::size_t index = 0; index < model_.size(version.value); ++index) {
      Value item = model_.item(version.value, index);
      if (!model_.insert_item(level.made, model_.size(level.made), item)) return false;
    }
  }
  return true;
}

// The slot's value without its own versions: an entry of the container, or an appended item.
bool Composer::value_without_versions(const Task& task, const Level& level, const Slot& slot,
                                      Value* found) {
  if (!lookup(level.under, slot, found)) return false;
  if (*found != nullptr || slot.key != nullptr || model_.kind(level.under) != Kind::list) {
    return true;
  }
  std::size_t index = slot.index - model_.size(level.under);
  for (const auto& [seq, version] : level.slot->appends) {
    if (seq <= level.after || seq >= task.before) continue;
    const std::size_t count = model_.size(version.value);
    if (index < count) {
      *found = model_.item(version.value, index);
      return true;
    }
    index -= count;
  }
  return true;
}

bool Composer::step(const Task& task) {
  Level& level = levels_.back();
  Slot& slot = *level.todo[level.next++];
  const Version* version = slot.latest(level.after, task.before);
  Value value = nullptr;
  Seq after = level.after;
  if (version != nullptr) {
    value = version->value;
    after = version->seq;
  } else if (!value_without_versions(task, level, slot, &value)) {
    return false;
  }
  const SlotChange* change = task.changed == nullptr ? nullptr : task.changed->find(slot);
  Value visible = nullptr;
  const bool has_moved =
      slot.key == nullptr && level.made != nullptr && slot.index >= model_.size(level.under);
  if (level.counterpart != nullptr && !lookup(level.counterpart, slot, &visible)) return false;
  // The slot is unchanged: keep the visible value.
  if (!has_moved && level.visible != nullptr && change == nullptr && visible != nullptr &&
      value != nullptr) {
    return set_in_order(level, slot, version, visible);
  }
  const bool nested = !task.shallow && value != nullptr && draft::has_parts(model_.kind(value));
  if (!nested || slot.is_plain()) return set_in_order(level, slot, version, value);
  const bool from_visible = !has_moved && level.visible != nullptr && change != nullptr &&
                            !change->replaced && visible != nullptr &&
                            model_.kind(visible) == model_.kind(value);
  return open_level(task,
                    Level{&slot, value, from_visible ? visible : nullptr, visible, after, true});
}

// Are both the same object, or indistinguishable leaves?
bool Composer::is_same(Value one, Value other) {
  return one == other || (one != nullptr && other != nullptr && model_.kind(one) == Kind::leaf &&
                          model_.same(one, other));
}

// Do both containers hold the same objects, in a list or map also in the same order? (For a record,
// `made` is the map of its fields.)
bool Composer::holds_same_entries(Value one, Value made, bool* same) {
  *same = model_.size(one) == model_.size(made);
  const Kind kind = model_.kind(one);
  if (!*same) return true;
  if (kind == Kind::set) return draft::equal(model_, one, made, true, same);
  if (draft::is_positional(kind)) {
    for (std::size_t index = 0; *same && index < model_.size(one); ++index) {
      *same = is_same(model_.item(one, index), model_.item(made, index));
    }
    return true;
  }
  std::size_t left = 0;
  std::size_t right = 0;
  Value key = nullptr;
  Value other = nullptr;
  Value value = nullptr;
  Value held = nullptr;
  while (*same && model_.next(one, &left, &key, &value)) {
    if (kind == Kind::record) {
      if (!model_.find(made, key, &held)) return false;
    } else {
      *same = model_.next(made, &right, &other, &held) && (key == other || model_.same(key, other));
    }
    *same = *same && is_same(value, held);
  }
  return true;
}

// Rebuilds the container's class from `made`, whose reference is exchanged. A record that equals
// the visible one stays the visible object; its entries can differ if its constructor changes them.
bool Composer::finish(const Level& level, Value* made) {
  Value rebuilt = model_.rebuild(level.under, *made);
  tree_.release_later(*made);
  if (rebuilt == nullptr) return false;
  *made = rebuilt;
  if (level.counterpart == nullptr || model_.kind(level.under) != Kind::record) return true;
  bool same = false;
  if (!draft::equal(model_, level.counterpart, rebuilt, true, &same)) {
    tree_.release_later(rebuilt);
    return false;
  }
  if (!same) return true;
  tree_.release_later(rebuilt);
  model_.own(level.counterpart);
  *made = level.counterpart;
  return true;
}

bool Composer::close_level(Value* result) {
  Level& level = levels_.back();
  if (!level.added.empty()) {
    std::sort(level.added.begin(), level.added.end(),
              [](const Added& one, const Added& other) { return one.insertion < other.insertion; });
    if (!ensure_copy(level)) return false;
    for (const Added& added : level.added) {
      Value held = nullptr;
      if (!model_.find(level.made, added.key, &held)) return false;
      if (held != nullptr && !model_.erase(level.made, added.key)) return false;
      if (!model_.put(level.made, added.key, added.value)) return false;
    }
  }
  Value made = std::exchange(level.made, nullptr);
  const auto holds_the_same = [&](Value one, bool* same) {
    return one == nullptr || model_.kind(one) != model_.kind(level.under) ||
           !model_.same_type(one, level.under) || holds_same_entries(one, made, same);
  };
  const bool is_sure = !level.from_under && level.added.empty();  // the visible container, edited
  bool is_under = false;
  bool is_counterpart = false;
  if (made != nullptr) {
    const bool may_be_under = level.restored || level.after > 0 || !level.added.empty();
    if ((may_be_under && !holds_the_same(level.under, &is_under)) ||
        (!is_under && !is_sure && !holds_the_same(level.counterpart, &is_counterpart))) {
      tree_.release_later(made);
      return false;
    }
  }
  if (made == nullptr) {
    made = level.from_under ? level.under : level.visible;
    model_.own(made);
  } else if (is_under || is_counterpart) {
    // All versions were older than an assignment above, or restored the previous entries.
    tree_.release_later(made);
    made = is_under ? level.under : level.counterpart;
    model_.own(made);
  } else {
    if (!finish(level, &made)) return false;
  }
  *result = made;
  return true;
}

bool Composer::run(const Task& task, Value* result) {
  while (true) {
    if (levels_.back().next < levels_.back().todo.size()) {
      if (!step(task)) return false;
      continue;
    }
    Value made = nullptr;
    if (!close_level(&made)) return false;
    Level level = std::move(levels_.back());
    levels_.pop_back();
    for (Value result_below : level.results) tree_.release_later(result_below);
    if (levels_.empty()) {
      *result = made;
      return true;
    }
    Level& above = levels_.back();
    above.results.push_back(made);  // keeps it alive until it is set
    const Version* version = level.slot->latest(above.after, task.before);
    if (!set_in_order(above, *level.slot, version, made)) return false;
  }
}

void Composer::abandon() {
  for (Level& level : levels_) {
    if (level.made != nullptr) tree_.release_later(level.made);
    for (Value result_below : level.results) tree_.release_later(result_below);
  }
  levels_.clear();
}

// --- public functions

Value Composer::compose(Slot& slot, Value under, Seq after, Seq before, bool shallow) {
  const Task task{nullptr, before, shallow, false};
  Value result = nullptr;
  if (open_level(task, Level{&slot, under, nullptr, nullptr, after, true}) && run(task, &result))
    return result;
  abandon();
  return nullptr;
}

Value Composer::compose_visible(Value base, Value visible, const ChangedSlots& changed) {
  Slot& root = tree_.root();
  const Version* version = root.latest(0, kNow);
  Value under = version != nullptr ? version->value : base;
  const Seq after = version != nullptr ? version->seq : 0;
  if (!draft::has_parts(model_.kind(under)) || root.is_plain()) {
    if (visible != nullptr && is_same(visible, under)) under = visible;
    model_.own(under);
    return under;
  }
  const SlotChange* change = changed.find(root);
  const bool from_visible = visible != nullptr && change != nullptr && !change->replaced &&
                            model_.kind(visible) == model_.kind(under);
  const Task task{&changed, kNow, false, false};
  Value result = nullptr;
  if (open_level(task,
                 Level{&root, under, from_visible ? visible : nullptr, visible, after, true}) &&
      run(task, &result)) {
    return result;
  }
  abandon();
  return nullptr;
}

Value Composer::fold(Value base, Value visible, const ChangedSlots& changed, Seq before) {
  Slot& root = tree_.root();
  const Version* version = root.latest(0, before);
  Value under = version != nullptr ? version->value : base;
  if (!draft::has_parts(model_.kind(under))) {
    model_.own(under);
    return under;
  }
  const Task task{&changed, before, false, true};
  Value result = nullptr;
  const Seq after = version != nullptr ? version->seq : 0;
  if (open_level(task, Level{&root, under, nullptr, visible, after, true}) && run(task, &result))
    return result;
  abandon();
  return nullptr;
}

}  // namespace halflife::optimistic
