// Part of class Log: replay, which finds the layers that a change invalidates and runs them again.
// Oldest first, so that each layer sees the new results of the older ones.
#include <utility>

#include "../draft/equality.hpp"
#include "log.hpp"

namespace halflife::optimistic {

Log::Change Log::begin_change() const {
  Change change;
  if (always_) {
    for (const auto& [seq, layer] : layers_) change.todo.insert(seq);
  }
  return change;
}

void Log::invalidate(Change& change, const Write& write, Seq seq) {
  if (write.append) {
    invalidate_appended(change, *write.slot, seq);
  } else {
    invalidate_assigned(change, *write.slot, seq);
  }
}

void Log::Change::add(const Readers& readers, Seq seq, Seq last) {
  for (auto at = readers.upper_bound(seq); at != readers.end() && *at <= last; ++at) {
    todo.insert(*at);
  }
}

// The items appended to a list changed. This invalidates the layers that read the list's length,
// everything in it or an appended item, but not those that read or edited other items.
void Log::invalidate_appended(Change& change, Slot& slot, Seq seq) {
  change.slots.add_appended(slot);
  change.add(slot.structure_readers, seq, kNow);
  for (const Slot* above = &slot; above != nullptr; above = above->parent) {
    change.add(above->subtree_readers, seq, kNow);
  }
  const std::size_t length = length_before_appends(slot, seq);
  for (const auto& [id, item] : slot.slots) {
    if (item->key == nullptr && item->index < length) continue;
    change.add(item->value_readers, seq, kNow);
  }
}

// The list's length without appended items. 0 if unknown, so that readers of all items are
// invalidated.
std::size_t Log::length_before_appends(Slot& slot, Seq before) {
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
      if (!composer.lookup(value, *path[next], &found)) discard_pending_error();
      value = found;
    }
    if (value == nullptr) return 0;
  }
  return model_.kind(value) == draft::Kind::list ? model_.size(value) : 0;
}

// The value that layer `seq` wrote to the slot changed. Its readers run again, up to and including
// the next layer that wrote to the slot. Newer readers see that layer's write, and run again only
// if it changes.
void Log::invalidate_assigned(Change& change, Slot& slot, Seq seq) {
  change.slots.add(slot);
  const auto next = slot.versions.upper_bound(seq);
  const Seq last = next != slot.versions.end() ? next->first : kNow;
  const auto add = [&](const Readers& readers) { change.add(readers, seq, last); };
  add(slot.value_readers);
  if (slot.parent == nullptr) {
    for (auto at = layers_.upper_bound(seq); at != layers_.end() && at->first <= last; ++at) {
      change.todo.insert(at->first);
    }
  } else {
    add(slot.parent->structure_readers);
  }
  for (const Slot* above = &slot; above != nullptr; above = above->parent)
    add(above->subtree_readers);
}

void Log::invalidate_writes(Change& change, const Layer& layer) {
  for (const Write& write : layer.writes) {
    change.slots.remember(*write.slot, folded_);
    invalidate(change, write, layer.seq);
  }
}

// Invalidates the layer's writes that differ from those of its previous run. A write equal to the
// layer's previous write keeps the previous object.
void Log::compare(Change& change, Layer& layer, const std::vector<Write>& before) {
  std::unordered_map<const Slot*, const Write*> old;
  for (const Write& write : before) old.emplace(write.slot, &write);
  for (Write& write : layer.writes) {
    const auto known = old.find(write.slot);
    if (known == old.end() || known->second->append != write.append) {
      keep_visible(write);
      invalidate(change, write, layer.seq);
      continue;
    }
    const Write& was = *known->second;
    old.erase(known);
    const bool same_insertion = was.insertion == write.insertion;
    if (write.value != nullptr && was.value != nullptr && write.value != was.value) {
      bool same = false;
      if (!draft::equal(model_, was.value, write.value, true, &same)) {
        discard_pending_error();
      } else if (same) {
        model_.own(was.value);
        tree_.release_later(std::exchange(write.value, was.value));
      }
    }
    if (write.value != was.value) keep_visible(write);
    if (write.value != was.value || !same_insertion) invalidate(change, write, layer.seq);
  }
  for (const Write& write : before) {  // slots that the layer no longer writes
    if (old.contains(write.slot)) invalidate(change, write, layer.seq);
  }
}

