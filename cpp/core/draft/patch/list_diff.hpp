// A list script is a short list of steps that turn one list into another: removals, insertions,
// replacements and moves. As in patches, the positions of a step are those after all steps before.
#pragma once

#include <cstddef>
#include <vector>

#include "list_match.hpp"
#include "patch.hpp"

namespace halflife::draft {

struct ListStep {
  Op op;               // remove, replace, move or add, in this order
  std::size_t at;      // of a move: after the element was taken out
  std::size_t from;    // move only
  std::size_t before;  // old position of the element that is removed, replaced or moved
  std::size_t now;     // new position of the element that is put in or moved
};

struct ListScript {
  std::vector<ListStep> steps;
  Match match;  // replaced elements have no partner
};

// Elements are numbers as in match().
ListScript list_diff(const std::vector<std::size_t>& before, const std::vector<std::size_t>& now);

}  // namespace halflife::draft
