// Replay: which layers have to run again because of a change, and running them. Oldest first, so
// that each sees what the ones before it have become.
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

void Log::note(Change& change, const Write& write, Seq seq) {
  if (write.append) {
    note_appended(change, *write.slot, seq);
  } else {
    note_assigned(change, *write.slot, seq);
  }
}

void Log::Change::add(const Readers& readers, Seq seq, Seq last) {
  for (auto at = readers.upper_bound(seq); at != readers.end() && *at <= last; ++at) {
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
      if (!composer.lookup(value, *path[next], &found)) swallow();
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
  const auto next = slot.versions.upper_bound(seq);
  const Seq last = next != slot.versions.end() ? next->first : kNow;
  const auto add = [&](const Readers& readers) { change.add(readers, seq, last); };
  add(slot.readers);
  if (slot.parent == nullptr) {
    for (auto at = layers_.upper_bound(seq); at != layers_.end() && at->first <= last; ++at) {
      change.todo.insert(at->first);
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

// A write equal to the layer's previous one keeps the previous object, and is no change.
void Log::compare(Change& change, Layer& layer, const std::vector<Write>& before) {
  std::unordered_map<const Slot*, const Write*> old;
  for (const Write& write : before) old.emplace(write.slot, &write);
  for (Write& write : layer.writes) {
    const auto known = old.find(write.slot);
    if (known == old.end() || known->second->append != write.append) {
      keep_shown(write);
      note(change, write, layer.seq);
      continue;
    }
    const Write& was = *known->second;
    old.erase(known);
    const bool born_so = was.birth == write.birth;
    if (write.value != nullptr && was.value != nullptr && write.value != was.value) {
      bool same = false;
      if (!draft::equal(model_, was.value, write.value, true, &same)) {
        swallow();
      } else if (same) {
        model_.own(was.value);
        tree_.trash(std::exchange(write.value, was.value));
      }
    }
    if (write.value != was.value) keep_shown(write);
    if (write.value != was.value || !born_so) note(change, write, layer.seq);
  }
  for (const Write& write : before) {  // what it does not write any more
    if (old.contains(write.slot)) note(change, write, layer.seq);
  }
}

// What is shown at the place of a slot; null: nothing.
Value Log::shown_at(const Slot& slot) {
  std::vector<const Slot*> path;
  for (const Slot* at = &slot; at->parent != nullptr; at = at->parent) path.push_back(at);
  Composer composer(tree_, model_, folded_);
  Value value = shown_;
  for (std::size_t next = path.size(); next-- > 0 && value != nullptr;) {
    Value found = nullptr;
    if (!composer.lookup(value, *path[next], &found)) swallow();
    value = found;
  }
  return value;
}

// A container that equals the one that is shown in its place is no change there: it is that one.
bool Log::keep_shown(Write& write) {
  if (write.value == nullptr || write.append || !draft::has_parts(model_.kind(write.value))) {
    return false;
  }
  Value shown = shown_at(*write.slot);
  if (shown == nullptr || shown == write.value) return false;
  bool same = false;
  if (!draft::equal(model_, shown, write.value, true, &same)) swallow();
  if (!same) return false;
  model_.own(shown);
  tree_.trash(std::exchange(write.value, shown));
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
  Attempt attempt(tree_, host_, folded_);
  if (attempt.run_at(base_, layer.seq, layer.parts)) {
    mend(layer);
  } else {
    fail(layer, attempt.take_error());
  }
  if (interrupt_ == nullptr) replace_effect(change, layer, attempt);
}

void Log::replace_effect(Change& change, Layer& layer, Attempt& attempt) {
  for (const Write& write : layer.writes) change.marks.remember(*write.slot);
  for (const Write& write : attempt.writes()) change.marks.remember(*write.slot);
  tree_.remove(layer);
  Undo undo{Undo::What::ran, &layer};
  model_.own(layer.token);
  undo.reads.swap(layer.reads);
  undo.writes.swap(layer.writes);
  layer.reads.swap(attempt.reads());
  layer.writes.swap(attempt.writes());
  compare(change, layer, undo.writes);
  journal_.note(std::move(undo));
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
    swallow();
    return interrupt_ == nullptr && rebuild();
  }
  show(now);
  return true;
}

// All layers again, from the base, each on what those before it have made.
bool Log::rebuild() {
  Value now = base_;
  model_.own(now);
  for (const auto& [seq, layer] : layers_) {
    tree_.remove(*layer);
    Undo undo{Undo::What::ran, layer};
    model_.own(layer->token);
    undo.reads.swap(layer->reads);
    undo.writes.swap(layer->writes);
    journal_.note(std::move(undo));
  }
  for (const auto& [seq, layer] : layers_) {
    Attempt attempt(tree_, host_, folded_);
    if (attempt.run_on(now, layer->seq, layer->parts)) {
      mend(*layer);
      tree_.trash(std::exchange(now, attempt.take_shown()));
    } else {
      fail(*layer, attempt.take_error());
      if (interrupt_ != nullptr) break;
    }
    take_effect(*layer, attempt);
  }
  Value shown =
      interrupt_ == nullptr ? draft::share(model_, shown_, now, draft::Leaves::same) : nullptr;
  tree_.trash(now);
  if (shown == nullptr) return false;
  show(shown);
  return true;
}

}  // namespace halflife::optimistic
