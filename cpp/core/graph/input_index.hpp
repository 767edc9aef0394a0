// An input index maps an input to its index among the inputs of a node. It serves runs that go on
// reading while other nodes run in between: async runs, and getters that are kept. Searching the
// inputs at each read would cost O(n²).
#pragma once

#include <cstdint>
#include <unordered_map>

namespace halflife::graph {

struct Node;

struct InputIndex {
  std::unordered_map<const Node*, std::uint32_t> indices;
  std::uint32_t known = 0;  // `indices` has the inputs before this one
};

}  // namespace halflife::graph
