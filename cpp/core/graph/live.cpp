// Edges, and which nodes are live and mounted.
// A node is *live* (kept current eagerly) while it has a subscriber, a waiter, a run in flight, or
// a live dependent. It is *mounted* (observed) while it has a subscriber, a waiter or a mounted
// dependent; only then is on_mount due. Mounted implies live. All walks here are iterative and run
// no user code: mount hooks are queued for the flush.
#include <algorithm>

#include "steps.hpp"
#include "store.hpp"

namespace halflife::graph {

void Store::insert_input(Node& node, std::uint32_t index, const Edge& edge) {
  reclaimer_.add_holder(*edge.input);
  node.inputs.push_back(edge);
  const std::uint32_t last = node.inputs.size() - 1;
  if (index == last) return;
  // The displaced edge was read by the last run: it moves to the end and stays linked.
  std::swap(node.inputs[index], node.inputs[last]);
  const Edge& displaced = node.inputs[last];
  if (displaced.slot != kUnlinked) displaced.input->dependents[displaced.slot].edge = last;
}

void Store::link(Node& node, std::uint32_t index) {
  UnstartedRuns::unmark(node);
  Edge& edge = node.inputs[index];
  Node& input = *edge.input;
  edge.slot = input.dependents.size();
  input.dependents.push_back({&node, index});
  if (!input.is(flag::live)) make_live(input, &node);
  if (node.is(flag::mounted)) add_observer(input);
}

void Store::unlink(Edge& edge, const Node& owner) {
  Node& input = *edge.input;
  const Dependent last = input.dependents.back();
  if (edge.slot != input.dependents.size() - 1) {
    input.dependents[edge.slot] = last;
    last.node->inputs[last.edge].slot = edge.slot;
  }
  input.dependents.pop_back();
  edge.slot = kUnlinked;
  if (edge.passed) {
    mount_hooks_.set_passed(edge, false);
    mount_hooks_.release_below(input);
  } else if (owner.is(flag::mounted)) {
    drop_observer(input);
  }
}

// A pending run read another input at this edge's index. The run does not observe the passed input
// any more, so a change of that input does not restart it. The input's unmount hook waits for the
// end of the run.
void Store::pass_over(Node& node, Edge& edge) {
  if (edge.passed || edge.slot == kUnlinked) return;
  mount_hooks_.set_passed(edge, true);
  if (node.is(flag::mounted)) drop_observer(*edge.input);
}

void Store::drop_inputs(Node& node, std::uint32_t from) {
  if (node.extra && node.extra->index && from < node.extra->index->known) forget_input_index(node);
  while (node.inputs.size() > from) {
    Edge& edge = node.inputs.back();
    Node& input = *edge.input;
    count_step();
    if (edge.counted) --node.async()->pending_inputs;
    if (edge.moving) --node.async()->moving_inputs;
    if (edge.slot != kUnlinked) {
      unlink(edge, node);
      leave(input);
    }
    node.inputs.pop_back();
    reclaimer_.unhold_later(input);
  }
}

void Store::make_live(Node& root, const Node* above) {
  // A live node counts as current unless it is queued. So a node that may not be current is queued
  // here: for instance, an effect read it and then set one of its inputs.
  std::vector<Node*> entered;
  const auto enter = [&](Node& node) {
    node.set_flag(flag::live);
    node.started = false;
    node.height = node.kind == Kind::source ? kSourceHeight : 0;
    entered.push_back(&node);
    if (node.kind == Kind::derived || node.kind == Kind::view) {
      if (node.verified_at < timeline_.revision() && !node.is(flag::running))
        propagation_.queue(node);
    }
  };
  enter(root);
  std::vector<Check> stack{{&root, 0}};
  while (!stack.empty()) {
    Node& node = *stack.back().node;
    const std::uint32_t index = stack.back().index++;
    if (index == node.inputs.size()) {
      stack.pop_back();
      // The dependents that it has so far are still on the stack, and will be put higher.
      node.height = Order::height_above_inputs(node);
      continue;
    }
    Edge& edge = node.inputs[index];
    if (edge.slot != kUnlinked) continue;
    Node& input = *edge.input;
    edge.slot = input.dependents.size();
    input.dependents.push_back({&node, index});
    if (node.is(flag::mounted) && !edge.passed) add_observer(input);
    if (!input.is(flag::live)) {
      enter(input);
      stack.push_back({&input, 0});
    }
  }
  if (above != nullptr) order_.put_below(entered, *above);
}

// The node is not live any more if nothing keeps it live; nor are inputs that only it kept live.
void Store::leave(Node& root) {
  const auto wanted = [](const Node& node) {
    return !node.dependents.empty() || node.keepalive_count > 0 || !node.is(flag::live);
  };
  if (wanted(root)) return;
  std::vector<Node*> work{&root};
  while (!work.empty()) {
    Node& node = *work.back();
    work.pop_back();
    if (wanted(node)) continue;
    node.started = false;
    // Nodes that were verified on top of this one at this revision rely on it. (A source is always
    // current.)
    if (fresh(node)) {
      node.verified_at = std::max(node.verified_at, timeline_.revision());
    } else if (node.is(flag::cyclic)) {
      doubt_verified();
    }
    node.clear_flag(flag::live | flag::queued | flag::immediate | flag::deferred);
    for (Edge& edge : node.inputs) {
      if (edge.slot == kUnlinked) continue;
      unlink(edge, node);
      work.push_back(edge.input);
    }
  }
}

void Store::add_keepalive(Node& node) {
  ++node.keepalive_count;
  reclaimer_.hold(node);
  if (!node.is(flag::live)) make_live(node);
}

void Store::drop_keepalive(Node& node) {
  --node.keepalive_count;
  leave(node);
  reclaimer_.maybe_unhold(node);
}

void Store::add_observer(Node& root) {
  if (root.is(flag::lingering)) {  // observed again within the grace period
    root.clear_flag(flag::lingering);
    drop_keepalive(root);
    return;
  }
  if (++root.observer_count > 1) return;
  root.set_flag(flag::mounted);
  std::vector<Check> stack{{&root, 0}};
  while (!stack.empty()) {
    Node& node = *stack.back().node;
    const std::uint32_t index = stack.back().index++;
    if (index == node.inputs.size()) {
      stack.pop_back();
      mount_hooks_.queue(node);  // after its inputs
      if (AsyncState* state = node.async();
          state != nullptr && node.is(flag::asynchronous) && state->outdated && !state->halted) {
        restart(node);
      }
      continue;
    }
    const Edge& edge = node.inputs[index];
    if (edge.slot == kUnlinked || edge.passed) continue;
    Node& input = *edge.input;
    if (input.is(flag::lingering)) {
      input.clear_flag(flag::lingering);
      drop_keepalive(input);
    } else if (++input.observer_count == 1) {
      input.set_flag(flag::mounted);
      stack.push_back({&input, 0});
    }
  }
}

void Store::drop_observer(Node& node) {
  if (node.observer_count == 1 && host_.linger(node)) {
    node.set_flag(flag::lingering);
    add_keepalive(node);
    return;
  }
  if (--node.observer_count == 0) unmount(node);
}

void Store::unmount(Node& root) {
  std::vector<Node*> work{&root};
  while (!work.empty()) {
    Node& node = *work.back();
    work.pop_back();
    node.clear_flag(flag::mounted);
    mount_hooks_.queue(node);  // before its inputs
    if (AsyncState* state = node.async();
        state != nullptr && node.is(flag::abort_unseen) && state->phase == Phase::running) {
      state->forced = state->outdated = true;
      state->asked = false;
      run_queue_.restart(node);
    }
    for (const Edge& edge : node.inputs) {
      if (edge.slot == kUnlinked) continue;
      if (edge.passed) {
        mount_hooks_.release_below(*edge.input);
      } else if (--edge.input->observer_count == 0) {
        work.push_back(edge.input);
      }
    }
  }
}

bool Store::expire(Node& node) {
  if (!node.is(flag::lingering)) return true;
  node.clear_flag(flag::lingering);
  if (--node.observer_count == 0) unmount(node);
  drop_keepalive(node);
  return flush();
}

Subscription* Store::subscribe(Node& node, Value callback, Value on_error) {
  const bool late = node.more().has_before;
  auto* subscription = new Subscription{
      &node, callback, on_error, notifications_.next_subscription(), node.changed_at, 2, late};
  node.extra->subscriptions.push_back(*subscription);
  add_keepalive(node);
  add_observer(node);
  return subscription;
}

bool Store::unsubscribe(Subscription& subscription) {
  Node* node = subscription.node;
  if (node == nullptr) return true;
  subscription.node = nullptr;
  node->extra->subscriptions.erase(subscription);
  reclaimer_.trash(subscription.callback);
  if (subscription.on_error != nullptr) reclaimer_.trash(subscription.on_error);
  subscription.callback = subscription.on_error = nullptr;
  drop(&subscription);  // the graph's reference; the handle has another one
  drop_observer(*node);
  drop_keepalive(*node);
  const bool ok = flush();
  sweep();
  return ok;
}

void Store::drop(Subscription* subscription) {
  if (--subscription->references == 0) delete subscription;
}

}  // namespace halflife::graph
