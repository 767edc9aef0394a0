// The recompute heap: nodes to recompute, lowest height first (as in janestreet/incremental).
// Buckets are first in, first out. A node that rose or left after it was queued is put right when
// it is popped, so raising and unqueueing cost nothing. One that fell is put right when it is
// queued again: it must not come later than its height says.
#pragma once

#include <cstddef>
#include <vector>

#include "node.hpp"

namespace halflife::graph {

class Heap {
 public:
  bool empty() const { return count_ == 0; }

  void push(Node& node) {
    node.raise(flag::queued);
    if (node.is(flag::in_heap)) {
      if (node.bucket <= node.height) return;
      take_out(node);
    }
    insert(node);
  }

  // The queued node of least height, or null. Destroyed nodes that it meets are appended to
  // `orphans`.
  Node* pop(std::vector<Node*>& orphans);

  // Height of the next node; only a lower bound.
  Height lowest() const { return lowest_; }

 private:
  struct Bucket {
    Node* first = nullptr;
    Node* last = nullptr;
  };

  void insert(Node& node);
  void take_out(Node& node);

  std::vector<Bucket> buckets_;
  std::size_t count_ = 0;
  Height lowest_ = 0;
};

}  // namespace halflife::graph
