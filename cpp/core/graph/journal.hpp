// The journal of open batches: what each node held before a batch changed it first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "node.hpp"

namespace halflife::graph {

struct Saved {  // a journal entry: what to put back if the batch fails
  Node* node;   // null when it has been destroyed
  Value value;
  Value awaitable;
  Value shown;
  Stamp changed_at;
  std::uint32_t flags;
  std::uint32_t journal;  // the node's entry of an outer batch, as in Node
  bool outdated;
  bool forced;
  bool asked;
  bool halted;
  std::vector<Edge> inputs;  // of a node that is computed; each is held
};

// Where a batch began.
struct Mark {
  std::size_t saved;
  std::size_t notes;
  std::size_t restarts;
  std::uint32_t serial;
};

}  // namespace halflife::graph
