// Part of class LayerRun: its footprint, the reads and writes that its drafts recorded, as slots of
// the tree. A draft that is no longer where it was found (the recipe inserted it elsewhere, or the
// positions of its list moved) needs no slot: the container that holds it was read or written as a
// whole.
#include <algorithm>
#include <utility>

#include "../draft/equality.hpp"
#include "layer_run.hpp"

namespace halflife::optimistic {

using draft::Draft;
using draft::Finalizer;
using draft::Kind;
using draft::Scope;

// --- reads

bool LayerRun::read_one(const Draft& draft, Slot& slot) {
  if (draft.touched != nullptr) {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value value = nullptr;
    while (model_.next(draft.touched, &cursor, &key, &value)) {
      Slot* below = tree_.slot(slot, key);
      if (below == nullptr) return false;
      reads_.push_back({below, ReadKind::value});
    }
  }
  for (const std::size_t index : draft.touched_rows) {
    reads_.push_back({tree_.slot(slot, index), ReadKind::value});
  }
  if (draft.read_structure) reads_.push_back({&slot, ReadKind::structure});
  if (draft.read_subtree) reads_.push_back({&slot, ReadKind::subtree});
  return true;
}

bool LayerRun::read_all(const Scope& scope) {
  // The slots of drafts that are where they were found. A parent's draft is older than its
  // children's.
  std::unordered_map<const Draft*, Slot*> slots;
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

void LayerRun::write(Slot& slot, Value value, InsertionOrder insertion, Moves moves) {
  if (value != nullptr) model_.own(value);
  writes_.push_back({&slot, value, insertion, false, std::move(moves)});
}

bool LayerRun::descend(const DraftAtSlot& at, Draft& child, std::vector<DraftAtSlot>& todo) {
  if (!child.dirty) return true;
  Slot* slot =
      child.key != nullptr ? tree_.slot(*at.slot, child.key) : tree_.slot(*at.slot, child.index);
  if (slot == nullptr) return false;
  const Version* version = slot->latest(at.after, before_);
  todo.push_back({&child, slot, version != nullptr ? version->seq : at.after});
  return true;
}

// The recipe assigned the object that it found in the slot. If nothing in the object changes, the
// next run assigns the same object, so this is recorded as a read of the subtree, not as a write.
void LayerRun::read_kept(Slot& slot, Value value) {
  if (model_.kind(value) != Kind::leaf) reads_.push_back({&slot, ReadKind::subtree});
}

// Has a layer written below the value that the draft's base holds at the key?
bool LayerRun::is_outdated(const DraftAtSlot& at, Value key, bool* outdated) {
  *outdated = false;
  if (at.draft->partial_base == nullptr) return true;
  bool failed = false;
  const Slot* slot = tree_.find(*at.slot, key, &failed);
  *outdated = slot != nullptr && !slot->is_plain();
  return !failed;
}

// The key's spelling if it differs from the slot's, else null.
bool LayerRun::spelling_of(const Slot& slot, Value key, Value* spelling) {
  *spelling = nullptr;
  bool same = key == slot.key;
  if (!same && !draft::equal(model_, key, slot.key, true, &same)) return false;
  if (!same) *spelling = host_.spelling(key);
  return same || *spelling != nullptr;
}

// Do the keys of a map that were erased and set again have the same spelling as before?
bool LayerRun::same_spellings(const Draft& draft, bool* same) {
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

bool LayerRun::write_keys(const DraftAtSlot& at, Finalizer& finalizer,
                          std::vector<DraftAtSlot>& todo) {
  Draft& draft = *at.draft;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value member = nullptr;
  // Keys that were erased and set again keep their positions if all keys still have their order.
  bool in_order = true;
  if (draft.erased != nullptr && draft.kind == Kind::map &&
      (!finalizer.same_order(draft, &in_order) || !same_spellings(draft, &in_order))) {
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
        if (!finalizer.final_entry(draft, key, &now)) return false;
        if (draft.erased != nullptr && !model_.find(draft.erased, key, &erased)) return false;
        bool same = now != nullptr && before != nullptr && model_.same(now, before);
        if (same && now == before) {
          bool outdated = false;
          if (!is_outdated(at, key, &outdated)) return false;
          same = !outdated;
        }
        if (erased != nullptr && in_order && now != nullptr) {
          // Whether the key keeps its position depends on the other keys of the map.
          reads_.push_back({at.slot, ReadKind::structure});
          erased = nullptr;
        }
        if (erased == nullptr && (now == nullptr ? before == nullptr : same)) {
          if (now == nullptr) continue;
          Slot* kept = tree_.slot(*at.slot, key);
          if (kept == nullptr) return false;
          read_kept(*kept, now);
          continue;
        }
      }
      Slot* slot = tree_.slot(*at.slot, key);
      if (slot == nullptr) return false;
      if (now == nullptr && before == nullptr) continue;
      InsertionOrder insertion{};
      if (now != nullptr && (before == nullptr || erased != nullptr)) {
        insertion = {seq_, next_order_++, nullptr};
        Value held = draft.kind == Kind::map ? model_.key_in(draft.contents(), key) : slot->key;
        if (!spelling_of(*slot, held, &insertion.spelling)) return false;
      } else if (const Version* version = slot->latest(at.after, before_); version != nullptr) {
        insertion = version->insertion;
      }
      write(*slot, now, insertion, moves_of_value(draft, key, now, finalizer));
    }
  }
  if (draft.children == nullptr) return true;
  cursor = 0;
  while (model_.next(draft.children, &cursor, &key, &member)) {
    Value assigned = nullptr;
    if (draft.assigned != nullptr && !model_.find(draft.assigned, key, &assigned)) return false;
    if (assigned == nullptr && !descend(at, *model_.draft_of(member), todo)) return false;
  }
  return true;
}

bool LayerRun::write_items(const DraftAtSlot& at, Finalizer& finalizer,
                           std::vector<DraftAtSlot>& todo) {
  Draft& draft = *at.draft;
  if (draft.structural) {
    Value now = nullptr;
    if (!finalizer.finalize(draft.face, &now)) return false;
    if (now == draft.base) return true;
    // The list's own slot is assigned; the list's key keeps its position in the parent.
    const Version* version = at.slot->latest(0, before_);
    const bool current = version != nullptr && version->seq == at.after;
    write(*at.slot, now, current ? version->insertion : InsertionOrder{},
          moves_of_list(draft, now, finalizer));
    return true;
  }
  std::sort(draft.written.begin(), draft.written.end());
  draft.written.erase(std::unique(draft.written.begin(), draft.written.end()), draft.written.end());
  for (const std::size_t index : draft.written) {
    if (index >= model_.size(draft.base)) break;
    Value now = nullptr;
    Value before = model_.item(draft.base, index);
    if (!finalizer.final_item(draft, index, &now)) return false;
    Slot& slot = *tree_.slot(*at.slot, index);
    if (now == before ? draft.partial_base != nullptr && !slot.is_plain()
                      : !model_.same(now, before)) {
      write(slot, now, {});
    } else {
      read_kept(slot, now);
    }
  }
  if (!write_appended(at, finalizer)) return false;
  if (draft.rows == nullptr) return true;
  for (const auto& [index, child] : *draft.rows) {
    if (!child->inserted && !descend(at, *child, todo)) return false;
  }
  return true;
}

// Records the appended items in their final form, because later edits of them are part of this
// write.
bool LayerRun::write_appended(const DraftAtSlot& at, Finalizer& finalizer) {
  Draft& draft = *at.draft;
  const std::size_t count = model_.size(draft.contents());
  const std::size_t old_count = model_.size(draft.base);
  if (count == old_count) return true;
  Value items = model_.make_list();
  if (items == nullptr) return false;
  writes_.push_back({at.slot, items, {}, true});
  for (std::size_t index = old_count; index < count; ++index) {
    Value now = nullptr;
    if (!finalizer.final_item(draft, index, &now)) return false;
    if (!model_.insert_item(items, index - old_count, now)) return false;
  }
  return true;
}

bool LayerRun::write_all(Draft& root, Finalizer& finalizer) {
  if (!root.dirty) return true;
  const Version* version = tree_.root().latest(0, before_);
  std::vector<DraftAtSlot> todo{{&root, &tree_.root(), version != nullptr ? version->seq : 0}};
  while (!todo.empty()) {
    const DraftAtSlot at = todo.back();
    todo.pop_back();
    const bool ok = draft::is_positional(at.draft->kind) ? write_items(at, finalizer, todo)
                                                         : write_keys(at, finalizer, todo);
    if (!ok) return false;
  }
  return true;
}

}  // namespace halflife::optimistic
