#include "refresh_bases.hpp"

#include <utility>
#include <vector>

namespace halflife::draft {

namespace {

// Replaces the scratch's entries that are still those of the old base by up-to-date ones.
bool refresh_scratch(Model& model, Draft& draft, Value full) {
  if (draft.kind == Kind::set) return true;
  if (draft.kind == Kind::list) {
    const std::size_t count = model.size(full);
    for (std::size_t index = 0; index < count; ++index) {
      Value held = model.item(draft.scratch, index);
      Value now = model.item(full, index);
      if (held == now || is_written(draft, index)) continue;
      if (!model.put_item(draft.scratch, index, now)) return false;
    }
    return true;
  }
  std::size_t cursor = 0;
  Value key = nullptr;
  Value now = nullptr;
  while (model.next(full, &cursor, &key, &now)) {
    Value held = nullptr;
    Value assigned = nullptr;
    if (!model.find(draft.scratch, key, &held)) return false;
    if (draft.assigned != nullptr && !model.find(draft.assigned, key, &assigned)) return false;
    if (held == nullptr || held == now || assigned != nullptr) continue;
    if (!model.put(draft.scratch, key, now)) return false;
  }
  return true;
}

bool refresh_one(Model& model, BaseProvider& provider, Draft& draft) {
  Value full = provider.full_base(draft);
  if (full == nullptr) return false;
  bool ok = true;
  // Existing nested drafts are kept, because the user may hold them.
  const auto keep = [&](Value key, std::size_t index, const Draft& child) {
    Value before = nullptr;
    Value now = nullptr;
    if (is_positional(draft.kind)) {
      if (child.inserted) return true;
      now = model.item(full, index);
      return now == child.base || model.put_item(full, index, child.base);
    }
    if (!model.find(full, key, &now)) return false;
    if (draft.assigned != nullptr && !model.find(draft.assigned, key, &before)) return false;
    return now == nullptr || before != nullptr || now == child.base ||
           model.put(full, key, child.base);
  };
  if (draft.kind == Kind::list && draft.rows != nullptr) {
    for (const auto& [index, child] : *draft.rows) ok = ok && keep(nullptr, index, *child);
  }
  if (draft.kind == Kind::map && draft.children != nullptr) {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value face = nullptr;
    while (ok && model.next(draft.children, &cursor, &key, &face)) {
      ok = keep(key, 0, *model.draft_of(face));
    }
  }
  if (ok && draft.scratch != nullptr) ok = refresh_scratch(model, draft, full);
  if (!ok) {
    model.release(full);
    return false;
  }
  draft.partial_base = nullptr;
  model.release(std::exchange(draft.base, full));
  return true;
}

}  // namespace

// `below` has each draft after its parent, so the backward walk refreshes nested drafts first.
bool refresh_bases(Model& model, BaseProvider& provider, Draft& draft) {
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
    while (model.next(at.children, &cursor, &key, &face)) {
      below.push_back(model.draft_of(face));
    }
  }
  for (std::size_t next = below.size(); next-- > 0;) {
    Draft& at = *below[next];
    if (at.partial_base != nullptr && !refresh_one(model, provider, at)) return false;
  }
  return true;
}

}  // namespace halflife::draft