// The visible value at the slot's path; null: none.
Value Log::visible_at(const Slot& slot) {
  std::vector<const Slot*> path;
  for (const Slot* at = &slot; at->parent != nullptr; at = at->parent) path.push_back(at);
  Composer composer(tree_, model_, folded_);
  Value value = visible_;
  for (std::size_t next = path.size(); next-- > 0 && value != nullptr;) {
    Value found = nullptr;
    if (!composer.lookup(value, *path[next], &found)) discard_pending_error();
    value = found;
  }
  return value;
}

// If the written container equals the visible one at the same path, keeps the visible object, so
// that subscribers see no change.
bool Log::keep_visible(Write& write) {
  if (write.value == nullptr || write.append || !draft::has_parts(model_.kind(write.value))) {
    return false;
  }
  Value visible = visible_at(*write.slot);
  if (visible == nullptr || visible == write.value) return false;
  bool same = false;
  if (!draft::equal(model_, visible, write.value, true, &same)) discard_pending_error();
  if (!same) return false;
  model_.own(visible);
  tree_.release_later(std::exchange(write.value, visible));
  return true;
}

bool Log::replay(Change& change) {
  while (!change.todo.empty() && interrupt_ == nullptr) {
    const Seq seq = *change.todo.begin();
    change.todo.erase(change.todo.begin());
    Layer* layer = at(seq);
    if (layer != nullptr) replay_one(change, *layer);
  }
  return interrupt_ == nullptr;
}

void Log::replay_one(Change& change, Layer& layer) {
  LayerRun run(tree_, host_, folded_);
  if (run.run_at(base_, layer.seq, layer.body)) {
    clear_failing(layer);
  } else {
    set_failing(layer, run.take_error());
  }
  if (interrupt_ == nullptr) replace_writes(change, layer, run);
}

void Log::replace_writes(Change& change, Layer& layer, LayerRun& run) {
  for (const Write& write : layer.writes) change.slots.remember(*write.slot, folded_);
  for (const Write& write : run.writes()) change.slots.remember(*write.slot, folded_);
  tree_.remove(layer);
  Undo undo{Undo::Kind::ran, &layer};
  model_.own(layer.token);
  undo.reads.swap(layer.reads);
  undo.writes.swap(layer.writes);
  layer.reads.swap(run.reads());
  layer.writes.swap(run.writes());
  compare(change, layer, undo.writes);
  journal_.record(std::move(undo));
  tree_.add(layer);
}

// --- the visible value

bool Log::update_visible(const Change& change) {
  if (layers_.empty() || host_.is_absent(base_)) {
    model_.own(base_);
    set_visible(base_);
    return true;
  }
  if (change.slots.is_empty()) return true;
  Composer composer(tree_, model_, folded_);
  Value visible = change.keeps_visible ? visible_ : nullptr;
  Value now = composer.compose_visible(base_, visible, change.slots);
  if (now == nullptr) {  // a record refuses its fields: find the layer that causes it
    discard_pending_error();
    return interrupt_ == nullptr && fold_all(change.keeps_visible);
  }
  set_visible(now);
  return true;
}

// Runs all layers again, from the base, each on the result of the older ones.
bool Log::fold_all(bool keeps_visible) {
  Value now = base_;
  model_.own(now);
  for (const auto& [seq, layer] : layers_) {
    tree_.remove(*layer);
    Undo undo{Undo::Kind::ran, layer};
    model_.own(layer->token);
    undo.reads.swap(layer->reads);
    undo.writes.swap(layer->writes);
    journal_.record(std::move(undo));
  }
  for (const auto& [seq, layer] : layers_) {
    LayerRun run(tree_, host_, folded_);
    if (run.run_on(now, layer->seq, layer->body)) {
      clear_failing(*layer);
      tree_.release_later(std::exchange(now, run.take_visible()));
    } else {
      set_failing(*layer, run.take_error());
      if (interrupt_ != nullptr) break;
    }
    record_writes(*layer, run);
  }
  Value visible = interrupt_ == nullptr ? now : nullptr;
  if (visible != nullptr && keeps_visible) {
    visible = draft::share(model_, visible_, now, draft::Leaves::same);
  } else if (visible != nullptr) {
    model_.own(visible);
  }
  tree_.release_later(now);
  if (visible == nullptr) return false;
  set_visible(visible);
  return true;
}

}  // namespace halflife::optimistic
