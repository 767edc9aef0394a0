// A list script turns one list into another by as few removals, insertions, replacements and moves
// as we can find. Its positions are those at the time of each step, as in patches.
#pragma once

#include <cstddef>
#include <vector>

#include "list_match.hpp"
#include "patch.hpp"

namespace halflife::draft {

struct ListStep {
  Op op;               // remove, replace, move or add, in this order
  std::size_t at;      // of a move: once the element is out
  std::size_t from;    // move only
  std::size_t before;  // position in the list before: what is removed, replaced or moved
  std::size_t now;     // position in the list now: what is there instead
};

struct ListScript {
  std::vector<ListStep> steps;
  Match match;  // replaced elements have no partner
};

// Elements are numbers as in match().
ListScript list_diff(const std::vector<std::size_t>& before, const std::vector<std::size_t>& now);

}  // namespace halflife::draft
