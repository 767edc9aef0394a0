// Part of class Scope: deepening, which brings a draft's base up to date at every depth if a Source
// made it up to date on its first level only. Needed before the contents are used as they are:
// compared, shown, moved, or when list positions change.
#include <utility>

#include "scope.hpp"

namespace halflife::draft {

bool Scope::read_deep(Draft& draft) {
  if (draft.read_deep) return true;
  draft.read_deep = true;
  return deepen(draft);
}

// A nested draft comes after its parent in drafts_, so a backward walk meets nested drafts first.
bool Scope::deepen(Draft& draft) {
  std::vector<Draft*> below{&draft};
  for (std::size_t next = 0; next < below.size(); ++next) {
    Draft& at = *below[next];
    if (at.rows != nullptr) {
      for (const auto& [index, child] : *at.rows) below.push_back(child);
    }
    if (at.children == nullptr) continue;
    std::size_t cursor = 0;
    Value key = nullptr;
    Value face = nullptr;
    while (model_.next(at.children, &cursor, &key, &face)) {
      below.push_back(model_.draft_of(face));
    }
  }
  for (std::size_t next = below.size(); next-- > 0;) {
    if (below[next]->place != nullptr && !deepen_one(*below[next])) return false;
  }
  return true;
}

bool Scope::deepen_one(Draft& draft) {
  Value full = source_->deep(draft);
  if (full == nullptr) return false;
  bool ok = true;
  // Existing nested drafts are kept, because the user may hold them.
  const auto keep = [&](Value key, std::size_t index, const Draft& child) {
    Value before = nullptr;
    Value now = nullptr;
    if (is_positional(draft.kind)) {
      if (child.inserted) return true;  // inserted by the recipe
      now = model_.item(full, index);
      return now == child.base || model_.put_item(full, index, child.base);
    }
    if (!model_.find(full, key, &now)) return false;
    if (draft.assigned != nullptr && !model_.find(draft.assigned, key, &before)) return false;
    return now == nullptr || before != nullptr || now == child.base ||
           model_.put(full, key, child.base);
  };
  if (draft.kind == Kind::list && draft.rows != nullptr) {
    for (const auto& [index, child] : *draft.rows) ok = ok && keep(nullptr, index, *child);
  }
  if (draft.kind == Kind::map && draft.children != nullptr) {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value face = nullptr;
    while (ok && model_.next(draft.children, &cursor, &key, &face)) {
      ok = keep(key, 0, *model_.draft_of(face));
    }
  }
  if (ok && draft.scratch != nullptr) ok = deepen_scratch(draft, full);
  if (!ok) {
    model_.release(full);
    return false;
  }
  draft.place = nullptr;
  model_.release(std::exchange(draft.base, full));
  return true;
}

// Replaces the scratch's entries that are still those of the old base by up-to-date ones.
bool Scope::deepen_scratch(Draft& draft, Value full) {
  if (draft.kind == Kind::set) return true;
  if (draft.kind == Kind::list) {
    const std::size_t count = model_.size(full);
    for (std::size_t index = 0; index < count; ++index) {
      Value held = model_.item(draft.scratch, index);
      Value now = model_.item(full, index);
      if (held == now || is_written(draft, index)) continue;
      if (!model_.put_item(draft.scratch, index, now)) return false;
    }
    return true;
  }
  std::size_t cursor = 0;
  Value key = nullptr;
  Value now = nullptr;
  while (model_.next(full, &cursor, &key, &now)) {
    Value held = nullptr;
    Value assigned = nullptr;
    if (!model_.find(draft.scratch, key, &held)) return false;
    if (draft.assigned != nullptr && !model_.find(draft.assigned, key, &assigned)) return false;
    if (held == nullptr || held == now || assigned != nullptr) continue;
    if (!model_.put(draft.scratch, key, now)) return false;
  }
  return true;
}

}  // namespace halflife::draft
