// Part of class Scope: drafts of tuples. A tuple cannot be edited, but containers in it can, so a
// tuple with containers has a draft that holds theirs. The user never sees this draft, but gets a
// tuple of the nested drafts.
#include <utility>

#include "scope.hpp"

namespace halflife::draft {

bool Scope::opens(Value value) {
  const Kind kind = model_.kind(value);
  if (kind != Kind::fixed) return is_draftable(kind);
  return model_.draft_of(value) != nullptr || opens_fixed(value);
}

// Enters no tuple twice, and remembers the nested tuples that open, so that calls at every level of
// nested tuples take linear time in total.
bool Scope::opens_fixed(Value tuple) {
  struct Level {
    Value tuple;
    std::size_t next;
  };
  if (opening_.contains(tuple)) return true;
  std::unordered_set<Value> met;
  std::vector<Level> path{{tuple, 0}};
  while (!path.empty()) {
    Level& level = path.back();
    if (level.next == model_.size(level.tuple)) {
      path.pop_back();
      continue;
    }
    Value item = model_.item(level.tuple, level.next++);
    const Kind kind = model_.kind(item);
    if (kind == Kind::leaf) continue;
    if (kind == Kind::fixed && !opening_.contains(item)) {
      if (met.insert(item).second) path.push_back({item, 0});
      continue;
    }
    for (std::size_t depth = 1; depth < path.size(); ++depth) {
      if (opening_.insert(path[depth].tuple).second) model_.own(path[depth].tuple);
    }
    return true;
  }
  return false;
}

Draft* Scope::draft_of(Value value) {
  Draft* draft = model_.draft_of(value);
  if (draft != nullptr || given_.empty() || model_.kind(value) != Kind::fixed) return draft;
  const auto known = given_.find(value);
  return known == given_.end() ? nullptr : known->second;
}

bool Scope::give(Draft& fixed, Value* given) {
  struct Level {
    Draft* draft;
    Value items;  // owned
    std::size_t next;
  };
  const bool tracing = std::exchange(tracing_, false);  // these reads are not the recipe's
  std::vector<Level> path;
  const auto enter = [&](Draft& draft) {
    Value items = draft.given == nullptr ? model_.copy(draft.base) : nullptr;
    if (items != nullptr) path.push_back({&draft, items, 0});
    return items != nullptr || draft.given != nullptr;
  };
  bool ok = enter(fixed);
  while (ok && !path.empty()) {
    Level& level = path.back();
    Draft* waits_for = nullptr;
    ok = give_items(*level.draft, level.items, &level.next, &waits_for);
    if (!ok) break;
    if (waits_for != nullptr) {
      ok = enter(*waits_for);
      continue;
    }
    Value made = model_.rebuild(level.draft->base, level.items);
    ok = made != nullptr;
    if (!ok) break;
    level.draft->given = made;
    given_.emplace(made, level.draft);
    model_.release(level.items);
    path.pop_back();
  }
  for (const Level& level : path) model_.release(level.items);
  tracing_ = tracing;
  *given = fixed.given;
  return ok;
}

// Continues at position `next`, and stops at a nested tuple that must be given first.
bool Scope::give_items(Draft& fixed, Value items, std::size_t* next, Draft** waits_for) {
  const std::size_t size = model_.size(fixed.base);
  for (; *next < size; ++*next) {
    Value found = nullptr;
    if (!get_item(fixed, *next, &found)) return false;
    Draft* draft = model_.draft_of(found);
    if (draft != nullptr && draft->kind == Kind::fixed) {
      if (draft->given == nullptr) {
        *waits_for = draft;
        return true;
      }
      found = draft->given;
    }
    if (!model_.put_item(items, *next, found)) return false;
  }
  return true;
}

}  // namespace halflife::draft
