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

bool Composer::open(Level& level) {
  if (level.made != nullptr) return true;
  level.made = model_.copy(level.fresh ? level.under : level.shown);
  return level.made != nullptr;
}

bool Composer::put(Level& level, Slot& slot, Value value) {
  const Kind kind = model_.kind(level.under);
  const bool positional = draft::is_positional(kind);
  if (!draft::has_parts(kind) || positional != (slot.key == nullptr)) return true;
  Value held = nullptr;
  if (positional) {
    Value list = level.made != nullptr ? level.made : level.fresh ? level.under : level.shown;
    if (value == nullptr || slot.index >= model_.size(list)) return true;
    held = model_.item(list, slot.index);
    level.restored |= slot.index < model_.size(level.under) &&
                      is_one(model_.item(level.under, slot.index), value);
    return is_one(held, value) || (open(level) && model_.put_item(level.made, slot.index, value));
  }
  Value source = level.fresh ? level.under : level.shown;
  if (!model_.find(level.made != nullptr ? level.made : source, slot.key, &held)) return false;
  if (is_one(held, value)) return true;
  Value below = nullptr;
  if (!model_.find(level.under, slot.key, &below)) return false;
  level.restored |= is_one(below, value);
  if (!open(level)) return false;
  if (value == nullptr) return model_.erase(level.made, slot.key);
  if (kind != Kind::set) return model_.put(level.made, slot.key, value);
  if (held != nullptr && !model_.erase(level.made, slot.key)) return false;
  return model_.put(level.made, value, value);  // spelled as its layer did
}

// A key that a layer added stands behind those that came with the container.
bool Composer::place(Level& level, Slot& slot, const Version* version, Value value) {
  if (level.fresh && version != nullptr && value != nullptr && version->birth.seq > folded_ &&
      model_.kind(level.under) == Kind::map && slot.key != nullptr) {
    Value spelling = version->birth.spelling;
    level.added.push_back({version->birth, spelling != nullptr ? spelling : slot.key, value});
    return true;
  }
  return put(level, slot, value);
}

// Is the key to stand elsewhere than where what is shown has it?
bool Composer::has_moved(const Task& task, const Level& level, const Slot& slot, bool* moved) {
  *moved = false;
  const Mark& mark = *task.marks->find(slot);
  if (!mark.itself) return true;
  const Version* version = slot.latest(level.after, task.before);
  Value value = nullptr;
  if (version != nullptr) {
    value = version->value;
  } else if (!lookup(level.under, slot, &value)) {
    return false;
  }
  const auto effective = [&](Birth birth) { return birth.seq > folded_ ? birth : Birth{}; };
  const Birth born = effective(version != nullptr ? version->birth : Birth{});
  *moved = value != nullptr && !(mark.was_present && effective(mark.was_born) == born);
  return true;
}

bool Composer::enter(const Task& task, Level level) {
  const Mark* mark = task.marks == nullptr ? nullptr : task.marks->find(*level.slot);
  // A record is rebuilt from what is below and what layers wrote: the fields that its class
  // computes are not to be taken for written ones.
  const bool record = model_.kind(level.under) == Kind::record;
  bool fresh = level.shown == nullptr || record;
  if (mark != nullptr && !fresh && model_.kind(level.under) == Kind::map) {
    for (const Slot* below : mark->below) {
      bool moved = false;
      if (!has_moved(task, level, *below, &moved)) return false;
      fresh = fresh || moved;
    }
  }
  level.fresh = fresh;
  if (model_.kind(level.under) == Kind::list && !grow(task, level)) {
    if (level.made != nullptr) tree_.trash(level.made);
    return false;
  }
  if ((task.folding || !fresh) && mark != nullptr) {
    level.todo.insert(level.todo.end(), mark->below.begin(), mark->below.end());
  } else {
    level.todo.reserve(level.slot->slots.size());
    for (const auto& [id, slot] : level.slot->slots) {
      const bool written = !slot->versions.empty() || (!task.shallow && !slot->is_plain());
      // What a layer wrote there is gone.
      const bool left = record && mark != nullptr && task.marks->find(*slot) != nullptr;
      if (written || left) level.todo.push_back(slot);
    }
  }
  levels_.push_back(std::move(level));
  return true;
}

