// Searching what a node reads: for one input among many, for a circle.
#pragma once

#include <cstdint>
#include <vector>

#include "node.hpp"

namespace halflife::graph {

// The index of `input` among the active inputs of `node`; their number if it is none of them.
std::uint32_t index_of_input(Node& node, const Node& input);

// To be called before the active inputs change in another way than that one is added.
inline void forget_input_index(Node& node) {
  if (node.extra && node.extra->index) [[unlikely]]
    node.extra->index.reset();
}

// Does `from` depend on `to`? The nodes on the way there are appended to `path`.
bool depends_on(Node& from, const Node& to, std::vector<Node*>* path = nullptr);

}  // namespace halflife::graph
