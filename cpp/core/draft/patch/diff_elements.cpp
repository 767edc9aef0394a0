// The differ's second half: lists.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "differ.hpp"
#include "element_numbers.hpp"
#include "list_diff.hpp"

namespace halflife::draft {

bool Differ::walk_list(const Task& task, Value now) {
  Draft& draft = *task.draft;
  if (draft.structural) return walk_positions(task, now, 0, 0);
  const std::size_t rows = model_.size(draft.base);
  const std::size_t columns = model_.size(now);  // more, if it was appended to
  std::vector<std::pair<std::size_t, Draft*>> positions;
  for (const std::size_t position : draft.written) positions.push_back({position, nullptr});
  if (draft.rows != nullptr) {
    for (const auto& [position, child] : *draft.rows) {
      if (child->dirty) positions.push_back({position, child});
    }
  }
  std::sort(positions.begin(), positions.end());
  const auto same_place = [](const auto& one, const auto& other) {
    return one.first == other.first;
  };
  positions.erase(std::unique(positions.begin(), positions.end(), same_place), positions.end());
  std::vector<Slot> slots;
  for (const auto& [position, row] : positions) {
    if (position >= rows) break;
    Value before = model_.item(draft.base, position);
    Value after = model_.item(now, position);
    if (same(before, after)) continue;
    const bool is_row =
        row != nullptr && row->base == before && finalizer_.result_of(*row) == after;
    slots.push_back({position, before, after, is_row ? row : origin(after, before)});
  }
  if (has_swapped(slots, now, rows)) {
    const std::size_t behind = columns > rows ? 0 : rows - 1 - slots.back().index;
    return walk_positions(task, now, slots.front().index, behind);
  }
  for (std::size_t position = rows; position < columns; ++position) {
    Value part = nullptr;
    if (!index(position, &part)) return false;
    add(task.spot, part, model_.item(now, position));
  }
  return walk_slots(task, slots);
}

// Has a container gone from one of the positions to another, or behind the list? Then it has moved.
bool Differ::has_swapped(const std::vector<Slot>& slots, Value now, std::size_t rows) {
  std::unordered_set<Value> left;
  for (const Slot& slot : slots) {
    if (slot.draft == nullptr && is_draftable(model_.kind(slot.before))) left.insert(slot.before);
  }
  if (left.empty()) return false;
  const auto came_from = [&](Value value) {
    const auto found = origins().find(value);
    return left.contains(found != origins().end() ? found->second->base : value);
  };
  for (std::size_t position = rows; position < model_.size(now); ++position) {
    if (came_from(model_.item(now, position))) return true;
  }
  return std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) {
    return slot.draft == nullptr && came_from(slot.now);
  });
}

bool Differ::walk_slots(const Task& task, const std::vector<Slot>& slots) {
  for (const Slot& slot : slots) {
    Value part = nullptr;
    if (!index(slot.index, &part)) return false;
    if (slot.draft == nullptr) {
      replace(task.spot, part, slot.before, slot.now);
    } else {
      descend(*slot.draft, task.spot, part);
    }
  }
  return true;
}

// Positions have moved: all but the first and the last few, which are known not to.
bool Differ::walk_positions(const Task& task, Value now, std::size_t first, std::size_t behind) {
  Value before = task.draft->base;
  std::size_t rows = model_.size(before) - behind;
  std::size_t columns = model_.size(now) - behind;
  std::vector<Slot> edited;
  // Still the same element? Its own changes are noted once the positions are final.
  const auto is_same = [&](std::size_t row, std::size_t column) {
    Value old = model_.item(before, row);
    Value young = model_.item(now, column);
    if (same(old, young)) return true;
    Draft* draft = origin(young, old);
    if (draft != nullptr) edited.push_back({column, old, young, draft});
    return draft != nullptr;
  };
  while (first < rows && first < columns && is_same(first, first)) ++first;
  while (first < rows && first < columns && is_same(rows - 1, columns - 1)) --rows, --columns;

  ElementNumbers numbers(model_);
  std::vector<std::size_t> left;
  std::vector<std::size_t> right;
  for (std::size_t row = first; row < rows; ++row) {
    left.push_back(numbers.of(model_.item(before, row)));
  }
  for (std::size_t column = first; column < columns; ++column) {
    Value young = model_.item(now, column);
    const auto found = origins().find(young);
    right.push_back(numbers.of(found != origins().end() ? found->second->base : young));
  }
  const ListScript script = list_diff(left, right);
  for (std::size_t column = 0; column < right.size(); ++column) {
    const std::size_t row = script.match.before[column];
    if (row != kNone) is_same(first + row, first + column);
  }
  for (const ListStep& step : script.steps) {
    Value part = nullptr;
    Value from = nullptr;
    if (!index(first + step.at, &part)) return false;
    Value old = step.before == kNone ? nullptr : model_.item(before, first + step.before);
    Value young = step.now == kNone ? nullptr : model_.item(now, first + step.now);
    if (step.op == Op::remove) {
      remove(task.spot, part, old);
    } else if (step.op == Op::add) {
      add(task.spot, part, young);
    } else if (step.op == Op::replace) {
      replace(task.spot, part, old, young);
    } else {
      if (!index(first + step.from, &from)) return false;
      patches_.add(Op::move, path(task.spot, part), nullptr, path(task.spot, from));
      inverse_.add(Op::move, path(task.spot, from), nullptr, path(task.spot, part));
    }
  }
  std::sort(edited.begin(), edited.end(),
            [](const Slot& one, const Slot& other) { return one.index < other.index; });
  return walk_slots(task, edited);
}

bool Differ::index(std::size_t position, Value* part) {
  *part = model_.make_index(position);
  if (*part == nullptr) return false;
  owned_.push_back(*part);
  return true;
}

}  // namespace halflife::draft
