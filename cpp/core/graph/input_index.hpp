// An input index tells where in its inputs a node reads which other node, for runs that go on
// reading after others have run in between: async ones, and getters that are kept. Looking through
// the inputs at each read would cost the square of their number.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace halflife::graph {

struct Node;

struct InputIndex {
  std::unordered_map<const Node*, std::uint32_t> indices;
  std::uint32_t known = 0;  // so many of the inputs, from the first on, are in `indices`
};

}  // namespace halflife::graph
