#include "search.hpp"

#include "frame.hpp"
#include "steps.hpp"

namespace halflife::graph {

namespace {

// Searching so few inputs is faster than indexing them.
constexpr std::uint32_t kFew = 16;

}  // namespace

std::uint32_t index_of_input(Node& node, const Node& input) {
  const std::uint32_t active = node.active_inputs();
  if (active <= kFew) {
    forget_input_index(node);
    std::uint32_t at = 0;
    for (; at < active && node.inputs[at].input != &input; ++at) count_step();
    return at;
  }
  auto& index = node.more().index;
  if (!index) index = std::make_unique<InputIndex>();
  for (; index->known < active; ++index->known) {
    count_step();
    index->indices.try_emplace(node.inputs[index->known].input, index->known);
  }
  const auto found = index->indices.find(&input);
  return found == index->indices.end() ? active : found->second;
}

bool depends_on(Node& from, const Node& to, std::vector<Node*>* path) {
  // A node without holders has no dependents.
  if (&from != &to && (to.holders == 0 || from.inputs.empty())) return false;
  std::vector<Check> stack;
  std::vector<Node*> seen;
  // A live node is higher than its inputs, so a node lower than `to` does not depend on it.
  const auto enter = [&](Node& node) {
    count_step();
    if (node.marked || (node.is(flag::live) && to.is(flag::live) && node.height < to.height))
      return;
    node.marked = true;
    seen.push_back(&node);
    stack.push_back({&node, 0});
  };
  enter(from);
  bool found = false;
  while (!stack.empty() && !found) {
    Node& node = *stack.back().node;
    const std::uint32_t index = stack.back().index++;
    if (&node == &to) {
      found = true;
    } else if (index >= node.active_inputs()) {
      stack.pop_back();
    } else {
      enter(*node.inputs[index].input);
    }
  }
  for (Node* node : seen) node->marked = false;
  if (found && path != nullptr) {
    for (const Check& check : stack) path->push_back(check.node);
  }
  return found;
}

}  // namespace halflife::graph
