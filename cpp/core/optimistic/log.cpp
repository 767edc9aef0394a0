#include "log.hpp"

#include <utility>

namespace halflife::optimistic {

Log::Log(Host& host, Value base, bool always)
    : host_(host), model_(host.model()), tree_(host), base_(base), visible_(base), always_(always) {
  model_.own(base_);
  model_.own(visible_);
}

void Log::close() {
  std::vector<Undo> undos;
  journal_.close(&undos);
  drop(undos);
  std::map<Seq, Layer*> layers;
  layers.swap(layers_);
  for (const auto& [seq, layer] : layers) {
    drop_writes(layer->writes);
    layer->reads.clear();
    drop_body(layer->body);  // The status stays: the layer was neither confirmed nor rolled back.
    tree_.release_later(layer->token);
  }
  pending_ = 0;
  drop_edits(base_edits_);
  tree_.clear();
  for (const Conflict& conflict : conflicts_) tree_.release_later(conflict.error);
  conflicts_.clear();
  for (Value* value : {&base_, &visible_, &interrupt_}) {
    if (*value != nullptr) tree_.release_later(std::exchange(*value, nullptr));
  }
  tree_.release_deferred();
}

Layer* Log::at(Seq seq) const {
  const auto found = layers_.find(seq);
  return found != layers_.end() ? found->second : nullptr;
}

void Log::drop_body(LayerBody& body) {
  for (Value value : {body.recipe, body.then, body.replacement}) {
    if (value != nullptr) tree_.release_later(value);
  }
  body = {};
}

void Log::own_body(const LayerBody& body) {
  for (Value value : {body.recipe, body.then, body.replacement}) {
    if (value != nullptr) model_.own(value);
  }
}

void Log::drop_edits(std::vector<BaseEdit>& edits) {
  for (BaseEdit& edit : edits) {
    drop_body(edit.body);
    tree_.release_later(edit.before);
  }
  edits.clear();
}

void Log::drop_writes(std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (write.value != nullptr) tree_.release_later(write.value);
  }
  writes.clear();
}

// --- operations

bool Log::apply(Layer& layer, bool confirmed, Value* context) {
  Value returned = nullptr;
  const bool ok = operate([&] {
    if (!fold_prefix()) return false;
    layer.seq = next_;
    if (confirmed && layer.body.replacement != nullptr && host_.is_absent(base_)) {
      ++next_;
      layer.status = LayerStatus::confirmed;
      add_layer(layer);
      Value whole = layer.body.replacement;
      remove_layer(layer, LayerStatus::folded);  // the journal owns the body until the end
      return take_base(whole, true);
    }
    LayerRun run(tree_, host_, folded_);
    if (!run.run_on(visible_, layer.seq, layer.body)) return raise(run.take_error());
    ++next_;
    layer.status = confirmed ? LayerStatus::confirmed : LayerStatus::pending;
    add_layer(layer);
    returned = run.take_returned();
    bool kept = false;
    for (Write& write : run.writes()) kept = keep_visible(write) || kept;
    if (kept) {
      Change change;  // the run's result lacks the kept objects, so compose it from the slots
      replace_writes(change, layer, run);
      if (!update_visible(change)) return false;
    } else {
      record_writes(layer, run);
      set_visible(run.take_visible());
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
  return operate([&] { return fold_prefix() && remove_layers({&layer}) && fold_prefix(); });
}

bool Log::rollback_all() {
  return operate([&] {
    if (!fold_prefix()) return false;
    std::vector<Layer*> dropped;
    for (const auto& [seq, layer] : layers_) {
      if (is_pending(layer->status)) dropped.push_back(layer);
    }
    return remove_layers(dropped) && fold_prefix();
  });
}

// Removes the layers and updates the visible value.
bool Log::remove_layers(const std::vector<Layer*>& dropped) {
  Change change = begin_change();
  for (const Layer* layer : dropped) invalidate_writes(change, *layer);
  for (Layer* layer : dropped) remove_layer(*layer, LayerStatus::rolled_back);
  return replay(change) && update_visible(change);
}

bool Log::commit(Layer& layer, Value server, Value then, bool returns) {
  return operate([&] {
    if (!fold_prefix()) return false;
    if (server != nullptr || then != nullptr) {
      LayerBody body = layer.body;
      if (server != nullptr) body = {server, nullptr, nullptr, returns};
      body.then = then;
      if (!try_commit(layer, body)) return false;
    }
    confirm(layer);
    return fold_prefix();
  });
}

bool Log::try_commit(Layer& layer, const LayerBody& body) {
  // A `then` for a recipe that is in conflict is no error: both run once the recipe can be applied.
  const bool waits = layer.failing && body.recipe == layer.body.recipe;
  LayerRun run(tree_, host_, folded_);
  const bool ran = run.run_at(base_, layer.seq, body);
  if (!ran) {
    Value error = run.take_error();
    if (!waits || run.raised_in_then() || host_.is_interrupt(error)) return raise(error);
    tree_.release_later(error);
  }
  record_change(layer);
  own_body(body);
  drop_body(layer.body);
  layer.body = body;
  if (!ran) return true;
  clear_failing(layer);
  Change change = begin_change();
  replace_writes(change, layer, run);
  if (!replay(change) || !update_visible(change)) return false;
  if (waits || !layer.failing) return true;
  // The body ran, but a record refused its new fields when update_visible() built it.
  for (const Conflict& conflict : conflicts_) {
    if (conflict.layer != &layer) continue;
    model_.own(conflict.error);
    return raise(conflict.error);
  }
  return true;
}

bool Log::commit_all() {
  return operate([&] {
    for (const auto& [seq, layer] : layers_) {
      if (is_pending(layer->status)) confirm(*layer);
    }
    return fold_prefix();
  });
}

// Folds the oldest layers, up to the first that is not confirmed, into the base.
bool Log::fold_prefix() {
  if (interrupt_ != nullptr) return false;
  std::vector<Layer*> folding;
  for (const auto& [seq, layer] : layers_) {
    if (layer->status != LayerStatus::confirmed) break;
    folding.push_back(layer);
  }
  if (folding.empty()) return true;
  // Edits of the base that arrived before the oldest layer was confirmed stay below it. They are
  // part of base_ already and need no record any more.
  std::vector<BaseEdit> fixed;
  while (!base_edits_.empty() && !edit_follows(base_edits_.front(), *folding.front())) {
    fixed.push_back(std::move(base_edits_.front()));
    base_edits_.erase(base_edits_.begin());
  }
  drop_edits(fixed);
  if (!base_edits_.empty()) return fold_with_edits(folding);
  Value base = nullptr;
  if (folding.size() == layers_.size()) {
    model_.own(visible_);
    base = visible_;
  } else {
    ChangedSlots changed;
    for (const Layer* layer : folding) {
      for (const Write& write : layer->writes) {
        if (write.append) {
          changed.add_appended(*write.slot);
        } else {
          changed.add(*write.slot);
        }
      }
    }
    if (changed.is_empty()) {
      model_.own(base_);
      base = base_;
    } else {
      Composer composer(tree_, model_, folded_);
      base = composer.fold(base_, visible_, changed, folding.back()->seq + 1);
      if (base == nullptr) {  // a record refuses the partial fold: the layers stay in the log
        discard_pending_error();
        return interrupt_ == nullptr;
      }
    }
  }
  set_base_value(base);
  folded_ = folding.back()->seq;
  for (Layer* layer : folding) remove_layer(*layer, LayerStatus::folded);
  return true;
}

}  // namespace halflife::optimistic
