// What is pending, and where. Positions of lists are followed back, from what is shown to what each
// layer has found: an item that an older layer has edited, or put in, is known by where it stood
// then.
#include "../draft/equality.hpp"
#include "../draft/patch/list_match.hpp"
#include "log.hpp"

namespace halflife::optimistic {

using draft::Kind;

bool Log::is_pending(Seq seq) const {
  const Layer* layer = at(seq);
  return layer != nullptr && is_unsettled(layer->status);
}

// Has a pending layer between the two written to the slot, or below it?
bool Log::is_pending_below(const Slot& slot, Seq after, Seq before) const {
  std::vector<const Slot*> left{&slot};
  while (!left.empty()) {
    const Slot* each = left.back();
    left.pop_back();
    for (const Versions* versions : {&each->versions, &each->appends}) {
      for (auto at = versions->upper_bound(after); at != versions->end() && at->first < before;
           ++at) {
        if (is_pending(at->first)) return true;
      }
    }
    if (each->below == 0) continue;
    for (const auto& [id, below] : each->slots) left.push_back(below);
  }
  return false;
}

// What a container holds at a part of a path, or null.
bool Log::part_of(Value container, Value key, Value* found) {
  *found = nullptr;
  const Kind kind = model_.kind(container);
  if (kind != Kind::list && kind != Kind::fixed) {
    return !draft::is_draftable(kind) || model_.find(container, key, found);
  }
  std::size_t index = 0;
  if (model_.position(key, false, &index) && index < model_.size(container)) {
    *found = model_.item(container, index);
  }
  return true;
}

// Does the version of a container differ, at the rest of a path, from what its layer has found?
// `now` and `then`: the positions of the item that the path goes through, of a list.
bool Log::wrote(Slot& slot, const Version& version, const std::vector<Value>& path,
                std::size_t next, std::size_t now, std::size_t then, bool* result) {
  *result = true;
  Value under = nullptr;
  Seq after = 0;
  if (!found_under(slot, version.seq, &under, &after)) return false;
  if (under == nullptr || version.value == nullptr || !draft::has_parts(model_.kind(under))) {
    return true;
  }
  Composer composer(tree_, model_, folded_);
  Value before = composer.compose(slot, under, after, version.seq, false);
  if (before == nullptr) return false;
  Value one = before;
  Value other = version.value;
  bool ok = true;
  if (now != draft::kNone) {
    if (model_.kind(one) != Kind::list || then >= model_.size(one)) {
      tree_.trash(before);
      return true;
    }
    one = model_.item(one, then);
    other = model_.item(other, now);
    ++next;
  }
  for (; ok && one != nullptr && other != nullptr && next < path.size(); ++next) {
    ok = part_of(one, path[next], &one) && part_of(other, path[next], &other);
  }
  bool same = one == other;
  if (ok && one != nullptr && other != nullptr) ok = draft::equal(model_, one, other, true, &same);
  *result = !same;
  tree_.trash(before);
  return ok;
}

// What stands in the slot for a layer, without the versions below it, and since when.
bool Log::found_under(const Slot& slot, Seq before, Value* found, Seq* after) {
  std::vector<const Slot*> path;
  for (const Slot* at = &slot; at != nullptr; at = at->parent) path.push_back(at);
  Composer composer(tree_, model_, folded_);
  *found = base_;
  *after = 0;
  for (std::size_t next = path.size(); next-- > 0 && *found != nullptr;) {
    const Version* version = path[next]->latest(*after, before);
    if (version != nullptr) {
      *found = version->value;
      *after = version->seq;
    }
    if (next == 0) break;
    if (*found == nullptr) return true;
    if (!composer.lookup(*found, *path[next - 1], found)) return false;
  }
  return true;
}

// An item of a list, from what is shown back to the layer that has put it in.
int Log::is_pending_item(const Spot& spot, const std::vector<Value>& path, std::size_t index,
                         std::vector<Spot>& todo) {
  Slot& slot = *spot.slot;
  Seq before = spot.before;
  while (true) {
    const Version* version = slot.latest(spot.after, before);
    const Seq since = version != nullptr ? version->seq : spot.after;
    if (Slot* item = Tree::find(slot, Tree::position(index)); item != nullptr) {
      todo.push_back({item, since, before, spot.next + 1});
    }
    Value under = nullptr;
    Seq after = 0;
    if (!found_under(slot, before, &under, &after)) return -1;
    if (under == nullptr || model_.kind(under) != Kind::list) return 0;
    std::size_t start = model_.size(under);
    if (index >= start) {
      for (auto at = slot.appends.upper_bound(since);
           at != slot.appends.end() && at->first < before; ++at) {
        start += model_.size(at->second.value);
        if (index < start) return is_pending(at->first) ? 1 : 0;
      }
      return 0;
    }
    if (version == nullptr) return 0;
    const std::size_t from = version->moves != nullptr && index < version->moves->size()
                                 ? (*version->moves)[index]
                                 : draft::kNone;
    if (is_pending(version->seq)) {
      bool differs = from == draft::kNone;
      if (!differs && !wrote(slot, *version, path, spot.next, index, from, &differs)) return -1;
      if (differs) return 1;
    }
    if (from == draft::kNone) return 0;
    index = from;
    before = version->seq;
  }
}

int Log::is_pending_at(const std::vector<Value>& path) {
  std::vector<Spot> todo{{&tree_.root(), 0, kNow, 0}};
  while (!todo.empty()) {
    const Spot spot = todo.back();
    todo.pop_back();
    Slot& slot = *spot.slot;
    if (spot.next == path.size()) {
      if (is_pending_below(slot, spot.after, spot.before)) return 1;
      continue;
    }
    Value key = path[spot.next];
    std::size_t index = 0;
    Value under = nullptr;
    Seq after = 0;
    if (!found_under(slot, spot.before, &under, &after)) return -1;
    if (under != nullptr && model_.kind(under) == Kind::list) {
      if (!model_.position(key, false, &index) || index == draft::kEnd) continue;
      const int pending = is_pending_item(spot, path, index, todo);
      if (pending != 0) return pending;
      continue;
    }
    // Another container in its place: what is in it is edited where it differs.
    for (auto at = slot.versions.upper_bound(spot.after);
         at != slot.versions.end() && at->first < spot.before; ++at) {
      if (!is_pending(at->first)) continue;
      bool differs = false;
      if (!wrote(slot, at->second, path, spot.next, draft::kNone, 0, &differs)) return -1;
      if (differs) return 1;
    }
    Slot* below = nullptr;
    if (under != nullptr && model_.kind(under) == Kind::fixed) {
      if (model_.position(key, false, &index)) below = Tree::find(slot, Tree::position(index));
    } else {
      bool failed = false;
      below = tree_.find(slot, key, &failed);
      if (failed) return -1;
    }
    if (below != nullptr) todo.push_back({below, spot.after, spot.before, spot.next + 1});
  }
  return 0;
}

}  // namespace halflife::optimistic
