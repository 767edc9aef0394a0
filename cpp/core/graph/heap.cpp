#include "heap.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "steps.hpp"

namespace halflife::graph {

void Heap::insert(Node& node) {
  Height height = node.height;
  std::size_t index = static_cast<std::uint32_t>(height - base_);
  if (index >= buckets_.size()) [[unlikely]] {  // too high, or lower than base_
    height = make_room(height);
    index = static_cast<std::size_t>(height - base_);
  }
  Bucket& bucket = buckets_[index];
  node.set_flag(flag::in_heap);
  node.next_in_heap = nullptr;
  node.bucket = height;
  if (count_ == 0) {
    far_.clear();
    lowest_ = height;
    near_ = height + kNear;
  } else if (height < lowest_) {
    list_far(lowest_);
    lowest_ = height;
    near_ = height + kNear;
  } else if (height > near_ && bucket.first == nullptr) {
    list_far(height);
  }
  if (bucket.first == nullptr) {
    bucket.first = &node;
  } else {
    bucket.last->next_in_heap = &node;
  }
  bucket.last = &node;
  ++count_;
}

// Makes a bucket for the height and returns the height. Sources are below all heights; a queued
// source goes into the lowest bucket.
Height Heap::make_room(Height height) {
  if (height == kSourceHeight) {
    if (buckets_.empty()) buckets_.resize(1);
    return count_ == 0 ? base_ : lowest_;
  }
  if (height < base_) {
    if (count_ > 0) {
      const auto missing = static_cast<std::size_t>(base_ - height);
      const std::size_t room = std::max(missing, buckets_.size());
      buckets_.insert(buckets_.begin(), room, Bucket{});
      base_ -= static_cast<Height>(room);
      return height;
    }
    base_ = height;
  }
  const auto index = static_cast<std::size_t>(height - base_);
  if (index >= buckets_.size()) buckets_.resize(index * 2 + 1);
  return height;
}

void Heap::list_far(Height height) {
  far_.push_back(height);
  std::push_heap(far_.begin(), far_.end(), std::greater<>());
}

// All buckets up to near_ are empty: goes on to the next one that is listed.
void Heap::skip() {
  while (!far_.empty() && far_.front() <= lowest_) {
    near_ = std::max(near_, far_.front() + kNear);
    std::pop_heap(far_.begin(), far_.end(), std::greater<>());
    far_.pop_back();
  }
  if (near_ >= lowest_) return;
  if (!far_.empty()) lowest_ = far_.front();
  near_ = lowest_ + kNear;
}

void Heap::fall(Node& node) {
  fallen_.push_back({node.height, node.bucket, &node});
  std::push_heap(fallen_.begin(), fallen_.end(), std::greater<>());
  node.bucket = node.height;
}

// Takes the first of the fallen; null if that node was unqueued, destroyed or raised since. The
// node is also in a bucket farther up, so it is not freed while it is listed here.
Node* Heap::pop_fallen() {
  std::pop_heap(fallen_.begin(), fallen_.end(), std::greater<>());
  const Fallen fallen = fallen_.back();
  fallen_.pop_back();
  Node& node = *fallen.node;
  node.bucket = fallen.bucket;
  if (node.is(flag::orphan) || !node.is(flag::queued)) return nullptr;
  if (node.height > fallen.height) {  // the node rose again
    if (node.height < node.bucket) fall(node);
    return nullptr;
  }
  node.clear_flag(flag::queued);
  return &node;
}

Node* Heap::pop(std::vector<Node*>& orphans) {
  while (count_ > 0) {
    if (!fallen_.empty() && fallen_.front().height <= lowest_) [[unlikely]] {
      if (Node* node = pop_fallen()) return node;
      continue;
    }
    Bucket& bucket = buckets_[static_cast<std::size_t>(lowest_ - base_)];
    Node* node = bucket.first;
    if (node == nullptr) {
      count_step();
      if (++lowest_ > near_) skip();
      continue;
    }
    near_ = lowest_ + kNear;
    bucket.first = node->next_in_heap;
    if (bucket.first != nullptr) prefetch_node(*bucket.first);
    node->next_in_heap = nullptr;
    node->clear_flag(flag::in_heap);
    --count_;
    if ((node->flags & (flag::queued | flag::orphan)) != flag::queued) {
      // The store destroyed the node while it was in the heap, so the node can be freed only now.
      // An orphan that is not destroyed yet is on the list of orphans already.
      if (node->index_in_nodes == kUnlinked) orphans.push_back(node);
      continue;
    }
    if (node->height > lowest_) {
      insert(*node);
      continue;
    }
    node->clear_flag(flag::queued);
    return node;
  }
  return nullptr;
}

}  // namespace halflife::graph
