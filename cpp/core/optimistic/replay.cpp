// Replay: which layers have to run again because of a change, and running them. Oldest first, so
// that each sees what the ones before it have become.
#include <algorithm>
#include <utility>

#include "../draft/equality.hpp"
#include "log.hpp"

namespace halflife::optimistic {

void Log::take_effect(Layer& layer, Attempt& attempt) {
  layer.reads.swap(attempt.reads());
  layer.writes.swap(attempt.writes());
  tree_.add(layer);
}

void Log::drop_effect(Layer& layer) {
  tree_.remove(layer);
  for (const Write& write : layer.writes) {
    if (write.value != nullptr) tree_.trash(write.value);
  }
  layer.reads.clear();
  layer.writes.clear();
}

void Log::note(Change& change, const Write& write, Seq seq) {
  if (write.append) {
    note_appended(change, *write.slot, seq);
  } else {
    note_assigned(change, *write.slot, seq);
  }
}

void Log::Change::add(const std::vector<Seq>& readers, Seq seq, Seq last) {
  for (auto at = std::upper_bound(readers.begin(), readers.end(), seq);
       at != readers.end() && *at <= last; ++at) {
    todo.insert(*at);
  }
}

// What stands behind a list is different: a matter for those who have read its length, everything
// in it, or an item at a position behind it, but not for who has read or edited other items.
void Log::note_appended(Change& change, Slot& slot, Seq seq) {
  change.marks.add_grown(slot);
  change.add(slot.whole, seq, kNow);
  for (const Slot* above = &slot; above != nullptr; above = above->parent) {
    change.add(above->deep, seq, kNow);
  }
  const std::size_t length = length_below(slot, seq);
  for (const auto& [id, item] : slot.slots) {
    if (item->key == nullptr && item->index < length) continue;
    change.add(item->readers, seq, kNow);
  }
}

// How long the list was, before anything was appended to it; 0 if in doubt.
std::size_t Log::length_below(Slot& slot, Seq before) {
  std::vector<Slot*> path;
  for (Slot* at = &slot; at != nullptr; at = at->parent) path.push_back(at);
  Composer composer(tree_, model_, folded_);
  Value value = base_;
  Seq after = 0;
  for (std::size_t next = path.size(); next-- > 0;) {
    const Version* version = path[next]->latest(after, before);
    if (version != nullptr) {
      value = version->value;
      after = version->seq;
    } else if (next + 1 < path.size()) {
      Value found = nullptr;
      if (!composer.lookup(value, *path[next], &found)) tree_.trash(host_.take_error());
      value = found;
    }
    if (value == nullptr) return 0;
  }
  return model_.kind(value) == draft::Kind::list ? model_.size(value) : 0;
}

// What layer `seq` wrote to the slot is different now. Whoever read it there runs again; a layer
// that wrote to it in between, too, and those after that one only if what it writes differs.
void Log::note_assigned(Change& change, Slot& slot, Seq seq) {
  change.marks.add(slot);
  Seq last = kNow;
  for (const Version& version : slot.versions) {
    if (version.seq > seq) {
      last = version.seq;
      break;
    }
  }
  const auto add = [&](const std::vector<Seq>& readers) { change.add(readers, seq, last); };
  add(slot.readers);
  if (slot.parent == nullptr) {
    for (const Layer* layer : layers_) {
      if (layer->seq > seq && layer->seq <= last) change.todo.insert(layer->seq);
    }
  } else {
    add(slot.parent->whole);
  }
  for (const Slot* above = &slot; above != nullptr; above = above->parent) add(above->deep);
}

void Log::note_writes(Change& change, const Layer& layer) {
  for (const Write& write : layer.writes) {
    change.marks.remember(*write.slot);
    note(change, write, layer.seq);
  }
}

// Gives up the references of `before`. What the layer writes again as it was, stays what it was.
void Log::compare(Change& change, Layer& layer, std::vector<Write>& before) {
  std::unordered_map<const Slot*, const Write*> old;
  for (const Write& write : before) old.emplace(write.slot, &write);
  for (Write& write : layer.writes) {
    const auto known = old.find(write.slot);
    if (known == old.end() || known->second->append != write.append) {
      note(change, write, layer.seq);
      continue;
    }
    const Write& was = *known->second;
    old.erase(known);
    const bool born_so = was.birth == write.birth;
    if (write.value != nullptr && was.value != nullptr && write.value != was.value) {
      bool same = false;
      if (!draft::equal(model_, was.value, write.value, true, &same)) {
        tree_.trash(host_.take_error());
      } else if (same) {
        model_.own(was.value);
        tree_.trash(std::exchange(write.value, was.value));
      }
    }
    if (write.value != was.value || !born_so) note(change, write, layer.seq);
  }
  for (const Write& write : before) {  // what it does not write any more
    if (old.contains(write.slot)) note(change, write, layer.seq);
  }
  for (const Write& write : before) {
    if (write.value != nullptr) tree_.trash(write.value);
  }
  before.clear();
}

bool Log::replay(Change& change) {
  while (!change.todo.empty()) {
    const Seq seq = *change.todo.begin();
    change.todo.erase(change.todo.begin());
    Layer* layer = at(seq);
    if (layer != nullptr) replay_one(change, *layer);
  }
  return true;
}

void Log::replay_one(Change& change, Layer& layer) {
  Attempt attempt(tree_, host_, folded_);
  const bool ok = attempt.run_at(base_, layer.seq, layer.parts);
  if (ok) {
    mend(layer);
  } else {
    fail(layer, attempt.take_error());
  }
  replace_effect(change, layer, attempt);
}

void Log::replace_effect(Change& change, Layer& layer, Attempt& attempt) {
  for (const Write& write : layer.writes) change.marks.remember(*write.slot);
  for (const Write& write : attempt.writes()) change.marks.remember(*write.slot);
  tree_.remove(layer);
  std::vector<Write> before;
  before.swap(layer.writes);
  layer.reads.clear();
  layer.reads.swap(attempt.reads());
  layer.writes.swap(attempt.writes());
  compare(change, layer, before);
  tree_.add(layer);
}

// --- what is shown

bool Log::renew(const Change& change) {
  if (layers_.empty()) {
    model_.own(base_);
    show(base_);
    return true;
  }
  if (change.marks.is_empty()) return true;
  Composer composer(tree_, model_, folded_);
  Value now = composer.renew(base_, shown_, change.marks);
  if (now == nullptr) {  // a record refuses what was made of it: find out by whom
    tree_.trash(host_.take_error());
    return rebuild();
  }
  show(now);
  return true;
}

// All layers again, from the base.
bool Log::rebuild() {
  stale_ = true;
  for (Layer* layer : layers_) {
    for (const Write& write : layer->writes) {
      if (write.value != nullptr) tree_.trash(write.value);
    }
    layer->reads.clear();
    layer->writes.clear();
  }
  tree_.clear();
  Value now = base_;
  model_.own(now);
  for (Layer* layer : layers_) {
    Attempt attempt(tree_, host_, folded_);
    if (attempt.run_on(now, layer->seq, layer->parts)) {
      mend(*layer);
      // At once: each may be as large as the value itself.
      model_.release(std::exchange(now, attempt.take_shown()));
    } else {
      fail(*layer, attempt.take_error());
    }
    take_effect(*layer, attempt);
  }
  bool same = false;
  if (!layers_.empty() && !draft::equal(model_, shown_, now, true, &same)) {
    tree_.trash(now);
    return false;
  }
  if (same) {
    tree_.trash(now);
  } else {
    show(now);
  }
  stale_ = false;
  return true;
}

bool Log::settle() {
  if (!stale_ && retries_ == 0) return fold_prefix();  // one that a record refused, again
  retries_ = 0;
  return (rebuild() && fold_prefix()) || finish(false);
}

// --- layers that cannot be applied at present

void Log::fail(Layer& layer, Value error) {
  layer.retry = host_.is_interrupt(error);
  if (layer.retry) {
    ++retries_;
    if (interrupt_ == nullptr) {
      interrupt_ = error;
      model_.own(error);
    }
  }
  troubles_.push_back({&layer, error, layer.failing});
  layer.failing = true;
  if (layer.status == LayerStatus::pending) layer.status = LayerStatus::conflicted;
}

void Log::mend(Layer& layer) {
  layer.failing = layer.retry = false;
  if (layer.status == LayerStatus::conflicted) layer.status = LayerStatus::pending;
}

// --- coming back

void Log::save(Saved* saved) {
  for (Layer* layer : layers_) {
    model_.own(layer->token);
    for (Value value : {layer->parts.recipe, layer->parts.then, layer->parts.whole}) {
      if (value != nullptr) model_.own(value);
    }
    Value error = host_.error_of(*layer);
    if (error != nullptr) model_.own(error);
    saved->entries.push_back({layer, layer->parts, layer->status, layer->failing, error});
  }
  model_.own(base_);
  model_.own(shown_);
  saved->base = base_;
  saved->shown = shown_;
}

void Log::restore(const Saved& saved) {
  std::vector<Layer*> layers;
  layers.swap(layers_);
  for (Layer* layer : layers) {
    drop_effect(*layer);
    leave(*layer, LayerStatus::rolled_back);
  }
  pending_ = 0;
  for (const Saved::Entry& entry : saved.entries) {
    Layer& layer = *entry.layer;
    model_.own(layer.token);
    layer.parts = entry.parts;
    for (Value value : {entry.parts.recipe, entry.parts.then, entry.parts.whole}) {
      if (value != nullptr) model_.own(value);
    }
    layer.status = entry.status;
    layer.failing = entry.failing;
    host_.set_error(layer, entry.error);
    layers_.push_back(&layer);
    pending_ += is_unsettled(layer.status) ? 1 : 0;
  }
  model_.own(saved.base);
  set_base_value(saved.base);
  model_.own(saved.shown);
  show(saved.shown);
  tree_.clear();
  folded_ = layers_.empty() ? next_ - 1 : layers_.front()->seq - 1;
  stale_ = !layers_.empty();
  tree_.empty_trash();
}

void Log::release(Saved& saved) {
  for (const Saved::Entry& entry : saved.entries) {
    for (Value value : {entry.parts.recipe, entry.parts.then, entry.parts.whole}) {
      if (value != nullptr) tree_.trash(value);
    }
    if (entry.error != nullptr) tree_.trash(entry.error);
    tree_.trash(entry.layer->token);
  }
  for (Value value : {saved.base, saved.shown}) {
    if (value != nullptr) tree_.trash(value);
  }
  saved = {};
  tree_.empty_trash();
}

}  // namespace halflife::optimistic
