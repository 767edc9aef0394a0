// An operation on the log: its steps note what they change, so that one that fails, or is
// interrupted, is undone, and so that a host can come back to what it has saved.
#include <algorithm>
#include <utility>

#include "log.hpp"

namespace halflife::optimistic {

// Another error than that of the operation itself: a key's hash, or a record that refuses. It costs
// no more than what could not be made of it; but an interrupt ends the operation.
void Log::swallow() {
  Value error = host_.take_error();
  if (interrupt_ == nullptr && host_.is_interrupt(error)) {
    interrupt_ = error;
  } else {
    tree_.trash(error);
  }
}

// Takes the reference; the error is that of the operation, which fails.
bool Log::raise(Value error) {
  host_.raise(error);
  tree_.trash(error);
  return false;
}

Journal::Mark Log::begin() {
  operating_ = true;
  const Journal::Mark start = journal_.mark();
  model_.own(base_);
  model_.own(shown_);
  Undo before{Undo::What::values};
  before.base = base_;
  before.shown = shown_;
  before.folded = folded_;
  before.pending = pending_;
  before.state = state_;
  before.edits = copied(base_edits_);
  journal_.note(std::move(before));
  return start;
}

bool Log::end(Journal::Mark start, bool ok) {
  if (interrupt_ != nullptr) ok = raise(std::exchange(interrupt_, nullptr));
  if (ok) {
    state_ = ++last_state_;
  } else {
    undo(start);
  }
  tell(ok);
  release(start);
  operating_ = false;
  tidy();
  return ok;
}

void Log::tidy() {
  // Notes mean slots: while there are any, slots stay.
  if (!journal_.is_open()) {
    if (layers_.empty()) {
      tree_.clear();
      host_.forget_keys();
    } else {
      tree_.prune();
    }
  }
  tree_.empty_trash();
}

// Tells of the layers that are in conflict now and were not before, oldest first, each with its
// last error.
void Log::tell(bool ok) {
  std::vector<Trouble> troubles;
  troubles.swap(troubles_);
  std::stable_sort(troubles.begin(), troubles.end(), [](const Trouble& one, const Trouble& other) {
    return one.layer->seq < other.layer->seq;
  });
  for (std::size_t index = 0; index < troubles.size(); ++index) {
    const auto [layer, error] = troubles[index];
    const bool is_last = index + 1 == troubles.size() || troubles[index + 1].layer != layer;
    // One that works again by now was in trouble only on the way.
    if (ok && is_last && layer->failing) {
      host_.conflicted(*layer, error, failed_before_[layer]);
    }
    tree_.trash(error);
  }
  failed_before_.clear();
}

// --- coming back

void Log::restore(Journal::Mark saved) {
  undo(saved);
  tidy();
}

void Log::release(Journal::Mark saved) {
  std::vector<Undo> notes;
  journal_.release(saved, &notes);
  drop(notes);
  if (!operating_) tidy();
}

void Log::drop(std::vector<Undo>& notes) {
  for (Undo& undo : notes) {
    drop_parts(undo.parts);
    drop_writes(undo.writes);
    drop_edits(undo.edits);
    for (Value value : {undo.error, undo.base, undo.shown}) {
      if (value != nullptr) tree_.trash(value);
    }
    if (undo.layer != nullptr) tree_.trash(undo.layer->token);
  }
  notes.clear();
}

void Log::undo(Journal::Mark mark) {
  Undo undo{Undo::What::values};
  while (journal_.take_back(mark, &undo)) undo_one(undo);
}

void Log::undo_one(Undo& undo) {
  Layer* layer = undo.layer;
  std::vector<Undo> rest;  // what it holds that is needed no more
  switch (undo.what) {
    case Undo::What::values:
      std::swap(base_, undo.base);
      std::swap(shown_, undo.shown);
      base_edits_.swap(undo.edits);
      folded_ = undo.folded;
      pending_ = undo.pending;
      state_ = undo.state;
      break;
    case Undo::What::entered:
      tree_.remove(*layer);
      drop_writes(layer->writes);
      layer->reads.clear();
      drop_parts(layer->parts);
      layers_.erase(layer->seq);
      layer->status = LayerStatus::rolled_back;
      layer->failing = false;
      tree_.trash(layer->token);
      break;
    case Undo::What::left:
      layer->reads.swap(undo.reads);
      layer->writes.swap(undo.writes);
      layers_.emplace(layer->seq, layer);
      model_.own(layer->token);
      tree_.add(*layer);
      [[fallthrough]];
    case Undo::What::changed: {
      std::swap(layer->parts, undo.parts);
      layer->status = undo.status;
      layer->failing = undo.failing;
      Value error = host_.error_of(*layer);
      if (error != nullptr) {
        model_.own(error);
        tree_.trash(error);
      }
      host_.set_error(*layer, undo.error);
      break;
    }
    case Undo::What::ran:
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

// Takes the reference.
void Log::show(Value value) {
  tree_.trash(shown_);
  shown_ = value;
}

void Log::set_base_value(Value value) {
  tree_.trash(base_);
  base_ = value;
}

void Log::enter(Layer& layer) {
  model_.own(layer.token);
  model_.own(layer.token);
  layers_.emplace(layer.seq, &layer);
  pending_ += is_unsettled(layer.status) ? 1 : 0;
  journal_.note({Undo::What::entered, &layer});
}

// Its effect, its parts and its token are the journal's now.
void Log::leave(Layer& layer, LayerStatus status) {
  tree_.remove(layer);
  layers_.erase(layer.seq);
  pending_ -= is_unsettled(layer.status) ? 1 : 0;
  Undo undo{Undo::What::left, &layer};
  undo.parts = std::exchange(layer.parts, {});
  undo.status = std::exchange(layer.status, status);
  undo.failing = layer.failing;  // stays: one that is folded without effect is still told of
  undo.error = host_.error_of(layer);
  if (undo.error != nullptr) model_.own(undo.error);
  undo.reads.swap(layer.reads);
  undo.writes.swap(layer.writes);
  journal_.note(std::move(undo));
}

void Log::note_change(Layer& layer) {
  Undo undo{Undo::What::changed, &layer};
  model_.own(layer.token);
  own_parts(layer.parts);
  undo.parts = layer.parts;
  undo.status = layer.status;
  undo.failing = layer.failing;
  undo.error = host_.error_of(layer);
  if (undo.error != nullptr) model_.own(undo.error);
  journal_.note(std::move(undo));
}

void Log::confirm(Layer& layer) {
  note_change(layer);
  layer.status = LayerStatus::confirmed;
  --pending_;
}

// The layer contributes nothing, and is tried again when what it has read changes. Takes the
// reference to the error.
void Log::fail(Layer& layer, Value error) {
  if (host_.is_interrupt(error)) {
    if (interrupt_ == nullptr) {
      interrupt_ = error;
    } else {
      tree_.trash(error);
    }
    return;
  }
  note_change(layer);
  failed_before_.emplace(&layer, layer.failing);
  troubles_.push_back({&layer, error});
  layer.failing = true;
  if (layer.status == LayerStatus::pending) layer.status = LayerStatus::conflicted;
}

void Log::mend(Layer& layer) {
  if (!layer.failing) return;
  note_change(layer);
  failed_before_.emplace(&layer, true);
  layer.failing = false;
  if (layer.status == LayerStatus::conflicted) layer.status = LayerStatus::pending;
}

void Log::take_effect(Layer& layer, Attempt& attempt) {
  layer.reads.swap(attempt.reads());
  layer.writes.swap(attempt.writes());
  tree_.add(layer);
}

}  // namespace halflife::optimistic
