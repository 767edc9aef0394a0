#include "order.hpp"

#include <algorithm>
#include <functional>

#include "steps.hpp"

namespace halflife::graph {

Height Order::height_above_inputs(const Node& node) {
  Height height = std::min(node.height, 0);
  for (std::uint32_t active = node.active_inputs(), index = 0; index < active; ++index) {
    count_step();
    height = std::max(height, node.inputs[index].input->height + 1);
  }
  return height;
}

void Order::put_above_inputs(Node& node) {
  const Height height = height_above_inputs(node);
  if (height > node.height) {
    raise(node, height);
  } else if (height < node.height) {
    node.height = height;
    moved(node);
  }
}

void Order::put_above(Node& node, Node& input, Height depth) {
  if (input.height < node.height) return;
  // An input that has no inputs itself can be put below the node instead. (Not lower than the
  // number of nodes, since two nodes that swap places again and again would sink for ever.)
  const Height below = node.height - 1;
  if (!node.dependents.empty() && input.active_inputs() == 0 && below > -depth) {
    input.height = below;
    moved(input);
    return;
  }
  raise(node, input.height + 1);
}

void Order::put_below(std::span<Node* const> entered, const Node& above) {
  const Height distance = entered.front()->height - (above.height - 1);
  if (distance <= 0 || above.dependents.empty()) return;
  // All can move only if their other inputs, which were live before, are low enough.
  for (Node* node : entered) node->marked = true;
  const bool free = std::all_of(entered.begin(), entered.end(), [&](const Node* node) {
    const Edge* first = node->inputs.begin();
    return std::all_of(first, first + node->active_inputs(), [&](const Edge& edge) {
      count_step();
      return edge.input->marked || edge.input->height < node->height - distance;
    });
  });
  for (Node* node : entered) {
    node->marked = false;
    if (!free || node->kind == Kind::source) continue;
    node->height -= distance;
    moved(*node);
  }
}

void Order::raise(Node& root, Height height) {
  const auto move = [&](Node& node, Height to) {
    if (!node.marked) {
      node.marked = true;  // each node once, so the walk ends even on a circle
      risen_.push_back(&node);
      rising_.push_back({node.height, &node});
      std::push_heap(rising_.begin(), rising_.end(), std::greater<>());
    }
    node.height = to;
  };
  if (root.dependents.empty()) {
    root.height = height;
    return;
  }
  move(root, height);
  while (!rising_.empty()) {
    std::pop_heap(rising_.begin(), rising_.end(), std::greater<>());
    Node& node = *rising_.back().node;
    rising_.pop_back();
    for (const Dependent& dependent : node.dependents) {
      count_step();
      // An edge that is only kept from an async node's last run does not count in the order.
      if (dependent.edge >= dependent.node->active_inputs()) continue;
      if (dependent.node->height <= node.height) move(*dependent.node, node.height + 1);
    }
  }
  for (Node* node : risen_) node->marked = false;
  risen_.clear();
}

}  // namespace halflife::graph
