#include "heap.hpp"

namespace halflife::graph {

void Heap::insert(Node& node) {
  const Height height = node.height;
  if (height >= buckets_.size()) buckets_.resize(static_cast<std::size_t>(height) * 2 + 1);
  Bucket& bucket = buckets_[height];
  node.raise(flag::in_heap);
  node.next_in_heap = nullptr;
  node.bucket = height;
  if (bucket.first == nullptr) {
    bucket.first = &node;
  } else {
    bucket.last->next_in_heap = &node;
  }
  bucket.last = &node;
  if (count_ == 0 || height < lowest_) lowest_ = height;
  ++count_;
}

// Rare: an observed atom ran ahead of its turn, came to lie lower, and is queued once more.
void Heap::take_out(Node& node) {
  Bucket& bucket = buckets_[node.bucket];
  Node* before = nullptr;
  for (Node* other = bucket.first; other != &node; other = other->next_in_heap) before = other;
  (before == nullptr ? bucket.first : before->next_in_heap) = node.next_in_heap;
  if (bucket.last == &node) bucket.last = before;
  node.lower(flag::in_heap);
  --count_;
}

Node* Heap::pop(std::vector<Node*>& orphans) {
  while (count_ > 0) {
    Bucket& bucket = buckets_[lowest_];
    Node* node = bucket.first;
    if (node == nullptr) {
      ++lowest_;
      continue;
    }
    bucket.first = node->next_in_heap;
    if (bucket.first != nullptr) prefetch_node(*bucket.first);
    node->next_in_heap = nullptr;
    node->lower(flag::in_heap);
    --count_;
    if ((node->flags & (flag::queued | flag::orphan)) != flag::queued) {
      // The store has destroyed the node while it was in here: only now it can be freed. One that
      // is an orphan and not destroyed yet is on the store's list of orphans already.
      if (node->place == kUnlinked) orphans.push_back(node);
      continue;
    }
    if (node->height != lowest_) {
      insert(*node);
      continue;
    }
    node->lower(flag::queued);
    return node;
  }
  return nullptr;
}

}  // namespace halflife::graph