// Puts what layers appended behind the list. What was shown behind it, with its edits, gives way.
bool Composer::grow(const Task& task, Level& level) {
  const Mark* mark = task.marks == nullptr ? nullptr : task.marks->find(*level.slot);
  if (!level.fresh && (mark == nullptr || !mark->grown)) return true;
  const std::size_t size = model_.size(level.under);
  if (!level.fresh) {
    if (!open(level)) return false;
    level.restored = true;
    while (model_.size(level.made) > size) {
      if (!model_.erase_item(level.made, model_.size(level.made) - 1)) return false;
    }
    // Positions behind the list have moved; those in it have not.
    for (const auto& [id, slot] : level.slot->slots) {
      if (slot->key != nullptr || slot->index < size) continue;
      if (task.marks->find(*slot) == nullptr) level.todo.push_back(slot);
    }
  }
  for (const auto& [seq, version] : level.slot->appends) {
    if (seq <= level.after || seq >= task.before) continue;
    if (!open(level)) return false;
    for (std::size_t index = 0; index < model_.size(version.value); ++index) {
      Value item = model_.item(version.value, index);
      if (!model_.insert_item(level.made, model_.size(level.made), item)) return false;
    }
  }
  return true;
}

// What the slot holds without versions of its own: of the container, or of what was appended to it.
bool Composer::source_of(const Task& task, const Level& level, const Slot& slot, Value* found) {
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
  } else if (!source_of(task, level, slot, &value)) {
    return false;
  }
  const Mark* mark = task.marks == nullptr ? nullptr : task.marks->find(slot);
  Value shown = nullptr;
  const bool has_moved =
      slot.key == nullptr && level.made != nullptr && slot.index >= model_.size(level.under);
  if (level.beside != nullptr && !has_moved) {
    if (!lookup(level.beside, slot, &shown)) return false;
    // Nothing has changed there: what is shown is right.
    if (level.shown != nullptr && mark == nullptr && shown != nullptr && value != nullptr) {
      return place(level, slot, version, shown);
    }
  }
  const bool nested = !task.shallow && value != nullptr && draft::has_parts(model_.kind(value));
  if (!nested || slot.is_plain()) return place(level, slot, version, value);
  const bool from_shown = level.shown != nullptr && mark != nullptr && !mark->itself &&
                          shown != nullptr && model_.kind(shown) == model_.kind(value);
  return enter(task, Level{&slot, value, from_shown ? shown : nullptr, shown, after, true});
}

// One object, or leaves that nothing can tell apart.
bool Composer::is_one(Value one, Value other) {
  return one == other || (one != nullptr && other != nullptr && model_.kind(one) == Kind::leaf &&
                          model_.same(one, other));
}

