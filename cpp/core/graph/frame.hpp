// The C stack, as the graph knows it: runs of reads, and comparisons of values. Each may be user
// code, which may call the store again.
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
  std::uint32_t cursor;    // inputs before it were read by this run
  std::size_t stack_size;  // of the validation stack when the run began
};

// A node on the stack of a walk, and the index of the input that is looked at next.
struct Check {
  Node* node;
  std::uint32_t index;
};

// One comparison of a node's value with another value.
struct Comparison {
  Node* node;
  Comparison* outer;
  Frame* top;
  std::size_t stack_size;  // of the validation stack when the comparison began
};

}  // namespace halflife::graph
