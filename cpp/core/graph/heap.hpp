// The recompute heap: nodes to recompute, lowest height first (as in janestreet/incremental).
// Buckets are first in, first out. A node that rose or left after it was queued is put right when
// its bucket comes to it, so raising and unqueueing cost nothing. One that fell must not come later
// than its height says: it is queued once more among the fallen, and its bucket passes it over.
//
// Buckets with nodes may lie far from each other, when an atom is read low and high. No search
// passes more than kNear empty buckets: those farther up are listed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "node.hpp"

namespace halflife::graph {

class Heap {
 public:
  bool empty() const { return count_ == 0; }

  void push(Node& node) {
    node.set_flag(flag::queued);
    if (!node.is(flag::in_heap)) {
      insert(node);
    } else if (node.height < node.bucket) {
      fall(node);
    }
  }

  // The queued node of least height, or null. Destroyed nodes that it meets are appended to
  // `orphans`.
  Node* pop(std::vector<Node*>& orphans);

  // Is nothing queued that is lower than this? False may be wrong: the heap knows a lower bound.
  bool none_below(Height height) const {
    if (count_ == 0) return true;
    return height <= lowest_ && (fallen_.empty() || height <= fallen_.front().height);
  }

 private:
  static constexpr Height kNear = 64;

  struct Bucket {
    Node* first = nullptr;
    Node* last = nullptr;
  };
  struct Fallen {
    Height height;
    Height bucket;  // where it was to be found before
    Node* node;
    bool operator>(const Fallen& other) const { return height > other.height; }
  };

  void insert(Node& node);
  Height make_room(Height height);
  void fall(Node& node);
  Node* pop_fallen();
  void list_far(Height height);
  void skip();

  std::vector<Bucket> buckets_;  // of the heights from base_ on
  Height base_ = 0;
  std::size_t count_ = 0;       // nodes in buckets
  Height lowest_ = 0;           // no bucket below it has nodes
  Height near_ = 0;             // at most kNear above lowest_
  std::vector<Height> far_;     // each bucket with nodes is up to near_, or up to kNear above one
  std::vector<Fallen> fallen_;  // of these; both are binary heaps, the least first
};

}  // namespace halflife::graph
