// Rebase: what follows from another base. The new one is taken as if something older than all
// layers had written what differs: whoever has read that runs again, and nobody else. So a refetch
// costs a walk over both, and no recipe of an edit that it has nothing to do with.
#include "../draft/equality.hpp"
#include "log.hpp"

namespace halflife::optimistic {

using draft::Kind;

namespace {

// Each level compares what is in it all the way down: values that nest deeper than any that people
// make are not looked into, but taken as different, lest the cost grow with the square of the
// depth.
constexpr std::size_t kDeepest = 32;

}  // namespace

// Compares the base as it was with what it will be. Nothing has been changed yet.
bool Log::note_base(Change& change, Value before, Value now) {
  if (before == now) return true;
  std::vector<Difference> todo{{&tree_.root(), before, now, 0}};
  while (!todo.empty()) {
    const Difference each = todo.back();
    todo.pop_back();
    if (each.depth >= kDeepest || !is_level(each)) {
      change.marks.remember(*each.slot);
      note_assigned(change, *each.slot, 0);
    } else if (!note_level(change, each, todo)) {
      return false;
    }
  }
  return true;
}

// Are both containers of one type, to be compared entry by entry?
bool Log::is_level(const Difference& each) {
  if (each.before == nullptr || each.now == nullptr) return false;
  const Kind kind = model_.kind(each.before);
  return draft::is_draftable(kind) && kind == model_.kind(each.now) &&
         model_.same_type(each.before, each.now);
}

bool Log::differs(Value before, Value now, bool* result) {
  *result = before != now;
  if (!*result || before == nullptr || now == nullptr) return true;
  bool same = false;
  if (!draft::equal(model_, before, now, true, &same)) return false;
  *result = !same;
  return true;
}

bool Log::note_level(Change& change, const Difference& level, std::vector<Difference>& todo) {
  Slot& slot = *level.slot;
  change.add(slot.deep, 0, kNow);  // those above have been here before
  if (slot.is_plain()) {           // no layer has written to what is in it: it is shown as it is
    change.marks.remember(slot);
    change.marks.add(slot);
  }
  bool in_step = false;
  const std::size_t found = todo.size();
  if (!find_in_step(level, todo, &in_step)) return false;
  if (in_step) return true;
  // Other keys, another order or another length: it is put together anew, and of what is in it only
  // those places matter that somebody has been to.
  todo.resize(found);
  change.marks.remember(slot);
  change.marks.add(slot);
  change.add(slot.whole, 0, kNow);
  Composer composer(tree_, model_, folded_);
  for (const auto& [id, below] : slot.slots) {
    Difference each{below, nullptr, nullptr, level.depth + 1};
    if (!composer.lookup(level.before, *below, &each.before) ||
        !composer.lookup(level.now, *below, &each.now)) {
      return false;
    }
    bool differ = below->key == nullptr && (each.before == nullptr || each.now == nullptr);
    if (differ) {
      each.now = nullptr;  // behind a list: what was appended stands elsewhere
    } else if (!differs(each.before, each.now, &differ)) {
      return false;
    }
    if (differ) todo.push_back(each);
  }
  return true;
}

// The entries that differ, if both have the same keys in the same order, or the same length.
bool Log::find_in_step(const Difference& level, std::vector<Difference>& todo, bool* in_step) {
  const Kind kind = model_.kind(level.before);
  const std::size_t size = model_.size(level.before);
  *in_step = false;
  if (kind == Kind::set || size != model_.size(level.now)) return true;
  bool differ = false;
  if (kind == Kind::list) {
    for (std::size_t index = 0; index < size; ++index) {
      Value before = model_.item(level.before, index);
      Value now = model_.item(level.now, index);
      if (!differs(before, now, &differ)) return false;
      if (differ) {
        todo.push_back({tree_.slot(*level.slot, index), before, now, level.depth + 1});
      }
    }
    *in_step = true;
    return true;
  }
  std::size_t left = 0;
  std::size_t right = 0;
  Value key = nullptr;
  Value other = nullptr;
  Value before = nullptr;
  Value now = nullptr;
  while (model_.next(level.before, &left, &key, &before)) {
    if (!model_.next(level.now, &right, &other, &now)) return true;
    if (key != other && !model_.same(key, other)) return true;
    if (!differs(before, now, &differ)) return false;
    if (!differ) continue;
    Slot* slot = tree_.slot(*level.slot, key);
    if (slot == nullptr) return false;
    todo.push_back({slot, before, now, level.depth + 1});
  }
  *in_step = true;
  return true;
}

}  // namespace halflife::optimistic
