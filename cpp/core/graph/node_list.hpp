// A list of nodes in no particular order, which a node leaves in constant time: each node remembers
// its index in a field of its `Extra`, and a flag of the node says that it is listed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "node.hpp"

namespace halflife::graph {

// `Index` is the field that holds a node's index, valid while the node is listed.
template <std::uint32_t Extra::* Index>
class NodeList {
 public:
  bool empty() const { return nodes_.empty(); }
  std::size_t size() const { return nodes_.size(); }
  auto begin() const { return nodes_.begin(); }
  auto end() const { return nodes_.end(); }
  void clear() { nodes_.clear(); }

  void add(Node& node) {
    node.more().*Index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(&node);
  }
  // Does nothing if the nodes were taken from the list before: `take` leaves the flags set.
  void remove(Node& node) {
    const std::size_t at = node.extra.get()->*Index;
    if (at >= nodes_.size() || nodes_[at] != &node) return;
    nodes_[at] = nodes_.back();
    nodes_[at]->extra.get()->*Index = static_cast<std::uint32_t>(at);
    nodes_.pop_back();
  }
  Node& pop() {
    Node* node = nodes_.back();
    nodes_.pop_back();
    return *node;
  }
  std::vector<Node*> take() {
    std::vector<Node*> taken;
    taken.swap(nodes_);
    return taken;
  }
  bool has_at_its_index(const Node& node) const {
    const std::size_t at = node.extra.get()->*Index;
    return at < nodes_.size() && nodes_[at] == &node;
  }

 private:
  std::vector<Node*> nodes_;  // each at the index that it remembers; only add and remove write it
};

}  // namespace halflife::graph
