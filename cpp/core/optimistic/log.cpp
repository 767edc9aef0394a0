#include "log.hpp"

#include <utility>

namespace halflife::optimistic {

Log::Log(Host& host, Value base, bool always)
    : host_(host), model_(host.model()), tree_(host), base_(base), shown_(base), always_(always) {
  model_.own(base_);
  model_.own(shown_);
}

void Log::close() {
  std::vector<Undo> notes;
  journal_.close(&notes);
  drop(notes);
  std::map<Seq, Layer*> layers;
  layers.swap(layers_);
  for (const auto& [seq, layer] : layers) {
    drop_writes(layer->writes);
    layer->reads.clear();
    drop_parts(layer->parts);  // Its status stays what it was: nobody has settled it.
    tree_.trash(layer->token);
  }
  pending_ = 0;
  drop_edits(base_edits_);
  tree_.clear();
  for (const Trouble& trouble : troubles_) tree_.trash(trouble.error);
  troubles_.clear();
  for (Value* value : {&base_, &shown_, &interrupt_}) {
    if (*value != nullptr) tree_.trash(std::exchange(*value, nullptr));
  }
  tree_.empty_trash();
}

Layer* Log::at(Seq seq) const {
  const auto found = layers_.find(seq);
  return found != layers_.end() ? found->second : nullptr;
}

void Log::drop_parts(Parts& parts) {
  for (Value value : {parts.recipe, parts.then, parts.whole}) {
    if (value != nullptr) tree_.trash(value);
  }
  parts = {};
}

void Log::own_parts(const Parts& parts) {
  for (Value value : {parts.recipe, parts.then, parts.whole}) {
    if (value != nullptr) model_.own(value);
  }
}

void Log::drop_edits(std::vector<BaseEdit>& edits) {
  for (BaseEdit& edit : edits) {
    drop_parts(edit.parts);
    tree_.trash(edit.before);
  }
  edits.clear();
}

void Log::drop_writes(std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (write.value != nullptr) tree_.trash(write.value);
  }
  writes.clear();
}

// --- operations

bool Log::apply(Layer& layer, bool confirmed, Value* context) {
  Value returned = nullptr;
  const bool ok = operate([&] {
    if (!fold_prefix()) return false;
    layer.seq = next_;
    Attempt attempt(tree_, host_, folded_);
    if (!attempt.run_on(shown_, layer.seq, layer.parts)) return raise(attempt.take_error());
    ++next_;
    layer.status = confirmed ? LayerStatus::confirmed : LayerStatus::pending;
    enter(layer);
    returned = attempt.take_returned();
    bool kept = false;
    for (Write& write : attempt.writes()) kept = keep_shown(write) || kept;
    if (kept) {
      Change change;  // not what the recipe has made, but what is equal to it
      replace_effect(change, layer, attempt);
      if (!renew(change)) return false;
    } else {
      take_effect(layer, attempt);
      show(attempt.take_shown());
    }
    return fold_prefix();
  });
  if (ok) {
    *context = returned;
  } else if (returned != nullptr) {
    model_.release(returned);
  }
  return ok;
}

bool Log::rollback(Layer& layer) {
  return operate([&] { return fold_prefix() && refold({&layer}) && fold_prefix(); });
}

bool Log::rollback_all() {
  return operate([&] {
    if (!fold_prefix()) return false;
    std::vector<Layer*> dropped;
    for (const auto& [seq, layer] : layers_) {
      if (is_unsettled(layer->status)) dropped.push_back(layer);
    }
    return refold(dropped) && fold_prefix();
  });
}

// What is shown without these layers.
bool Log::refold(const std::vector<Layer*>& dropped) {
  Change change = begin_change();
  for (const Layer* layer : dropped) note_writes(change, *layer);
  for (Layer* layer : dropped) leave(*layer, LayerStatus::rolled_back);
  return replay(change) && renew(change);
}

bool Log::commit(Layer& layer, Value server, Value then, bool returns) {
  return operate([&] {
    if (!fold_prefix()) return false;
    if (server != nullptr || then != nullptr) {
      Parts parts = layer.parts;
      if (server != nullptr) parts = {server, nullptr, nullptr, returns};
      parts.then = then;
      if (!try_commit(layer, parts)) return false;
    }
    confirm(layer);
    return fold_prefix();
  });
}

bool Log::try_commit(Layer& layer, const Parts& parts) {
  // Does `then` follow a recipe that is in conflict? It is applied when that can be applied.
  const bool waits = layer.failing && parts.recipe == layer.parts.recipe;
  Attempt attempt(tree_, host_, folded_);
  const bool ran = attempt.run_at(base_, layer.seq, parts);
  if (!ran) {
    Value error = attempt.take_error();
    if (!waits || attempt.raised_in_then() || host_.is_interrupt(error)) return raise(error);
    tree_.trash(error);
  }
  note_change(layer);
  own_parts(parts);
  drop_parts(layer.parts);
  layer.parts = parts;
  if (!ran) return true;
  mend(layer);
  Change change = begin_change();
  replace_effect(change, layer, attempt);
  if (!replay(change) || !renew(change)) return false;
  if (waits || !layer.failing) return true;
  // A record refused what the parts made of it, which shows only when it is built.
  for (const Trouble& trouble : troubles_) {
    if (trouble.layer != &layer) continue;
    model_.own(trouble.error);
    return raise(trouble.error);
  }
  return true;
}

bool Log::commit_all() {
  return operate([&] {
    for (const auto& [seq, layer] : layers_) {
      if (is_unsettled(layer->status)) confirm(*layer);
    }
    return fold_prefix();
  });
}

// The oldest layers, as far as they are confirmed, become part of the base.
bool Log::fold_prefix() {
  if (interrupt_ != nullptr) return false;
  std::vector<Layer*> folding;
  for (const auto& [seq, layer] : layers_) {
    if (layer->status != LayerStatus::confirmed) break;
    folding.push_back(layer);
  }
  if (folding.empty()) return true;
  // An edit of the base stays below the first layer that it did not find confirmed.
  std::vector<BaseEdit> fixed;
  while (!base_edits_.empty() && !found_waiting(base_edits_.front(), *folding.front())) {
    fixed.push_back(std::move(base_edits_.front()));
    base_edits_.erase(base_edits_.begin());
  }
  drop_edits(fixed);
  if (!base_edits_.empty()) return fold_with_edits(folding);
  Value base = nullptr;
  if (folding.size() == layers_.size()) {
    model_.own(shown_);
    base = shown_;
  } else {
    Marks marks;
    for (const Layer* layer : folding) {
      for (const Write& write : layer->writes) {
        if (write.append) {
          marks.add_grown(*write.slot);
        } else {
          marks.add(*write.slot);
        }
      }
    }
    if (marks.is_empty()) {
      model_.own(base_);
      base = base_;
    } else {
      Composer composer(tree_, model_, folded_);
      base = composer.fold(base_, shown_, marks, folding.back()->seq + 1);
      if (base == nullptr) {  // a record refuses: they stay in the log, where they do no harm
        swallow();
        return interrupt_ == nullptr;
      }
    }
  }
  set_base_value(base);
  folded_ = folding.back()->seq;
  for (Layer* layer : folding) leave(*layer, LayerStatus::folded);
  return true;
}

}  // namespace halflife::optimistic
