#include "unstarted_runs.hpp"

#include "steps.hpp"

namespace halflife::graph {

void UnstartedRuns::add(Node& node) {
  unmark(node);
  timeline_.next_revision();
  if (node.is(flag::in_unstarted)) return;
  // A node that is not live is found outdated by the next read that validates it. (The new revision
  // makes sure of that: the node may have been live, and current, a moment ago.)
  if (!node.is(flag::live) && node.async()->outdated) return;
  node.set_flag(flag::in_unstarted);
  ++count_;
}

// If a live node has no mark, its dependents have none either, so the walk ends there.
void UnstartedRuns::unmark_above(Node& root) {
  root.started = false;
  std::vector<Node*> work{&root};
  while (!work.empty()) {
    const Node& node = *work.back();
    work.pop_back();
    for (const Dependent& dependent : node.dependents) {
      count_step();
      if (!dependent.node->started) continue;
      dependent.node->started = false;
      work.push_back(dependent.node);
    }
  }
}

std::vector<Node*> UnstartedRuns::find(Node& target, bool outside) {
  std::vector<Node*> found;
  bool waiting = false;
  std::vector<Node*> seen;
  const auto enter = [&](Node& node) {
    count_step();
    const bool known =
        node.started && (node.is(flag::live) || node.verified_at >= timeline_.revision());
    if (node.marked || known) return;
    node.marked = true;
    seen.push_back(&node);
    if (!node.is(flag::in_unstarted)) return;
    const AsyncState* state = node.async();
    const bool waits = state != nullptr && (state->halted || state->outdated) &&
                       state->phase != Phase::running && !state->restart_queued;
    if (waits) {
      waiting = true;
      if (outside || state->outdated) found.push_back(&node);
    } else {
      remove(node);
    }
  };
  enter(target);
  for (std::size_t next = 0; next < seen.size(); ++next) {
    Node& node = *seen[next];
    for (std::uint32_t index = 0; index < node.active_inputs(); ++index) {
      enter(*node.inputs[index].input);
    }
  }
  for (Node* node : seen) {
    node->marked = false;
    node->started = !waiting;
  }
  return found;
}

}  // namespace halflife::graph
