// Part of class Differ: maps, records, sets and the patches themselves. Maps whose order counts are
// in diff_ordered.cpp, lists and tuples in diff_elements.cpp.
#include "diff.hpp"

#include <algorithm>
#include <utility>

#include "../equality.hpp"
#include "differ.hpp"

namespace halflife::draft {

Differ::~Differ() {
  for (Value value : owned_) model_.release(value);
}

bool Differ::run(Draft& root) {
  Value now = nullptr;
  if (!finalizer_.finalize(root.face, &now)) return false;
  if (now == root.base) return true;
  tasks_.push_back({&root, kNone});
  // The patches of a container come before those of its contents, so paths into the container are
  // those of its final shape.
  for (std::size_t next = 0; next < tasks_.size(); ++next) {
    if (!walk(Task(tasks_[next]))) return false;
  }
  inverse_.reverse();
  return true;
}

// The drafts by the final values that were made from them.
const std::unordered_map<Value, Draft*>& Differ::origins() {
  if (has_origins_) return origins_;
  has_origins_ = true;
  origins_.reserve(scope_.drafts().size());
  for (Draft* draft : scope_.drafts()) {
    if (!draft->dirty) continue;
    Value result = finalizer_.result_of(*draft);
    if (result != nullptr && result != draft->base) origins_.emplace(result, draft);
  }
  return origins_;
}

Draft* Differ::origin(Value now, Value before) {
  if (!has_parts(model_.kind(now))) return nullptr;
  const auto found = origins().find(now);
  return found != origins().end() && found->second->base == before ? found->second : nullptr;
}

bool Differ::walk(const Task& task) {
  Value now = finalizer_.result_of(*task.draft);
  switch (task.draft->kind) {
    case Kind::list:
    case Kind::fixed:
      return walk_list(task, now);
    case Kind::set:
      return walk_set(task, now);
    default:
      return walk_map(task, now);
  }
}

// --- maps and records

bool Differ::walk_map(const Task& task, Value now) {
  Draft& draft = *task.draft;
  if (draft.erased != nullptr && draft.kind == Kind::map && model_.keeps_order(draft.base)) {
    return walk_ordered(task, now);
  }
  if (!walk_children(task)) return false;
  if (draft.assigned == nullptr) return true;
  bool put_back = false;
  Value moved = nullptr;
  if (!is_put_back(draft, now, &put_back)) return false;
  if (put_back && !find_moved(draft, now, &moved)) return false;
  std::vector<Value> tail;
  return walk_assigned(task, now, moved, &tail) && walk_tail(task, now, tail);
}

bool Differ::walk_children(const Task& task) {
  Draft& draft = *task.draft;
  if (draft.children == nullptr) return true;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value face = nullptr;
  while (model_.next(draft.children, &cursor, &key, &face)) {
    Draft* child = model_.draft_of(face);
    if (!child->dirty) continue;
    Value written = nullptr;
    if (draft.assigned != nullptr && !model_.find(draft.assigned, key, &written)) return false;
    if (written != nullptr) continue;  // another value may be under the key now
    if (finalizer_.result_of(*child) != child->base) descend(*child, task.path_node, key);
  }
  return true;
}

// Was a key erased and set again?
bool Differ::is_put_back(Draft& draft, Value now, bool* any) {
  *any = false;
  if (draft.erased == nullptr || draft.kind != Kind::map) return true;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value value = nullptr;
  while (!*any && model_.next(draft.erased, &cursor, &key, &value)) {
    Value found = nullptr;
    if (!model_.find(now, key, &found)) return false;
    *any = found != nullptr;
  }
  return true;
}

// The keys that were erased and set again, and whose order changed. Walks both maps in step while
// their keys agree, skipping removed keys.
bool Differ::find_moved(Draft& draft, Value now, Value* moved) {
  *moved = model_.make_set();
  if (*moved == nullptr) return false;
  owned_.push_back(*moved);
  std::size_t left = 0;
  std::size_t right = 0;
  Value before = nullptr;
  Value key = nullptr;
  Value value = nullptr;
  bool in_step = true;
  while (model_.next(now, &right, &key, &value)) {
    while (in_step) {
      in_step = model_.next(draft.base, &left, &before, &value);
      if (!in_step || same(before, key)) break;
      if (!model_.find(now, before, &value)) return false;
      in_step = value == nullptr;
    }
    if (in_step) continue;
    Value erased = nullptr;
    if (!model_.find(draft.erased, key, &erased)) return false;
    if (erased != nullptr && !model_.put(*moved, key, key)) return false;
  }
  return true;
}

// `tail` gets the keys that were set at the end of the map: new ones, and those that moved there.
bool Differ::walk_assigned(const Task& task, Value now, Value moved, std::vector<Value>* tail) {
  Draft& draft = *task.draft;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value value = nullptr;
  while (model_.next(draft.assigned, &cursor, &key, &value)) {
    Value before = nullptr;
    Value after = nullptr;
    Value held = nullptr;
    if (!model_.find(draft.base, key, &before) || !model_.find(now, key, &after)) return false;
    if (moved != nullptr && !model_.find(moved, key, &held)) return false;
    if (after == nullptr) {
      if (before != nullptr) remove(task.path_node, model_.key_in(draft.base, key), before);
    } else if (before == nullptr || held != nullptr) {
      tail->push_back(key);
    } else if (Draft* child = origin(after, before); child != nullptr) {
      descend(*child, task.path_node, key);
    } else if (!same(before, after)) {
      replace(task.path_node, key, before, after);
    }
  }
  return true;
}

bool Differ::walk_tail(const Task& task, Value now, const std::vector<Value>& tail) {
  for (Value key : tail) {
    Value before = nullptr;
    Value after = nullptr;
    if (!model_.find(task.draft->base, key, &before) || !model_.find(now, key, &after)) {
      return false;
    }
    Value key_now = model_.key_in(now, key);
    if (before == nullptr) {
      add(task.path_node, key_now, after);
      continue;
    }
    Value key_before = model_.key_in(task.draft->base, key);
    patches_.add(Op::remove, path(task.path_node, key_before));
    patches_.add(Op::add, path(task.path_node, key_now), after);
    if (!same(key_before, key_now)) {
      inverse_.add(Op::add, path(task.path_node, key_before), before);
      inverse_.add(Op::remove, path(task.path_node, key_now));
    } else if (!same(before, after)) {
      inverse_.add(Op::replace, path(task.path_node, key_before), before);
    }
  }
  return true;
}

bool Differ::walk_set(const Task& task, Value now) {
  Draft& draft = *task.draft;
  if (draft.assigned == nullptr) return true;
  std::size_t cursor = 0;
  Value member = nullptr;
  Value value = nullptr;
  while (model_.next(draft.assigned, &cursor, &member, &value)) {
    Value before = nullptr;
    Value after = nullptr;
    if (!model_.find(draft.base, member, &before) || !model_.find(now, member, &after)) {
      return false;
    }
    bool replaced = false;
    if (before != nullptr && after != nullptr) {
      if (!equal(model_, before, after, true, &replaced)) return false;
      replaced = !replaced;  // such as 1 by True
    }
    if (before != nullptr && (after == nullptr || replaced)) remove(task.path_node, before, before);
    if (after != nullptr && (before == nullptr || replaced)) add(task.path_node, after, after);
  }
  return true;
}

// --- adding patches

void Differ::descend(Draft& draft, std::size_t above, Value part) {
  path_nodes_.push_back({above, part});
  tasks_.push_back({&draft, path_nodes_.size() - 1});
}

Path Differ::path(std::size_t above, Value part) const {
  std::size_t length = 1;
  for (std::size_t at = above; at != kNone; at = path_nodes_[at].above) ++length;
  Path path(length, part);
  for (std::size_t at = above; at != kNone; at = path_nodes_[at].above)
    path[--length - 1] = path_nodes_[at].part;
  return path;
}

void Differ::replace(std::size_t above, Value part, Value before, Value now) {
  Path where = path(above, part);
  inverse_.add(Op::replace, where, before);
  patches_.add(Op::replace, std::move(where), now);
}

void Differ::add(std::size_t above, Value part, Value now) {
  patches_.add(Op::add, path(above, part), now);
  inverse_.add(Op::remove, path(above, part));
}

void Differ::remove(std::size_t above, Value part, Value before) {
  patches_.add(Op::remove, path(above, part));
  inverse_.add(Op::add, path(above, part), before);
}

bool diff(Scope& scope, Finalizer& finalizer, Draft& root, PatchList* patches, PatchList* inverse) {
  return Differ(scope, finalizer, *patches, *inverse).run(root);
}

void diff_replaced(Model& model, Value before, Value now, PatchList* patches, PatchList* inverse) {
  if (before == now || model.same(before, now)) return;
  patches->add(Op::replace, {}, now);
  inverse->add(Op::replace, {}, before);
}

}  // namespace halflife::draft
