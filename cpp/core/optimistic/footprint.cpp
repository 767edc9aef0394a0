// The footprint of an attempt: what its drafts noted, as slots of the tree. Drafts that are not
// where they were found in the value before (put in by the recipe, or in a list whose positions
// have moved) need no slots of their own: what holds them was read deep, or written, as a whole.
#include <algorithm>
#include <utility>

#include "../draft/equality.hpp"
#include "attempt.hpp"

namespace halflife::optimistic {

using draft::Draft;
using draft::Kind;
using draft::Resolver;
using draft::Scope;

// --- reads

bool Attempt::read_one(const Draft& draft, Slot& slot) {
  if (draft.touched != nullptr) {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value value = nullptr;
    while (model_.next(draft.touched, &cursor, &key, &value)) {
      Slot* below = tree_.slot(slot, key);
      if (below == nullptr) return false;
      reads_.push_back({below, How::slot});
    }
  }
  for (const std::size_t index : draft.touched_rows) {
    reads_.push_back({tree_.slot(slot, index), How::slot});
  }
  if (draft.read_whole) reads_.push_back({&slot, How::whole});
  if (draft.read_deep) reads_.push_back({&slot, How::deep});
  return true;
}

bool Attempt::read_all(const Scope& scope) {
  std::unordered_map<const Draft*, Slot*> slots;  // of drafts at home; made before what is in them
  for (const Draft* draft : scope.drafts()) {
    Slot* slot = nullptr;
    if (draft->parent == nullptr) {
      slot = &tree_.root();
    } else if (!draft->inserted && !draft->parent->structural) {
      const auto parent = slots.find(draft->parent);
      if (parent == slots.end()) continue;
      slot = draft->key != nullptr ? tree_.slot(*parent->second, draft->key)
                                   : tree_.slot(*parent->second, draft->index);
      if (slot == nullptr) return false;
    } else {
      continue;
    }
    slots.emplace(draft, slot);
    if (!read_one(*draft, *slot)) return false;
  }
  return true;
}

// --- writes

void Attempt::write(Slot& slot, Value value, Birth birth, Moves moves) {
  if (value != nullptr) model_.own(value);
  writes_.push_back({&slot, value, birth, false, std::move(moves)});
}

bool Attempt::descend(const Spot& spot, Draft& child, std::vector<Spot>& todo) {
  if (!child.dirty) return true;
  Slot* slot = child.key != nullptr ? tree_.slot(*spot.slot, child.key)
                                    : tree_.slot(*spot.slot, child.index);
  if (slot == nullptr) return false;
  const Version* version = slot->latest(spot.after, before_);
  todo.push_back({&child, slot, version != nullptr ? version->seq : spot.after});
  return true;
}

// What the recipe has put in a slot is the very object that it found there. That is no edit as long
// as nothing in it changes, for the recipe puts in that object again.
void Attempt::note_kept(Slot& slot, Value value) {
  if (model_.kind(value) != Kind::leaf) reads_.push_back({&slot, How::deep});
}

// Was the value that a draft has at the key edited further down since it was put there?
bool Attempt::is_outdated(const Spot& spot, Value key, bool* outdated) {
  *outdated = false;
  if (spot.draft->place == nullptr) return true;
  bool failed = false;
  const Slot* slot = tree_.find(*spot.slot, key, &failed);
  *outdated = slot != nullptr && !slot->is_plain();
  return !failed;
}

// How a key is spelled, if not as the slot spells it.
bool Attempt::spell(const Slot& slot, Value key, Value* spelling) {
  *spelling = nullptr;
  bool same = key == slot.key;
  if (!same && !draft::equal(model_, key, slot.key, true, &same)) return false;
  if (!same) *spelling = host_.spelling(key);
  return same || *spelling != nullptr;
}

// Are the keys of a map that were erased and set again spelled as they were?
bool Attempt::same_spellings(const Draft& draft, bool* same) {
  std::size_t cursor = 0;
  Value key = nullptr;
  Value member = nullptr;
  Value now = nullptr;
  while (*same && model_.next(draft.erased, &cursor, &key, &member)) {
    if (!model_.find(draft.contents(), key, &now)) return false;
    if (now == nullptr) continue;
    Value before = model_.key_in(draft.base, key);
    Value after = model_.key_in(draft.contents(), key);
    if (before != after && !draft::equal(model_, before, after, true, same)) return false;
  }
  return true;
}

bool Attempt::write_keys(const Spot& spot, Resolver& resolver, std::vector<Spot>& todo) {
  Draft& draft = *spot.draft;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value member = nullptr;
  // Keys that were erased and set again stand where they stood, if nothing else came behind them.
  bool in_order = true;
  if (draft.erased != nullptr && draft.kind == Kind::map &&
      (!resolver.same_order(draft, &in_order) || !same_spellings(draft, &in_order))) {
    return false;
  }
  if (draft.assigned != nullptr) {
    while (model_.next(draft.assigned, &cursor, &key, &member)) {
      Value before = nullptr;
      Value now = nullptr;
      Value erased = nullptr;
      if (!model_.find(draft.base, key, &before)) return false;
      if (draft.kind == Kind::set) {
        if (!model_.find(draft.scratch, key, &now)) return false;
        if (now == before || (now != nullptr && before != nullptr && model_.same(now, before))) {
          continue;
        }
      } else {
        if (!resolver.at(draft, key, &now)) return false;
        if (draft.erased != nullptr && !model_.find(draft.erased, key, &erased)) return false;
        bool same = now != nullptr && before != nullptr && model_.same(now, before);
        if (same && now == before) {
          bool outdated = false;
          if (!is_outdated(spot, key, &outdated)) return false;
          same = !outdated;
        }
        if (erased != nullptr && in_order && now != nullptr) {
          // That it stands where it stood depends on which keys there are.
          reads_.push_back({spot.slot, How::whole});
          erased = nullptr;
        }
        if (erased == nullptr && (now == nullptr ? before == nullptr : same)) {
          if (now == nullptr) continue;
          Slot* kept = tree_.slot(*spot.slot, key);
          if (kept == nullptr) return false;
          note_kept(*kept, now);
          continue;
        }
      }
      Slot* slot = tree_.slot(*spot.slot, key);
      if (slot == nullptr) return false;
      if (now == nullptr && before == nullptr) continue;
      Birth birth{};
      if (now != nullptr && (before == nullptr || erased != nullptr)) {
        birth = {seq_, born_++, nullptr};
        Value held = draft.kind == Kind::map ? model_.key_in(draft.contents(), key) : slot->key;
        if (!spell(*slot, held, &birth.spelling)) return false;
      } else if (const Version* version = slot->latest(spot.after, before_); version != nullptr) {
        birth = version->birth;
      }
      write(*slot, now, birth, moves_of_value(draft, key, now, resolver));
    }
  }
  if (draft.children == nullptr) return true;
  cursor = 0;
  while (model_.next(draft.children, &cursor, &key, &member)) {
    Value assigned = nullptr;
    if (draft.assigned != nullptr && !model_.find(draft.assigned, key, &assigned)) return false;
    if (assigned == nullptr && !descend(spot, *model_.draft_of(member), todo)) return false;
  }
  return true;
}

bool Attempt::write_items(const Spot& spot, Resolver& resolver, std::vector<Spot>& todo) {
  Draft& draft = *spot.draft;
  if (draft.structural) {
    Value now = nullptr;
    if (!resolver.resolve(draft.face, &now)) return false;
    if (now == draft.base) return true;
    // The list's own slot is assigned; its key stays where it stands among its parent's.
    const Version* version = spot.slot->latest(0, before_);
    const bool current = version != nullptr && version->seq == spot.after;
    write(*spot.slot, now, current ? version->birth : Birth{}, moves_of_list(draft, now, resolver));
    return true;
  }
  std::sort(draft.written.begin(), draft.written.end());
  draft.written.erase(std::unique(draft.written.begin(), draft.written.end()), draft.written.end());
  for (const std::size_t index : draft.written) {
    if (index >= model_.size(draft.base)) break;
    Value now = nullptr;
    Value before = model_.item(draft.base, index);
    if (!resolver.at_item(draft, index, &now)) return false;
    Slot& slot = *tree_.slot(*spot.slot, index);
    if (now == before ? draft.place != nullptr && !slot.is_plain() : !model_.same(now, before)) {
      write(slot, now, {});
    } else {
      note_kept(slot, now);
    }
  }
  if (!write_appended(spot, resolver)) return false;
  if (draft.rows == nullptr) return true;
  for (const auto& [index, child] : *draft.rows) {
    if (!child->inserted && !descend(spot, *child, todo)) return false;
  }
  return true;
}

// What was put behind the list, which may be edited further: it is the layer's own.
bool Attempt::write_appended(const Spot& spot, Resolver& resolver) {
  Draft& draft = *spot.draft;
  const std::size_t count = model_.size(draft.contents());
  const std::size_t old_count = model_.size(draft.base);
  if (count == old_count) return true;
  Value items = model_.make_list();
  if (items == nullptr) return false;
  writes_.push_back({spot.slot, items, {}, true});
  for (std::size_t index = old_count; index < count; ++index) {
    Value now = nullptr;
    if (!resolver.at_item(draft, index, &now)) return false;
    if (!model_.insert_item(items, index - old_count, now)) return false;
  }
  return true;
}

bool Attempt::write_all(Draft& root, Resolver& resolver) {
  if (!root.dirty) return true;
  const Version* version = tree_.root().latest(0, before_);
  std::vector<Spot> todo{{&root, &tree_.root(), version != nullptr ? version->seq : 0}};
  while (!todo.empty()) {
    const Spot spot = todo.back();
    todo.pop_back();
    const bool ok = draft::is_positional(spot.draft->kind) ? write_items(spot, resolver, todo)
                                                           : write_keys(spot, resolver, todo);
    if (!ok) return false;
  }
  return true;
}

}  // namespace halflife::optimistic
