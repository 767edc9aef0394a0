// Part of class Finalizer: builds the plain value of one draft, or of one plain container that
// contains drafts, after everything in it was finalized.
#include <utility>

#include "equality.hpp"
#include "finalizer.hpp"

namespace halflife::draft {

// Gives the finished contents the class of `like`.
bool Finalizer::rebuild_like(Value like, Value made, Value* result) {
  Value rebuilt = model_.rebuild(like, made);
  if (rebuilt == nullptr) return false;
  *result = keep(rebuilt);
  return true;
}

// Owned: the container that the results are written to.
Value Finalizer::take_contents(Draft& draft) {
  if (draft.scratch == nullptr) return model_.copy(draft.base);
  if (draft.kind == Kind::record || !steal_) {
    return model_.copy(draft.scratch);
  }
  model_.own(draft.scratch);
  return draft.scratch;
}

bool Finalizer::finalize_container(Value value, Value* result) {
  Draft* draft = model_.draft_of(value);
  if (draft == nullptr) return finalize_plain(value, result);
  switch (draft->kind) {
    case Kind::map:
    case Kind::record:
      return finalize_map(*draft, result);
    case Kind::list:
    case Kind::fixed:
      return finalize_list(*draft, result);
    default:
      return finalize_set(*draft, result);
  }
}

bool Finalizer::same_order(Draft& draft, bool* same) {
  *same = true;
  std::size_t left = 0;
  std::size_t right = 0;
  Value key = nullptr;
  Value other = nullptr;
  Value value = nullptr;
  while (model_.next(draft.base, &left, &key, &value)) {
    if (!model_.next(draft.scratch, &right, &other, &value)) break;
    if (!equal(model_, key, other, true, same)) return false;
    if (!*same) break;
  }
  return true;
}

bool Finalizer::is_changed_map(Draft& draft, bool* changed) {
  *changed = true;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value value = nullptr;
  Value before = nullptr;
  if (draft.children != nullptr) {
    while (model_.next(draft.children, &cursor, &key, &value)) {
      if (!model_.find(draft.base, key, &before)) return false;
      if (before != final_of(value)) return true;
    }
  }
  if (draft.assigned != nullptr) {
    cursor = 0;
    Value member = nullptr;
    while (model_.next(draft.assigned, &cursor, &key, &member)) {
      if (!entry(draft, key, &value) || !model_.find(draft.base, key, &before)) return false;
      if ((value == nullptr) != (before == nullptr)) return true;
      if (value == nullptr) continue;
      Value now = final_of(value);
      if (now != before && !model_.same(now, before)) return true;
    }
  }
  if (draft.inserted) {
    cursor = 0;
    while (model_.next(draft.contents(), &cursor, &key, &value)) {
      if (final_of(value) != value) return true;
    }
  }
  *changed = false;
  if (draft.erased == nullptr || draft.kind != Kind::map) return true;
  bool same = true;
  if (!same_order(draft, &same)) return false;
  *changed = !same;
  return true;
}

bool Finalizer::fill_map(Draft& draft, Value made) {
  std::size_t cursor = 0;
  Value key = nullptr;
  Value value = nullptr;
  if (draft.children != nullptr) {
    while (model_.next(draft.children, &cursor, &key, &value)) {
      Value now = final_of(value);
      Value held = nullptr;
      if (!model_.find(made, key, &held)) return false;
      if (held != now && !model_.put(made, key, now)) return false;
    }
  }
  const auto fill = [&](Value keys, bool entries) {
    std::size_t at = 0;
    Value member = nullptr;
    while (model_.next(keys, &at, &key, &member)) {
      if (!entry(draft, key, &value)) return false;
      if (value == nullptr) continue;
      Value now = final_of(value);
      if (entries && now == member) continue;
      if (draft.children == nullptr && now == value) continue;  // the entry is already the result
      Value held = nullptr;
      if (!model_.find(made, key, &held)) return false;
      if (held != now && !model_.put(made, key, now)) return false;
    }
    return true;
  };
  // The scratch already holds the final leaves, so only containers and drafts have to be set.
  if (draft.assigned != nullptr && draft.put_containers && !fill(draft.assigned, false))
    return false;
  // Walking the map while writing to it is safe: results replace values of existing keys only.
  return !draft.inserted || fill(draft.contents(), true);
}

bool Finalizer::finalize_map(Draft& draft, Value* result) {
  bool changed = false;
  if (!is_changed_map(draft, &changed)) return false;
  *result = draft.base;
  if (!changed) return true;
  Value made = take_contents(draft);
  if (made == nullptr) return false;
  keep(made);
  return fill_map(draft, made) && rebuild_like(draft.base, made, result);
}

bool Finalizer::finalize_list(Draft& draft, Value* result) {
  *result = draft.base;
  const std::size_t count = model_.size(draft.contents());
  bool changed = count != model_.size(draft.base);
  const auto differs = [&](std::size_t index, Value held) {
    Value now = final_of(held);
    Value before = model_.item(draft.base, index);
    return now != before && !model_.same(now, before);
  };
  const bool all_positions = draft.structural || draft.inserted;
  const bool alone = draft.structural && is_alone(draft);
  if (alone) {  // its items are plain: only find out whether anything changed
    for (std::size_t index = 0; index < count && !changed; ++index) {
      Value now = model_.item(draft.scratch, index);
      Value before = model_.item(draft.base, index);
      changed = now != before && !model_.same(now, before);
    }
  } else if (all_positions) {
    for (std::size_t index = 0; index < count && !changed; ++index) {
      Value held = model_.item(draft.contents(), index);
      changed = differs(index, held) || (draft.inserted && final_of(held) != held);
    }
  } else {
    for (const std::size_t index : draft.written) {
      changed = changed || differs(index, model_.item(draft.scratch, index));
    }
  }
  if (draft.rows != nullptr && !changed) {
    for (const auto& [index, child] : *draft.rows) {
      changed = changed || final_of(child->face) != model_.item(draft.base, index);
    }
  }
  if (!changed) return true;
  Value made = take_contents(draft);
  if (made == nullptr) return false;
  keep(made);
  if (alone) return rebuild_like(draft.base, made, result);
  const auto fill = [&](std::size_t index, Value held) {
    Value now = final_of(held);
    return model_.item(made, index) == now || model_.put_item(made, index, now);
  };
  if (all_positions) {
    for (std::size_t index = 0; index < count; ++index) {
      if (!fill(index, model_.item(draft.contents(), index))) return false;
    }
  } else {
    for (const std::size_t index : draft.written) {
      if (!fill(index, model_.item(draft.scratch, index))) return false;
    }
  }
  if (!all_positions) {
    for (std::size_t index = model_.size(draft.base); index < count; ++index) {
      if (!fill(index, model_.item(draft.scratch, index))) return false;
    }
  }
  if (draft.rows != nullptr) {
    for (const auto& [index, child] : *draft.rows) {
      if (!fill(index, child->face)) return false;
    }
  }
  return rebuild_like(draft.base, made, result);
}

bool Finalizer::finalize_set(Draft& draft, Value* result) {
  *result = draft.base;
  if (draft.assigned == nullptr) return true;
  std::size_t cursor = 0;
  Value member = nullptr;
  Value value = nullptr;
  bool changed = false;
  while (model_.next(draft.assigned, &cursor, &member, &value)) {
    Value now = nullptr;
    Value before = nullptr;
    if (!model_.find(draft.scratch, member, &now) || !model_.find(draft.base, member, &before)) {
      return false;
    }
    bool equal_now = now == before;
    if (now != nullptr && before != nullptr && !equal(model_, before, now, true, &equal_now)) {
      return false;
    }
    changed = changed || !equal_now;  // 1 and True are equal members but distinguishable
  }
  if (!changed) return true;
  Value made = take_contents(draft);
  if (made == nullptr) return false;
  keep(made);
  return rebuild_like(draft.base, made, result);
}

bool Finalizer::finalize_plain(Value value, Value* result) {
  *result = value;
  const Kind kind = model_.kind(value);
  if (kind == Kind::set) return true;
  Value made = nullptr;
  const auto open = [&] {
    if (made != nullptr) return true;
    made = model_.copy(value);
    if (made != nullptr) keep(made);
    return made != nullptr;
  };
  if (is_positional(kind)) {
    const std::size_t count = model_.size(value);
    for (std::size_t index = 0; index < count; ++index) {
      Value held = model_.item(value, index);
      Value now = final_of(held);
      if (now != held && (!open() || !model_.put_item(made, index, now))) return false;
    }
  } else {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value held = nullptr;
    while (model_.next(value, &cursor, &key, &held)) {
      Value now = final_of(held);
      if (now != held && (!open() || !model_.put(made, key, now))) return false;
    }
  }
  return made == nullptr || rebuild_like(value, made, result);
}

}  // namespace halflife::draft
