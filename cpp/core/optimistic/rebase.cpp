// Part of class Log: rebase, the replacement of the base. The differences between both bases count
// as writes older than every layer, so only the layers that read a difference run again. A refetch
// costs a walk over both bases, and calls no recipe of an unrelated edit.
#include <algorithm>
#include <utility>

#include "log.hpp"

namespace halflife::optimistic {

using draft::Kind;

bool Log::set_base(Value base, bool shared) {
  return operate([&] { return take_base(base, shared); });
}

bool Log::take_base(Value base, bool shared) {
  Value now = base;
  if (shared && !host_.is_absent(base) && !host_.is_absent(base_)) {
    now = this->shared(base, draft::Leaves::alike);
    if (now == nullptr) return false;
  } else {
    model_.own(now);
  }
  Change change = begin_change();
  change.keeps_visible = shared;
  std::vector<Layer*> superseded;
  for (const auto& [seq, layer] : layers_) {
    if (layer->status == LayerStatus::confirmed) superseded.push_back(layer);
  }
  drop_edits(base_edits_);
  for (const Layer* layer : superseded) invalidate_writes(change, *layer);
  for (Layer* layer : superseded) remove_layer(*layer, LayerStatus::superseded);
  return rebase(change, now);
}

bool Log::edit_base(const LayerBody& body) {
  return operate([&] {
    if (host_.is_absent(base_)) return raise(host_.absent_base_error());
    if (!fold_prefix()) return false;
    LayerRun run(tree_, host_, folded_);
    if (!run.run_on(base_, next_, body)) return raise(run.take_error());
    Value edited = run.take_visible();
    Value now = shared(edited, draft::Leaves::same);
    tree_.release_later(edited);
    if (now == nullptr) return false;
    Value before = base_;
    model_.own(before);
    Change change = begin_change();
    const bool ok = rebase(change, now);
    if (ok) keep_base_edit(body, before);
    tree_.release_later(before);
    return ok;
  });
}

// Only if confirmed layers wait. Otherwise the edit's position in the order is final.
void Log::keep_base_edit(const LayerBody& body, Value before) {
  BaseEdit edit{body, before, {}};
  for (const auto& [seq, layer] : layers_) {
    if (layer->status == LayerStatus::confirmed) edit.waited.push_back(seq);
  }
  if (edit.waited.empty()) return;
  own_body(body);
  model_.own(before);
  base_edits_.push_back(std::move(edit));
}

std::vector<BaseEdit> Log::copied(const std::vector<BaseEdit>& edits) {
  for (const BaseEdit& edit : edits) {
    own_body(edit.body);
    model_.own(edit.before);
  }
  return edits;
}

// Was the layer confirmed when the edit arrived?
bool Log::edit_follows(const BaseEdit& edit, const Layer& layer) {
  return std::binary_search(edit.waited.begin(), edit.waited.end(), layer.seq);
}

// Applies the body to `value`, whose reference is exchanged. Returns the body's error, owned, or
// null.
Value Log::run_on(Value* value, Seq seq, const LayerBody& body) {
  LayerRun run(tree_, host_, folded_);
  if (!run.run_on(*value, seq, body)) return run.take_error();
  tree_.release_later(std::exchange(*value, run.take_visible()));
  return nullptr;
}

// An edit that cannot be applied in its new position does nothing.
void Log::reapply(Value* value, const BaseEdit& edit) {
  Value error = interrupt_ == nullptr ? run_on(value, next_, edit.body) : nullptr;
  if (error == nullptr) return;
  if (host_.is_interrupt(error)) {
    interrupt_ = error;
  } else {
    tree_.release_later(error);
  }
}

// Folds confirmed layers that waited. The edits of the base that arrived after their confirmation
// are applied after them.
bool Log::fold_with_edits(const std::vector<Layer*>& folding) {
  Value value = base_edits_.front().before;
  model_.own(value);
  std::size_t next = 0;
  for (Layer* layer : folding) {
    for (; next < base_edits_.size() && !edit_follows(base_edits_[next], *layer); ++next) {
      reapply(&value, base_edits_[next]);
    }
    if (interrupt_ != nullptr) break;
    Value error = run_on(&value, layer->seq, layer->body);
    if (error == nullptr) {
      clear_failing(*layer);
    } else {
      set_failing(*layer, error);
    }
  }
  std::vector<BaseEdit> done;
  std::vector<BaseEdit> kept;
  for (std::size_t index = 0; index < base_edits_.size(); ++index) {
    BaseEdit& edit = base_edits_[index];
    if (index >= next) {
      model_.own(value);
      tree_.release_later(std::exchange(edit.before, value));
      reapply(&value, edit);
    }
    const bool waits = index >= next && edit.waited.back() > folding.back()->seq;
    (waits ? kept : done).push_back(std::move(edit));
  }
  base_edits_.swap(kept);
  drop_edits(done);
  Value now = interrupt_ == nullptr ? shared_after_fold(value) : nullptr;
  tree_.release_later(value);
  if (now == nullptr) return false;
  Change change = begin_change();
  for (const Layer* layer : folding) invalidate_writes(change, *layer);
  for (Layer* layer : folding) remove_layer(*layer, LayerStatus::folded);
  folded_ = folding.back()->seq;
  return rebase(change, now);
}

// Owned: the new base, with equal parts exchanged for existing objects; null: an error is raised. A
// part that equals the old base keeps the old object. A part that equals a visible edit keeps the
// visible object, so that subscribers see no change when the edit is confirmed.
Value Log::shared(Value base, draft::Leaves leaves) {
  draft::Objects taken;
  Value first = draft::share(model_, base_, base, leaves, &taken);
  if (first == nullptr || layers_.empty()) return first;
  Value second = draft::share(model_, visible_, first, draft::Leaves::same, nullptr, &taken);
  tree_.release_later(first);
  return second;
}

// Owned: as shared(), for a base that layers were folded into. The layers' values were visible, so
// visible objects take precedence over those of the old base.
Value Log::shared_after_fold(Value base) {
  draft::Objects taken;
  Value first = draft::share(model_, visible_, base, draft::Leaves::same, &taken);
  if (first == nullptr) return nullptr;
  Value second = draft::share(model_, base_, first, draft::Leaves::same, nullptr, &taken);
  tree_.release_later(first);
  return second;
}

// Takes the reference to the new base.
bool Log::rebase(Change& change, Value base) {
  if (!invalidate_base(change, base_, base)) {
    tree_.release_later(base);
    return false;
  }
  set_base_value(base);
  add_failing(change);
  return replay(change) && update_visible(change);
}

// A failing layer runs again over every new base, whether or not it read a difference.
void Log::add_failing(Change& change) {
  for (const auto& [seq, layer] : layers_) {
    if (layer->failing) change.todo.insert(seq);
  }
}

// Invalidates the readers of all differences between two bases. Runs before the base changes.
bool Log::invalidate_base(Change& change, Value before, Value now) {
  if (before == now) return true;
  if (host_.is_absent(before) || host_.is_absent(now)) {
    invalidate_all(change);
    return true;
  }
  draft::Scope scope(model_, false);
  std::vector<Difference> todo{{&tree_.root(), before, now}};
  while (!todo.empty()) {
    const Difference each = todo.back();
    todo.pop_back();
    if (!has_comparable_entries(scope, each)) {
      change.slots.remember(*each.slot, folded_);
      invalidate_assigned(change, *each.slot, 0);
    } else if (!invalidate_entries(change, each, todo)) {
      return false;
    }
  }
  return true;
}

// The base comes or goes: every layer runs, or forgets what it read and wrote.
void Log::invalidate_all(Change& change) {
  change.slots.remember(tree_.root(), folded_);
  change.slots.add(tree_.root());
  for (const auto& [seq, layer] : layers_) change.todo.insert(seq);
}

// Are both values containers of one type that can be compared entry by entry? Reading a tuple
// reveals its length, and all of it if nothing in it can be edited; tuples that differ in these
// ways count as replaced.
bool Log::has_comparable_entries(draft::Scope& scope, const Difference& each) {
  if (each.before == nullptr || each.now == nullptr) return false;
  const Kind kind = model_.kind(each.before);
  if (!draft::has_parts(kind) || kind != model_.kind(each.now) ||
      !model_.same_type(each.before, each.now)) {
    return false;
  }
  return kind != Kind::fixed || (model_.size(each.before) == model_.size(each.now) &&
                                 scope.opens(each.before) && scope.opens(each.now));
}

// Compares containers by identity: shared() has made equal ones the same object. (If the base was
// taken as it came, equal containers count as different, and their entries are compared.)
bool Log::differs(Value before, Value now) {
  if (before == now) return false;
  return before == nullptr || now == nullptr || model_.kind(before) != Kind::leaf ||
         model_.kind(now) != Kind::leaf || !model_.same(before, now);
}

bool Log::invalidate_entries(Change& change, const Difference& level,
                             std::vector<Difference>& todo) {
  Slot& slot = *level.slot;
  change.add(slot.subtree_readers, 0, kNow);  // the ancestors' were added on the way down
  if (slot.is_plain()) {  // no layer wrote below: the visible container is the base's own
    change.slots.remember(slot, folded_);
    change.slots.add(slot);
    const bool is_unread = slot.slots.empty() && slot.structure_readers.empty();
    if (is_unread) return true;
  }
  bool aligned = false;
  const std::size_t found = todo.size();
  if (!find_aligned(level, todo, &aligned)) return false;
  if (aligned) return true;
  // The keys, their order or the length differ: the container is composed anew, and only entries
  // with a slot concern a layer.
  todo.resize(found);
  change.slots.remember(slot, folded_);
  change.slots.add(slot);
  change.add(slot.structure_readers, 0, kNow);
  Composer composer(tree_, model_, folded_);
  for (const auto& [id, below] : slot.slots) {
    Difference each{below, nullptr, nullptr};
    if (!composer.lookup(level.before, *below, &each.before) ||
        !composer.lookup(level.now, *below, &each.now)) {
      return false;
    }
    const bool is_behind = below->key == nullptr && (each.before == nullptr || each.now == nullptr);
    if (is_behind) each.now = nullptr;  // beyond the end of a list: appended items have moved
    if (is_behind || differs(each.before, each.now)) todo.push_back(each);
  }
  return true;
}

// Collects the entries that differ if both containers have the same keys in the same order, or the
// same length; then sets `aligned`.
bool Log::find_aligned(const Difference& level, std::vector<Difference>& todo, bool* aligned) {
  const Kind kind = model_.kind(level.before);
  const std::size_t size = model_.size(level.before);
  *aligned = false;
  if (kind == Kind::set || size != model_.size(level.now)) return true;
  if (draft::is_positional(kind)) {
    for (std::size_t index = 0; index < size; ++index) {
      Value before = model_.item(level.before, index);
      Value now = model_.item(level.now, index);
      if (differs(before, now)) todo.push_back({tree_.slot(*level.slot, index), before, now});
    }
    *aligned = true;
    return true;
  }
  std::size_t left = 0;
  std::size_t right = 0;
  Value key = nullptr;
  Value other = nullptr;
  Value before = nullptr;
  Value now = nullptr;
  while (model_.next(level.before, &left, &key, &before)) {
    if (!model_.next(level.now, &right, &other, &now)) return true;
    if (key != other && !model_.same(key, other)) return true;
    if (!differs(before, now)) continue;
    Slot* slot = tree_.slot(*level.slot, key);
    if (slot == nullptr) return false;
    todo.push_back({slot, before, now});
  }
  *aligned = true;
  return true;
}

}  // namespace halflife::optimistic
