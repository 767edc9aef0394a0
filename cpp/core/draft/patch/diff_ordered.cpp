// The differ's part for maps whose order counts: patches carry it. All that a patch can do to the
// order is to put a key behind the others, so what stands behind the longest start that both orders
// have in common is moved there, one key after the other.
#include "differ.hpp"

namespace halflife::draft {

// The keys of `to` behind its longest start that is in this order in `from` too.
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

// A key is in both maps, and in both as the same object or scalar: 1 is not True.
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
  for (std::size_t at = back.size(); at-- > 0;) {  // the inverse is turned round at the end
    Value value = nullptr;
    if (!is_kept(base, now, back[at], &kept) || !model_.find(base, back[at], &value)) return false;
    const Path where = path(task.spot, back[at]);
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
    const Path where = path(task.spot, key);
    if (kept) {
      patches_.add(Op::move, where, nullptr, where);
    } else {
      patches_.add(Op::add, where, value);
    }
  }
  return true;
}

// What goes, and what gets another value where it is.
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
        patches_.add(Op::remove, path(task.spot, model_.key_in(draft.base, key)));
      }
      if (after != nullptr) inverse_.add(Op::remove, path(task.spot, model_.key_in(now, key)));
    } else if (Draft* child = origin(after, before); child != nullptr) {
      descend(*child, task.spot, key);
    } else if (!same(before, after)) {
      replace(task.spot, key, before, after);
    }
  }
  return true;
}

}  // namespace halflife::draft
