// The inputs of an async run: recorded when the run asks for them, received when their values
// arrive.
#include "store.hpp"

namespace halflife::graph {

bool Store::record_async(Node& node, Node& input) {
  AsyncState& state = *node.async();
  std::vector<Node*> path;
  if (depends_on(input, node, &path)) {
    path.insert(path.begin(), &node);
    host_.raise(Error::cycle, path);
    return false;
  }
  const std::uint32_t index = index_of_input(node, input);
  if (index < state.cursor) return true;
  const bool awaiting = input.is(flag::asynchronous);
  if (index < node.inputs.size() && node.inputs[index].input == &input) {
    Edge& edge = node.inputs[index];
    edge.seen = input.changed_at;
    edge.awaiting = awaiting;
    edge.state = false;
    if (edge.passed) {
      mount_hooks_.set_passed(edge, false);
      if (node.is(flag::mounted)) add_observer(input);
    }
  } else {
    const bool displaces = index < node.inputs.size();
    insert_input(node, index, Edge{&input, input.changed_at, kUnlinked, false, awaiting});
    if (displaces) pass_over(node, node.inputs.back());
  }
  ++state.cursor;
  UnstartedRuns::unmark(node);
  if (node.is(flag::live)) {
    if (node.inputs[index].slot == kUnlinked) link(node, index);
    order_.put_above(node, input, static_cast<Height>(nodes_.size()));
  }
  return true;
}

// The run received the input's settled value: from now on a change of the input makes the run
// outdated.
bool Store::received(Node& node, Generation generation, Node& input) {
  if (!is_current(node, generation)) return false;
  const std::uint32_t index = index_of_input(node, input);
  if (index == node.active_inputs() || !node.inputs[index].awaiting) return true;
  node.inputs[index].awaiting = false;
  node.inputs[index].seen = input.changed_at;
  return true;
}

}  // namespace halflife::graph
