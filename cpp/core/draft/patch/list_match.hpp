// A match says for two lists which element of one is which element of the other, and which of these
// stay where they are while the others move around them. Elements are numbers here: equal numbers
// are one and the same element, or copies of it that cannot be told apart.
#pragma once

#include <cstddef>
#include <vector>

namespace halflife::draft {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Match {
  std::vector<std::size_t> before;  // by position now: the position before, or kNone
  std::vector<bool> stays;          // by position now; those that stay keep their order
};

// As many stay as possible, or nearly so if many elements are equal and much has moved.
Match match(const std::vector<std::size_t>& before, const std::vector<std::size_t>& now);

}  // namespace halflife::draft
