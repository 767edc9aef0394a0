// What is true between any two calls. Tests ask after every step.
#include "store.hpp"

namespace halflife::graph {

const char* Store::invariant() const {
  if (top_ != nullptr || stabilizing_ || !checks_.empty()) return "a walk is still under way";
  for (const Node* node : nodes_) {
    if (node->is(flag::running | flag::checking)) return "a node is marked as running";
    std::uint32_t mounts = 0;
    for (std::uint32_t slot = 0; slot < node->dependents.size(); ++slot) {
      const Dependent& dependent = node->dependents[slot];
      if (dependent.edge >= dependent.node->inputs.size()) return "a back-link to no edge";
      const Edge& edge = dependent.node->inputs[dependent.edge];
      if (edge.input != node || edge.slot != slot) return "a back-link that does not lead back";
      if (!dependent.node->is(flag::live)) return "a back-link to a node that is not live";
      if (dependent.node->is(flag::mounted)) ++mounts;
      if (dependent.edge < dependent.node->active_inputs() &&
          dependent.node->height <= node->height)
        return "a dependent that is not higher";
    }
    if (node->extra) {
      mounts += node->extra->subscriptions.size();
      if (node->async() != nullptr) mounts += node->async()->waiters;
    }
    if (node->is(flag::lingering)) ++mounts;
    if (node->kind != Kind::effect && mounts != node->mounts) return "miscounted observers";
    if ((node->mounts > 0) != node->is(flag::mounted)) return "mounted without an observer";
    const bool live = !node->dependents.empty() || node->reasons > 0;
    if (live != node->is(flag::live)) return "live without a reason";
    if (needed(*node) && !node->is(flag::held)) return "needed, but its atom is not held";
    for (const Edge& edge : node->inputs) {
      if ((edge.slot != kUnlinked) != node->is(flag::live)) return "an edge half linked";
      if (edge.input->holders == 0) return "an input that nobody holds";
    }
    if (heap_.empty() && node->is(flag::queued)) return "queued, but not in the heap";
    if (const AsyncState* state = node->async()) {
      std::uint32_t counted = 0;
      for (std::uint32_t index = 0; index < node->inputs.size(); ++index) {
        if (node->inputs[index].counted) ++counted;
      }
      if (counted != state->pending_inputs) return "miscounted pending inputs";
      if (heap_.empty() && restarts_.empty() && node->is(flag::asynchronous) &&
          state->was_pending != state->pending()) {
        return "dependents were told something else";
      }
      if ((state->phase == Phase::running) != (state->run != nullptr)) return "a run without a run";
    }
  }
  return nullptr;
}

}  // namespace halflife::graph
