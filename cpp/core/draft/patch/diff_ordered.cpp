// Part of class Differ: maps whose order counts, so that patches must reproduce it. The only change
// of order that a patch can make is to put a key last. So the longest prefix of the new order that
// is a subsequence of the old order stays, and the keys after it are put last, one after the other.
#include "differ.hpp"

namespace halflife::draft {

// The keys of `to` after its longest prefix that is a subsequence of the keys of `from`.
void Differ::find_tail(Value from, Value to, std::vector<Value>* tail) {
  std::size_t left = 0;
  std::size_t right = 0;
  Value key = nullptr;
  Value other = nullptr;
  Value value = nullptr;
  bool in_step = true;
  while (model_.next(to, &right, &key, &value)) {
    while (in_step) {
      in_step = model_.next(from, &left, &other, &value);
      if (!in_step || same(other, key)) break;
    }
    if (!in_step) tail->push_back(key);
  }
}

// Do both maps have the key, as the same object or scalar? 1 is not True.
bool Differ::is_kept(Value one, Value other, Value key, bool* kept) {
  Value before = nullptr;
  Value after = nullptr;
  if (!model_.find(one, key, &before) || !model_.find(other, key, &after)) return false;
  *kept = before != nullptr && after != nullptr &&
          same(model_.key_in(one, key), model_.key_in(other, key));
  return true;
}

bool Differ::walk_ordered(const Task& task, Value now) {
  Draft& draft = *task.draft;
  Value base = draft.base;
  std::vector<Value> tail;
  std::vector<Value> back;
  find_tail(base, now, &tail);
  find_tail(now, base, &back);
  bool kept = false;
  for (std::size_t at = back.size(); at-- > 0;) {  // the inverse is reversed at the end
    Value value = nullptr;
    if (!is_kept(base, now, back[at], &kept) || !model_.find(base, back[at], &value)) return false;
    const Path where = path(task.path_node, back[at]);
    if (kept) {
      inverse_.add(Op::move, where, nullptr, where);
    } else {
      inverse_.add(Op::add, where, value);
    }
  }
  if (!walk_children(task) || !walk_values(task, now)) return false;
  for (Value key : tail) {
    Value value = nullptr;
    if (!is_kept(base, now, key, &kept) || !model_.find(now, key, &value)) return false;
    const Path where = path(task.path_node, key);
    if (kept) {
      patches_.add(Op::move, where, nullptr, where);
    } else {
      patches_.add(Op::add, where, value);
    }
  }
  return true;
}

// Patches for keys that were removed or replaced, and for values that changed.
bool Differ::walk_values(const Task& task, Value now) {
  Draft& draft = *task.draft;
  std::size_t cursor = 0;
  Value key = nullptr;
  Value member = nullptr;
  while (model_.next(draft.assigned, &cursor, &key, &member)) {
    Value before = nullptr;
    Value after = nullptr;
    bool kept = false;
    if (!model_.find(draft.base, key, &before) || !model_.find(now, key, &after) ||
        !is_kept(draft.base, now, key, &kept)) {
      return false;
    }
    if (!kept) {
      if (before != nullptr) {
        patches_.add(Op::remove, path(task.path_node, model_.key_in(draft.base, key)));
      }
      if (after != nullptr) inverse_.add(Op::remove, path(task.path_node, model_.key_in(now, key)));
    } else if (Draft* child = origin(after, before); child != nullptr) {
      descend(*child, task.path_node, key);
    } else if (!same(before, after)) {
      replace(task.path_node, key, before, after);
    }
  }
  return true;
}

}  // namespace halflife::draft
