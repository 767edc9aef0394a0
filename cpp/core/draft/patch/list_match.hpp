// A match pairs equal elements of two lists, and says which of them stay while the others move.
// Elements are numbers here (see ElementNumbers): equal numbers stand for the same element, or for
// copies that cannot be told apart.
#pragma once

#include <cstddef>
#include <vector>

namespace halflife::draft {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Match {
  std::vector<std::size_t> before;  // at each new position: the old position, or kNone
  std::vector<bool> stays;          // at each new position; those that stay keep their order
};

// As many elements stay as possible; nearly as many if elements repeat and the lists differ a lot.
Match match(const std::vector<std::size_t>& before, const std::vector<std::size_t>& now);

}  // namespace halflife::draft
