// The recompute heap: nodes to recompute, lowest height first (as in janestreet/incremental).
// Buckets are first in, first out. A node that rose, or was unqueued, after it was put in a bucket
// is moved or skipped when its bucket is emptied, so raising and unqueueing cost nothing. A node
// that fell must not be popped later than its height says: it is listed once more among the fallen,
// and its bucket skips it.
// Buckets with nodes may be far apart. The search for the next one passes at most kNear empty
// buckets: buckets farther up are listed.
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

  // Takes out the queued node of least height; null if there is none. Destroyed nodes that the heap
  // still listed are appended to `orphans`.
  Node* pop(std::vector<Node*>& orphans);

  // True if no queued node is lower than this. May be false although none is: the heap knows only a
  // lower bound.
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
    Height bucket;  // the bucket that it is in
    Node* node;
    bool operator>(const Fallen& other) const { return height > other.height; }
  };

  void insert(Node& node);
  Height make_room(Height height);
  void fall(Node& node);
  Node* pop_fallen();
  void list_far(Height height);
  void skip();

  std::vector<Bucket> buckets_;  // one per height, from base_ on
  Height base_ = 0;
  std::size_t count_ = 0;       // how many nodes are in buckets
  Height lowest_ = 0;           // no bucket below it has nodes
  Height near_ = 0;             // at most kNear above lowest_
  std::vector<Height> far_;     // each bucket with nodes is up to near_, or up to kNear above one
  std::vector<Fallen> fallen_;  // like far_, a binary heap with the least first
};

}  // namespace halflife::graph
