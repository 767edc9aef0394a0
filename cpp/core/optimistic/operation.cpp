// Part of class Log: operations, their steps, and undo. Each step records its undo in the journal,
// so that an operation that fails or is interrupted is rolled back, and a host can restore a saved
// state.
#include <algorithm>
#include <utility>

#include "log.hpp"

namespace halflife::optimistic {

// Drops the host's pending error (from a key's hash or a record's constructor) where the operation
// can go on without the value that failed. An interrupt is kept: it ends the operation.
void Log::discard_pending_error() {
  Value error = host_.take_error();
  if (interrupt_ == nullptr && host_.is_interrupt(error)) {
    interrupt_ = error;
  } else {
    tree_.release_later(error);
  }
}

// Raises the error that the operation fails with. Takes the reference.
bool Log::raise(Value error) {
  host_.raise(error);
  tree_.release_later(error);
  return false;
}

Journal::Mark Log::begin() {
  operating_ = true;
  const Journal::Mark start = journal_.mark();
  model_.own(base_);
  model_.own(visible_);
  Undo before{Undo::Kind::values};
  before.base = base_;
  before.visible = visible_;
  before.folded = folded_;
  before.pending = pending_;
  before.state = state_;
  before.edits = copied(base_edits_);
  journal_.record(std::move(before));
  return start;
}

bool Log::end(Journal::Mark start, bool ok) {
  if (interrupt_ != nullptr) ok = raise(std::exchange(interrupt_, nullptr));
  if (ok) {
    state_ = ++last_state_;
  } else {
    undo(start);
  }
  report_conflicts(ok);
  release(start);
  operating_ = false;
  clean_up();
  return ok;
}

void Log::clean_up() {
  // Records in the journal point to slots, so no slot is deleted while the journal is open.
  if (!journal_.is_open()) {
    if (layers_.empty()) {
      tree_.clear();
      host_.forget_keys();
    } else {
      tree_.prune();
    }
  }
  tree_.release_deferred();
}

// Reports the layers that failed in this operation and are still failing, oldest first, each once
// with its last error.
void Log::report_conflicts(bool ok) {
  std::vector<Conflict> conflicts;
  conflicts.swap(conflicts_);
  std::stable_sort(
      conflicts.begin(), conflicts.end(),
      [](const Conflict& one, const Conflict& other) { return one.layer->seq < other.layer->seq; });
  for (std::size_t index = 0; index < conflicts.size(); ++index) {
    const auto [layer, error] = conflicts[index];
    const bool is_last = index + 1 == conflicts.size() || conflicts[index + 1].layer != layer;
    // A layer that works again is not in conflict: it failed on an intermediate state only.
    if (ok && is_last && layer->failing) {
      host_.conflicted(*layer, error, failed_before_[layer]);
    }
    tree_.release_later(error);
  }
  failed_before_.clear();
}

// --- undo

void Log::restore(Journal::Mark saved) {
  undo(saved);
  clean_up();
}

void Log::release(Journal::Mark saved) {
  std::vector<Undo> undos;
  journal_.release(saved, &undos);
  drop(undos);
  if (!operating_) clean_up();
}

void Log::drop(std::vector<Undo>& undos) {
  for (Undo& undo : undos) {
    drop_body(undo.body);
    drop_writes(undo.writes);
    drop_edits(undo.edits);
    for (Value value : {undo.error, undo.base, undo.visible}) {
      if (value != nullptr) tree_.release_later(value);
    }
    if (undo.layer != nullptr) tree_.release_later(undo.layer->token);
  }
  undos.clear();
}

void Log::undo(Journal::Mark mark) {
  Undo undo{Undo::Kind::values};
  while (journal_.pop(mark, &undo)) undo_one(undo);
}

void Log::undo_one(Undo& undo) {
  Layer* layer = undo.layer;
  std::vector<Undo> rest;  // for drop(): holds the state that was undone
  switch (undo.kind) {
    case Undo::Kind::values:
      std::swap(base_, undo.base);
      std::swap(visible_, undo.visible);
      base_edits_.swap(undo.edits);
      folded_ = undo.folded;
      pending_ = undo.pending;
      state_ = undo.state;
      break;
    case Undo::Kind::entered:
      tree_.remove(*layer);
      drop_writes(layer->writes);
      layer->reads.clear();
      drop_body(layer->body);
      layers_.erase(layer->seq);
      layer->status = LayerStatus::rolled_back;
      layer->failing = false;
      tree_.release_later(layer->token);
      break;
    case Undo::Kind::left:
      layer->reads.swap(undo.reads);
      layer->writes.swap(undo.writes);
      layers_.emplace(layer->seq, layer);
      model_.own(layer->token);
      tree_.add(*layer);
      [[fallthrough]];
    case Undo::Kind::changed: {
      std::swap(layer->body, undo.body);
      layer->status = undo.status;
      layer->failing = undo.failing;
      Value error = host_.error_of(*layer);
      if (error != nullptr) {
        model_.own(error);
        tree_.release_later(error);
      }
      host_.set_error(*layer, undo.error);
      break;
    }
    case Undo::Kind::ran:
      tree_.remove(*layer);
      layer->reads.swap(undo.reads);
      layer->writes.swap(undo.writes);
      tree_.add(*layer);
      break;
  }
  rest.push_back(std::move(undo));
  drop(rest);
}

// --- steps

// Takes the reference to the value.
void Log::set_visible(Value value) {
  tree_.release_later(visible_);
  visible_ = value;
}

void Log::set_base_value(Value value) {
  tree_.release_later(base_);
  base_ = value;
}

void Log::add_layer(Layer& layer) {
  model_.own(layer.token);
  model_.own(layer.token);
  layers_.emplace(layer.seq, &layer);
  pending_ += is_pending(layer.status) ? 1 : 0;
  journal_.record({Undo::Kind::entered, &layer});
}

// The layer's reads, writes, body and the reference to its token move to the journal.
void Log::remove_layer(Layer& layer, LayerStatus status) {
  tree_.remove(layer);
  layers_.erase(layer.seq);
  pending_ -= is_pending(layer.status) ? 1 : 0;
  Undo undo{Undo::Kind::left, &layer};
  undo.body = std::exchange(layer.body, {});
  undo.status = std::exchange(layer.status, status);
  undo.failing = layer.failing;  // not cleared: a layer folded while failing is still reported
  undo.error = host_.error_of(layer);
  if (undo.error != nullptr) model_.own(undo.error);
  undo.reads.swap(layer.reads);
  undo.writes.swap(layer.writes);
  journal_.record(std::move(undo));
}

void Log::record_change(Layer& layer) {
  Undo undo{Undo::Kind::changed, &layer};
  model_.own(layer.token);
  own_body(layer.body);
  undo.body = layer.body;
  undo.status = layer.status;
  undo.failing = layer.failing;
  undo.error = host_.error_of(layer);
  if (undo.error != nullptr) model_.own(undo.error);
  journal_.record(std::move(undo));
}

void Log::confirm(Layer& layer) {
  record_change(layer);
  layer.status = LayerStatus::confirmed;
  --pending_;
}

// The layer contributes nothing and runs again when a slot that it read changes. Takes the
// reference to the error.
void Log::set_failing(Layer& layer, Value error) {
  if (host_.is_interrupt(error)) {
    if (interrupt_ == nullptr) {
      interrupt_ = error;
    } else {
      tree_.release_later(error);
    }
    return;
  }
  record_change(layer);
  failed_before_.emplace(&layer, layer.failing);
  conflicts_.push_back({&layer, error});
  layer.failing = true;
  if (layer.status == LayerStatus::pending) layer.status = LayerStatus::conflicted;
}

void Log::clear_failing(Layer& layer) {
  if (!layer.failing) return;
  record_change(layer);
  failed_before_.emplace(&layer, true);
  layer.failing = false;
  if (layer.status == LayerStatus::conflicted) layer.status = LayerStatus::pending;
}

void Log::record_writes(Layer& layer, LayerRun& run) {
  layer.reads.swap(run.reads());
  layer.writes.swap(run.writes());
  tree_.add(layer);
}

}  // namespace halflife::optimistic
