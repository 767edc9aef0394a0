#include "log.hpp"

#include <algorithm>
#include <utility>

#include "../draft/equality.hpp"

namespace halflife::optimistic {

Log::Log(Host& host, Value base, bool always)
    : host_(host), model_(host.model()), tree_(host), base_(base), shown_(base), always_(always) {
  model_.own(base_);
  model_.own(shown_);
}

void Log::close() {
  std::vector<Layer*> layers;
  layers.swap(layers_);
  for (Layer* layer : layers) {
    for (const Write& write : layer->writes) {
      if (write.value != nullptr) tree_.trash(write.value);
    }
    layer->writes.clear();
    layer->reads.clear();
    leave(*layer, LayerStatus::rolled_back);
  }
  pending_ = 0;
  tree_.clear();
  for (const Trouble& trouble : troubles_) tree_.trash(trouble.error);
  troubles_.clear();
  for (Value* value : {&base_, &shown_, &interrupt_}) {
    if (*value != nullptr) tree_.trash(std::exchange(*value, nullptr));
  }
  tree_.empty_trash();
}

bool Log::contains(const Layer& layer) const { return at(layer.seq) == &layer; }

Layer* Log::at(Seq seq) const {
  const auto found =
      std::lower_bound(layers_.begin(), layers_.end(), seq,
                       [](const Layer* layer, Seq other) { return layer->seq < other; });
  return found != layers_.end() && (*found)->seq == seq ? *found : nullptr;
}

// Takes the reference.
void Log::show(Value value) {
  tree_.trash(shown_);
  shown_ = value;
}

void Log::set_base_value(Value value) {
  tree_.trash(base_);
  base_ = value;
}

void Log::drop_parts(Parts& parts) {
  for (Value value : {parts.recipe, parts.then, parts.whole}) {
    if (value != nullptr) tree_.trash(value);
  }
  parts = {};
}

// It is out of the log, or about to be; what it did has been taken care of.
void Log::leave(Layer& layer, LayerStatus status) {
  layer.status = status;
  layer.failing = layer.retry = false;
  drop_parts(layer.parts);
  tree_.trash(layer.token);
}

bool Log::finish(bool ok) {
  if (layers_.empty() && !stale_) {
    tree_.clear();
    host_.forget_keys();
  } else {
    tree_.prune();
  }
  std::vector<Trouble> troubles;
  troubles.swap(troubles_);
  for (const Trouble& trouble : troubles) {
    // One that works again by now was in trouble only on the way.
    const bool mended = contains(*trouble.layer) && !trouble.layer->failing;
    if (!mended) host_.conflicted(*trouble.layer, trouble.error, trouble.again);
    tree_.trash(trouble.error);
  }
  if (interrupt_ != nullptr) {
    Value interrupt = std::exchange(interrupt_, nullptr);
    if (ok) host_.raise(interrupt);
    tree_.trash(interrupt);
    ok = false;
  }
  tree_.empty_trash();
  return ok;
}

// --- operations

bool Log::apply(Layer& layer, bool confirmed, Value* context) {
  if (!settle()) return false;
  layer.seq = next_;
  Attempt attempt(tree_, host_, folded_);
  if (!attempt.run_on(shown_, layer.seq, layer.parts)) {
    Value error = attempt.take_error();
    host_.raise(error);
    tree_.trash(error);
    return finish(false);
  }
  ++next_;
  *context = attempt.take_returned();
  model_.own(layer.token);
  layers_.push_back(&layer);
  layer.status = confirmed ? LayerStatus::confirmed : LayerStatus::pending;
  pending_ += confirmed ? 0 : 1;
  take_effect(layer, attempt);
  show(attempt.take_shown());
  return finish(!confirmed || fold_prefix());
}

bool Log::rollback(Layer& layer) {
  if (!settle()) return false;
  return finish(refold({&layer}) && fold_prefix());
}

bool Log::rollback_all() {
  if (!settle()) return false;
  std::vector<Layer*> dropped;
  for (Layer* layer : layers_) {
    if (is_unsettled(layer->status)) dropped.push_back(layer);
  }
  return finish(refold(dropped) && fold_prefix());
}

// What is shown without these layers.
bool Log::refold(const std::vector<Layer*>& dropped) {
  Change change;
  for (Layer* layer : dropped) {
    if (!always_) note_writes(change, *layer);
  }
  for (Layer* layer : dropped) drop_effect(*layer);
  std::size_t kept = 0;
  std::size_t next = 0;
  for (Layer* layer : layers_) {
    if (next < dropped.size() && dropped[next] == layer) {
      ++next;
    } else {
      layers_[kept++] = layer;
    }
  }
  layers_.resize(kept);
  pending_ -= dropped.size();
  for (Layer* layer : dropped) leave(*layer, LayerStatus::rolled_back);
  return always_ ? rebuild() : replay(change) && renew(change);
}

bool Log::commit(Layer& layer, Value server, Value then, bool returns) {
  if (!settle()) return false;
  if (server != nullptr || then != nullptr) {
    Parts parts = layer.parts;
    if (server != nullptr) parts = {server, nullptr, nullptr, returns};
    parts.then = then;
    if (!try_commit(layer, parts)) return finish(false);
  }
  confirm(layer);
  return finish(fold_prefix());
}

bool Log::try_commit(Layer& layer, const Parts& parts) {
  // Does `then` follow a recipe that is in conflict? It is applied when that can be applied.
  const bool waits = layer.failing && parts.recipe == layer.parts.recipe;
  Attempt attempt(tree_, host_, folded_);
  if (!attempt.run_at(base_, layer.seq, parts)) {
    Value error = attempt.take_error();
    if (waits && !attempt.raised_in_then() && !host_.is_interrupt(error)) {
      tree_.trash(error);
      model_.own(parts.then);
      layer.parts.then = parts.then;
      return true;
    }
    host_.raise(error);
    tree_.trash(error);
    return false;
  }
  for (Value value : {parts.recipe, parts.then, parts.whole}) {
    if (value != nullptr) model_.own(value);
  }
  Parts before = std::exchange(layer.parts, parts);
  mend(layer);
  bool ok = false;
  if (always_) {
    ok = rebuild();
  } else {
    Change change;
    replace_effect(change, layer, attempt);
    ok = replay(change) && renew(change);
  }
  if (ok && (waits || !layer.failing)) {
    drop_parts(before);
    return true;
  }
  // A record refused what the parts made of it, which shows only when it is built: all as it was.
  Value error = ok ? host_.error_of(layer) : host_.take_error();
  for (const Trouble& trouble : troubles_) {
    if (ok && trouble.layer == &layer) error = trouble.error;
  }
  if (ok) model_.own(error);
  drop_parts(layer.parts);
  layer.parts = before;
  if (!rebuild()) tree_.trash(host_.take_error());
  host_.raise(error);
  tree_.trash(error);
  return false;
}

void Log::confirm(Layer& layer) {
  layer.status = LayerStatus::confirmed;
  --pending_;
}

bool Log::commit_all() {
  if (!settle()) return false;
  for (Layer* layer : layers_) {
    if (is_unsettled(layer->status)) confirm(*layer);
  }
  return finish(fold_prefix());
}

bool Log::set_base(Value base) {
  bool same = false;  // data that was fetched again and is the same, is no new data
  if (!draft::equal(model_, base_, base, true, &same)) return false;
  const bool anew = always_ || stale_ || retries_ > 0;
  Change change;
  if (!anew && !same && !note_base(change, base_, base)) return finish(false);
  for (Layer* layer : layers_) {
    if (!anew && layer->status == LayerStatus::confirmed) note_writes(change, *layer);
  }
  if (!same) {
    model_.own(base);
    set_base_value(base);
  }
  std::vector<Layer*> layers;
  layers.swap(layers_);
  for (Layer* layer : layers) {
    if (layer->status == LayerStatus::confirmed) {
      drop_effect(*layer);
      leave(*layer, LayerStatus::superseded);
    } else {
      layers_.push_back(layer);
    }
  }
  note_failing(change);
  return finish(anew ? rebuild() : replay(change) && renew(change));
}

// What could not be applied is tried again over another base, whatever the reason was.
void Log::note_failing(Change& change) {
  for (const Layer* layer : layers_) {
    if (layer->failing) change.todo.insert(layer->seq);
  }
}

bool Log::edit_base(const Parts& parts) {
  if (!settle()) return false;
  Attempt attempt(tree_, host_, folded_);
  if (!attempt.run_on(base_, next_, parts)) {
    Value error = attempt.take_error();
    host_.raise(error);
    tree_.trash(error);
    return finish(false);
  }
  Value now = attempt.take_shown();
  Change change;
  if (!always_ && !note_base(change, base_, now)) {
    tree_.trash(now);
    return finish(false);
  }
  set_base_value(now);
  note_failing(change);
  return finish(always_ ? rebuild() : replay(change) && renew(change));
}

// The oldest layers, as far as they are confirmed, become part of the base.
bool Log::fold_prefix() {
  if (retries_ > 0) return true;  // what an interrupted one contributes is not known yet
  std::size_t count = 0;
  while (count < layers_.size() && layers_[count]->status == LayerStatus::confirmed) ++count;
  if (count == 0) return true;
  Value base = nullptr;
  if (count == layers_.size()) {
    model_.own(shown_);
    base = shown_;
  } else {
    Marks marks;
    for (std::size_t index = 0; index < count; ++index) {
      for (const Write& write : layers_[index]->writes) {
        if (write.append) {
          marks.add_grown(*write.slot);
        } else {
          marks.add(*write.slot);
        }
      }
    }
    model_.own(base_);
    base = base_;
    if (!marks.is_empty()) {
      model_.release(base_);
      Composer composer(tree_, model_, folded_);
      base = composer.fold(base_, marks, layers_[count - 1]->seq + 1);
      if (base == nullptr) {  // a record refuses: they stay in the log, where they do no harm
        tree_.trash(host_.take_error());
        return true;
      }
    }
  }
  set_base_value(base);
  folded_ = layers_[count - 1]->seq;
  for (std::size_t index = 0; index < count; ++index) {
    drop_effect(*layers_[index]);
    leave(*layers_[index], LayerStatus::folded);
  }
  layers_.erase(layers_.begin(), layers_.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

// Has a pending layer put the item at this position behind the list?
bool Log::is_appended_at(Slot& slot, std::size_t index) {
  if (slot.appends.empty()) return false;
  const Version* assigned = slot.latest(0, kNow);
  std::size_t start = length_below(slot, kNow);
  for (const Version& version : slot.appends) {
    if (assigned != nullptr && version.seq < assigned->seq) continue;
    if (index < start) return false;
    start += model_.size(version.value);
    if (index >= start) continue;
    const Layer* layer = at(version.seq);
    return layer != nullptr && is_unsettled(layer->status);
  }
  return false;
}

int Log::is_pending_at(const std::vector<Value>& path) {
  if (!settle()) return -1;
  std::vector<Slot*> slots{&tree_.root()};
  for (Value key : path) {
    std::vector<Slot*> below;
    for (Slot* slot : slots) {
      bool failed = false;
      Slot* named = tree_.find(*slot, key, &failed);
      if (failed) return -1;
      if (named != nullptr) below.push_back(named);
      std::size_t index = 0;
      if (!model_.position(key, false, &index)) continue;
      if (is_appended_at(*slot, index)) return 1;
      Slot* placed = Tree::find(*slot, Tree::position(index));
      if (placed != nullptr) below.push_back(placed);
    }
    slots.swap(below);
  }
  while (!slots.empty()) {
    const Slot* slot = slots.back();
    slots.pop_back();
    for (const std::vector<Version>* versions : {&slot->versions, &slot->appends}) {
      for (const Version& version : *versions) {
        const Layer* layer = at(version.seq);
        if (layer != nullptr && is_unsettled(layer->status)) return 1;
      }
    }
    if (slot->below == 0) continue;
    for (const auto& [id, one] : slot->slots) slots.push_back(one);
  }
  return 0;
}

}  // namespace halflife::optimistic
