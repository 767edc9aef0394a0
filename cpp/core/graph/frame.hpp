// What is on the C stack: runs of reads, and comparisons, each of which may call the user's code.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halflife::graph {

struct Node;

// One run of a node's read on the C stack.
struct Frame {
  Node* node;
  Frame* outer;
  std::uint64_t serial;
  std::uint32_t cursor;  // inputs before it were read by this run
  std::size_t checks;    // how long the stack of pulls was when it began
};

// A node on the stack of a walk, and which of its inputs is next.
struct Check {
  Node* node;
  std::uint32_t index;
};

// The value of a node is being compared with another one.
struct Comparison {
  Node* node;
  Comparison* outer;
  Frame* top;
  std::size_t checks;  // how long the stack of pulls was when it began
};

}  // namespace halflife::graph