// Do both hold the same objects, those of a list or map in the same order? (`made` of a record is
// the map of its fields.)
bool Composer::is_level(Value one, Value made, bool* same) {
  *same = model_.size(one) == model_.size(made);
  const Kind kind = model_.kind(one);
  if (!*same) return true;
  if (kind == Kind::set) return draft::equal(model_, one, made, true, same);
  if (draft::is_positional(kind)) {
    for (std::size_t index = 0; *same && index < model_.size(one); ++index) {
      *same = is_one(model_.item(one, index), model_.item(made, index));
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
    *same = *same && is_one(value, held);
  }
  return true;
}

// The container of its class out of its parts; takes the reference. A record that equals the one
// that is shown, as one does whose constructor changes what it gets, stays that object.
bool Composer::finish(const Level& level, Value* made) {
  Value whole = model_.rebuild(level.under, *made);
  tree_.trash(*made);
  if (whole == nullptr) return false;
  *made = whole;
  if (level.beside == nullptr || model_.kind(level.under) != Kind::record) return true;
  bool same = false;
  if (!draft::equal(model_, level.beside, whole, true, &same)) {
    tree_.trash(whole);
    return false;
  }
  if (!same) return true;
  tree_.trash(whole);
  model_.own(level.beside);
  *made = level.beside;
  return true;
}

bool Composer::leave(Value* result) {
  Level& level = levels_.back();
  if (!level.added.empty()) {
    std::sort(level.added.begin(), level.added.end(),
              [](const Added& one, const Added& other) { return one.birth < other.birth; });
    if (!open(level)) return false;
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
           !model_.same_type(one, level.under) || is_level(one, made, same);
  };
  const bool is_sure = !level.fresh && level.added.empty();  // what is shown, with differences
  bool is_under = false;
  bool is_beside = false;
  if (made != nullptr) {
    const bool may_be_under = level.restored || level.after > 0 || !level.added.empty();
    if ((may_be_under && !holds_the_same(level.under, &is_under)) ||
        (!is_under && !is_sure && !holds_the_same(level.beside, &is_beside))) {
      tree_.trash(made);
      return false;
    }
  }
  if (made == nullptr) {
    made = level.fresh ? level.under : level.shown;
    model_.own(made);
  } else if (is_under || is_beside) {
    // The versions that are left are older than an assignment above, or put back what was there.
    tree_.trash(made);
    made = is_under ? level.under : level.beside;
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
    if (!leave(&made)) return false;
    Level level = std::move(levels_.back());
    levels_.pop_back();
    for (Value part : level.parts) tree_.trash(part);
    if (levels_.empty()) {
      *result = made;
      return true;
    }
    Level& above = levels_.back();
    above.parts.push_back(made);  // alive until it has been put in its place
    const Version* version = level.slot->latest(above.after, task.before);
    if (!place(above, *level.slot, version, made)) return false;
  }
}

void Composer::abandon() {
  for (Level& level : levels_) {
    if (level.made != nullptr) tree_.trash(level.made);
    for (Value part : level.parts) tree_.trash(part);
  }
  levels_.clear();
}

// --- what is asked of it

Value Composer::compose(Slot& slot, Value under, Seq after, Seq before, bool shallow) {
  const Task task{nullptr, before, shallow, false};
  Value result = nullptr;
  if (enter(task, Level{&slot, under, nullptr, nullptr, after, true}) && run(task, &result))
    return result;
  abandon();
  return nullptr;
}

Value Composer::renew(Value base, Value shown, const Marks& marks) {
  Slot& root = tree_.root();
  const Version* version = root.latest(0, kNow);
  Value under = version != nullptr ? version->value : base;
  const Seq after = version != nullptr ? version->seq : 0;
  if (!draft::has_parts(model_.kind(under)) || root.is_plain()) {
    if (is_one(shown, under)) under = shown;
    model_.own(under);
    return under;
  }
  const Mark* mark = marks.find(root);
  const bool from_shown =
      mark != nullptr && !mark->itself && model_.kind(shown) == model_.kind(under);
  const Task task{&marks, kNow, false, false};
  Value result = nullptr;
  if (enter(task, Level{&root, under, from_shown ? shown : nullptr, shown, after, true}) &&
      run(task, &result)) {
    return result;
  }
  abandon();
  return nullptr;
}

Value Composer::fold(Value base, Value shown, const Marks& marks, Seq before) {
  Slot& root = tree_.root();
  const Version* version = root.latest(0, before);
  Value under = version != nullptr ? version->value : base;
  if (!draft::has_parts(model_.kind(under))) {
    model_.own(under);
    return under;
  }
  const Task task{&marks, before, false, true};
  Value result = nullptr;
  const Seq after = version != nullptr ? version->seq : 0;
  if (enter(task, Level{&root, under, nullptr, shown, after, true}) && run(task, &result))
    return result;
  abandon();
  return nullptr;
}

}  // namespace halflife::optimistic
