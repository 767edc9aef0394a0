// The invariant of the store: what is true between any two calls. Each part checks its own fields;
// here are the conditions on nodes and edges. Tests check all of it after every step.
#include "store.hpp"

namespace halflife::graph {

namespace {

const char* wrong_subscriptions(const Node& node) {
  std::uint32_t count = 0;
  const Subscription* before = nullptr;
  for (const Subscription* subscription : node.extra->subscriptions) {
    if (subscription->node != &node) return "a subscription of another node";
    if (subscription->previous != before) return "a subscription that does not know the one before";
    if (before != nullptr && before->id >= subscription->id) return "subscriptions out of order";
    before = subscription;
    ++count;
  }
  return count == node.extra->subscriptions.size() ? nullptr : "miscounted subscriptions";
}

bool waits_for_a_read(const Node& node) {
  const AsyncState* state = node.async();
  return node.is(flag::in_unstarted) && state != nullptr && (state->halted || state->outdated) &&
         state->phase != Phase::running && !state->restart_queued;
}

}  // namespace

const char* Store::wrong_lists() const {
  std::size_t unstarted = 0;
  for (const Node* node : nodes_) {
    if (node->marked) return "a mark that a walk has left";
    if (node->is(flag::in_unstarted)) ++unstarted;
    if (const char* wrong = journal_.invariant(*node)) return wrong;
    if (const char* wrong = propagation_.invariant(*node)) return wrong;
    if (const char* wrong = reclaimer_.invariant(*node)) return wrong;
    if (node->is(flag::live) && node->started) {
      if (waits_for_a_read(*node)) return "waits to be started, and is marked";
      for (std::uint32_t index = 0; index < node->active_inputs(); ++index) {
        const Node& input = *node->inputs[index].input;
        if (!input.started) return "marked, though an input is not";
      }
    }
    if (!node->extra) continue;
    if (const char* wrong = wrong_subscriptions(*node)) return wrong;
    if (!node->extra->index) continue;
    for (const auto& [input, at] : node->extra->index->indices) {
      if (at < node->active_inputs() && node->inputs[at].input != input)
        return "an input that is not where the index has it";
    }
  }
  if (const char* wrong = unstarted_.invariant(unstarted)) return wrong;
  if (const char* wrong = journal_.invariant()) return wrong;
  if (const char* wrong = notifications_.invariant()) return wrong;
  if (const char* wrong = run_queue_.invariant()) return wrong;
  if (const char* wrong = mount_hooks_.invariant()) return wrong;
  if (const char* wrong = timeline_.invariant()) return wrong;
  return order_.invariant();
}

// A node that was verified at this revision relies on all of its inputs. (Exceptions: an async node
// may be known to be outdated, and an input that waits for a loop is tried again at every read.)
const char* Store::wrong_verification(const Node& node) const {
  if (node.is(flag::asynchronous) && node.async()->outdated) {
    const AsyncState& state = *node.async();
    const bool found = state.phase != Phase::idle || state.restart_queued || !fresh(node);
    return found || node.is(flag::in_unstarted) ? nullptr : "out of date, and no read finds out";
  }
  if (node.kind == Kind::source || node.verified_at < timeline_.revision()) return nullptr;
  for (std::uint32_t index = 0; index < node.active_inputs(); ++index) {
    const Edge& edge = node.inputs[index];
    if (edge.awaiting || fresh(*edge.input) || edge.input->is(flag::dirty | flag::queued)) continue;
    if (stamp_of(edge) != edge.seen) return "verified, though an input has changed";
    if (!edge.input->is(flag::live) && must_run(*edge.input))
      return "verified, though an input is to run again";
  }
  return nullptr;
}

const char* Store::invariant() const {
  if (const char* wrong = wrong_lists()) return wrong;
  if (const char* wrong = validation_.invariant()) return wrong;
  if (propagation_.stabilizing()) return "a walk is still under way";
  for (const Node* node : nodes_) {
    if (node->is(flag::running | flag::checking)) return "a node is marked as running";
    if (const char* wrong = wrong_verification(*node)) return wrong;
    std::uint32_t observers = 0;
    for (std::uint32_t slot = 0; slot < node->dependents.size(); ++slot) {
      const Dependent& dependent = node->dependents[slot];
      if (dependent.edge >= dependent.node->inputs.size()) return "a back-link to no edge";
      const Edge& edge = dependent.node->inputs[dependent.edge];
      if (edge.input != node || edge.slot != slot) return "a back-link that does not lead back";
      if (!dependent.node->is(flag::live)) return "a back-link to a node that is not live";
      if (dependent.node->is(flag::mounted) && !edge.passed) ++observers;
      if (dependent.edge < dependent.node->active_inputs() &&
          dependent.node->height <= node->height)
        return "a dependent that is not higher";
    }
    if (node->extra) {
      observers += node->extra->subscriptions.size();
      if (node->async() != nullptr) observers += node->async()->waiters;
    }
    if (node->is(flag::lingering)) ++observers;
    if (node->kind != Kind::effect && observers != node->observer_count)
      return "miscounted observers";
    if ((node->observer_count > 0) != node->is(flag::mounted)) return "mounted without an observer";
    const bool live = !node->dependents.empty() || node->keepalive_count > 0;
    if (live != node->is(flag::live)) return "live, and nothing keeps it alive";
    for (const Edge& edge : node->inputs) {
      if ((edge.slot != kUnlinked) != node->is(flag::live)) return "an edge half linked";
      if (edge.input->holders == 0) return "an input that nobody holds";
    }
    if (const AsyncState* state = node->async()) {
      std::uint32_t counted = 0;
      std::uint32_t moving = 0;
      for (std::uint32_t index = 0; index < node->inputs.size(); ++index) {
        if (node->inputs[index].counted) ++counted;
        if (node->inputs[index].moving) ++moving;
      }
      if (counted != state->pending_inputs || moving != state->moving_inputs)
        return "miscounted pending inputs";
      if (!propagation_.pending() && !run_queue_.has_restarts() && node->is(flag::asynchronous) &&
          state->was_pending != state->pending()) {
        return "dependents were told something else";
      }
      if ((state->phase == Phase::running) != (state->run != nullptr)) return "a run without a run";
    }
  }
  return nullptr;
}

}  // namespace halflife::graph
