// Part of class Differ: lists and tuples.
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
  const std::size_t columns = model_.size(now);  // larger if the list was appended to
  std::vector<std::pair<std::size_t, Draft*>> positions;
  for (const std::size_t position : draft.written) positions.push_back({position, nullptr});
  if (draft.rows != nullptr) {
    for (const auto& [position, child] : *draft.rows) {
      if (child->dirty) positions.push_back({position, child});
    }
  }
  std::sort(positions.begin(), positions.end());
  const auto same_position = [](const auto& one, const auto& other) {
    return one.first == other.first;
  };
  positions.erase(std::unique(positions.begin(), positions.end(), same_position), positions.end());
  std::vector<ChangedItem> items;
  for (const auto& [position, row] : positions) {
    if (position >= rows) break;
    Value before = model_.item(draft.base, position);
    Value after = model_.item(now, position);
    if (same(before, after)) continue;
    const bool is_row =
        row != nullptr && row->base == before && finalizer_.result_of(*row) == after;
    items.push_back({position, before, after, is_row ? row : origin(after, before)});
  }
  if (has_swapped(items, now, rows)) {
    const std::size_t behind = columns > rows ? 0 : rows - 1 - items.back().index;
    return walk_positions(task, now, items.front().index, behind);
  }
  for (std::size_t position = rows; position < columns; ++position) {
    Value part = nullptr;
    if (!index(position, &part)) return false;
    add(task.path_node, part, model_.item(now, position));
  }
  return walk_items(task, items);
}

// Did a container move from one of the changed positions to another, or to an appended position?
bool Differ::has_swapped(const std::vector<ChangedItem>& items, Value now, std::size_t rows) {
  std::unordered_set<Value> left;
  for (const ChangedItem& item : items) {
    if (item.draft == nullptr && is_draftable(model_.kind(item.before))) left.insert(item.before);
  }
  if (left.empty()) return false;
  const auto came_from = [&](Value value) {
    const auto found = origins().find(value);
    return left.contains(found != origins().end() ? found->second->base : value);
  };
  for (std::size_t position = rows; position < model_.size(now); ++position) {
    if (came_from(model_.item(now, position))) return true;
  }
  return std::any_of(items.begin(), items.end(), [&](const ChangedItem& item) {
    return item.draft == nullptr && came_from(item.now);
  });
}

bool Differ::walk_items(const Task& task, const std::vector<ChangedItem>& items) {
  for (const ChangedItem& item : items) {
    Value part = nullptr;
    if (!index(item.index, &part)) return false;
    if (item.draft == nullptr) {
      replace(task.path_node, part, item.before, item.now);
    } else {
      descend(*item.draft, task.path_node, part);
    }
  }
  return true;
}

// Diffs a list whose positions moved, except for the `first` first and the `behind` last elements,
// which did not move.
bool Differ::walk_positions(const Task& task, Value now, std::size_t first, std::size_t behind) {
  Value before = task.draft->base;
  std::size_t rows = model_.size(before) - behind;
  std::size_t columns = model_.size(now) - behind;
  std::vector<ChangedItem> edited;
  // Is it still the same element? The element's own changes are added later, when positions are
  // final.
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
      remove(task.path_node, part, old);
    } else if (step.op == Op::add) {
      add(task.path_node, part, young);
    } else if (step.op == Op::replace) {
      replace(task.path_node, part, old, young);
    } else {
      if (!index(first + step.from, &from)) return false;
      patches_.add(Op::move, path(task.path_node, part), nullptr, path(task.path_node, from));
      inverse_.add(Op::move, path(task.path_node, from), nullptr, path(task.path_node, part));
    }
  }
  std::sort(edited.begin(), edited.end(), [](const ChangedItem& one, const ChangedItem& other) {
    return one.index < other.index;
  });
  return walk_items(task, edited);
}

bool Differ::index(std::size_t position, Value* part) {
  *part = model_.make_index(position);
  if (*part == nullptr) return false;
  owned_.push_back(*part);
  return true;
}

}  // namespace halflife::draft
