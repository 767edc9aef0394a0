// Part of class Log: is_pending_at(), which tells whether a pending layer edits a path. A layer's
// list positions are those of the list that it found, so a position in the visible list is followed
// back through the layers' moves.
#include "../draft/equality.hpp"
#include "../draft/patch/list_match.hpp"
#include "log.hpp"

namespace halflife::optimistic {

using draft::Kind;

bool Log::is_pending_layer(Seq seq) const {
  const Layer* layer = at(seq);
  return layer != nullptr && is_pending(layer->status);
}

// Has a pending layer with after < seq < before written to the slot or below it?
bool Log::is_pending_below(const Slot& slot, Seq after, Seq before) const {
  std::vector<const Slot*> left{&slot};
  while (!left.empty()) {
    const Slot* each = left.back();
    left.pop_back();
    for (const Versions* versions : {&each->versions, &each->appends}) {
      for (auto at = versions->upper_bound(after); at != versions->end() && at->first < before;
           ++at) {
        if (is_pending_layer(at->first)) return true;
      }
    }
    if (each->versions_below == 0) continue;
    for (const auto& [id, below] : each->slots) left.push_back(below);
  }
  return false;
}

// The container's entry at one key of a path, or null.
bool Log::entry_of(Value container, Value key, Value* found) {
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

// Does the container that a layer assigned differ, at the rest of the path, from the one that the
// layer found? For a list, the path goes through the item at `now`, which was at `then` in the list
// found.
bool Log::version_differs(Slot& slot, const Version& version, const std::vector<Value>& path,
                          std::size_t next, std::size_t now, std::size_t then, bool* result) {
  *result = true;
  Value under = nullptr;
  Seq after = 0;
  if (!assigned_value(slot, version.seq, &under, &after)) return false;
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
      tree_.release_later(before);
      return true;
    }
    one = model_.item(one, then);
    other = model_.item(other, now);
    ++next;
  }
  for (; ok && one != nullptr && other != nullptr && next < path.size(); ++next) {
    ok = entry_of(one, path[next], &one) && entry_of(other, path[next], &other);
  }
  bool same = one == other;
  if (ok && one != nullptr && other != nullptr) ok = draft::equal(model_, one, other, true, &same);
  *result = !same;
  tree_.release_later(before);
  return ok;
}

// The value in the slot as layer `before` finds it, without the versions below the slot. `after` is
// the newest layer that assigned the slot or an ancestor.
bool Log::assigned_value(const Slot& slot, Seq before, Value* found, Seq* after) {
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

// Follows an item of a list from its visible position back to the layer that inserted it.
int Log::is_pending_item(const PathSearch& search, const std::vector<Value>& path,
                         std::size_t index, std::vector<PathSearch>& todo) {
  Slot& slot = *search.slot;
  Seq before = search.before;
  while (true) {
    const Version* version = slot.latest(search.after, before);
    const Seq since = version != nullptr ? version->seq : search.after;
    if (Slot* item = Tree::find(slot, Tree::position(index)); item != nullptr) {
      todo.push_back({item, since, before, search.next + 1});
    }
    Value under = nullptr;
    Seq after = 0;
    if (!assigned_value(slot, before, &under, &after)) return -1;
    if (under == nullptr || model_.kind(under) != Kind::list) return 0;
    std::size_t start = model_.size(under);
    if (index >= start) {
      for (auto at = slot.appends.upper_bound(since);
           at != slot.appends.end() && at->first < before; ++at) {
        start += model_.size(at->second.value);
        if (index < start) return is_pending_layer(at->first) ? 1 : 0;
      }
      return 0;
    }
    if (version == nullptr) return 0;
    const std::size_t from = version->moves != nullptr && index < version->moves->size()
                                 ? (*version->moves)[index]
                                 : draft::kNone;
    if (is_pending_layer(version->seq)) {
      bool differs = from == draft::kNone;
      if (!differs && !version_differs(slot, *version, path, search.next, index, from, &differs))
        return -1;
      if (differs) return 1;
    }
    if (from == draft::kNone) return 0;
    index = from;
    before = version->seq;
  }
}

int Log::is_pending_at(const std::vector<Value>& path) {
  // Nobody knows yet what the waiting layers will write. They concern the value as a whole.
  if (host_.is_absent(base_)) return path.empty() && pending_ > 0 ? 1 : 0;
  std::vector<PathSearch> todo{{&tree_.root(), 0, kNow, 0}};
  while (!todo.empty()) {
    const PathSearch search = todo.back();
    todo.pop_back();
    Slot& slot = *search.slot;
    if (search.next == path.size()) {
      if (is_pending_below(slot, search.after, search.before)) return 1;
      continue;
    }
    Value key = path[search.next];
    std::size_t index = 0;
    Value under = nullptr;
    Seq after = 0;
    if (!assigned_value(slot, search.before, &under, &after)) return -1;
    if (under != nullptr && model_.kind(under) == Kind::list) {
      if (!model_.position(key, false, &index) || index == draft::kEnd) continue;
      const int pending = is_pending_item(search, path, index, todo);
      if (pending != 0) return pending;
      continue;
    }
    // A layer that assigned a whole container edits the path only if the container differs there.
    for (auto at = slot.versions.upper_bound(search.after);
         at != slot.versions.end() && at->first < search.before; ++at) {
      if (!is_pending_layer(at->first)) continue;
      bool differs = false;
      if (!version_differs(slot, at->second, path, search.next, draft::kNone, 0, &differs))
        return -1;
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
    if (below != nullptr) todo.push_back({below, search.after, search.before, search.next + 1});
  }
  return 0;
}

}  // namespace halflife::optimistic
