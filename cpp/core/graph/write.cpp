// Writing: sets or refreshes a node.
#include "store.hpp"

namespace halflife::graph {

bool Store::writable_now() {
  Frame* reading = validation_.top();
  while (reading != nullptr && reading->node->kind == Kind::effect) reading = reading->outer;
  if (reading == nullptr && !propagation_.stabilizing() && !validation_.comparing() &&
      validation_.size() == 0)
    return true;
  Node* node = reading != nullptr ? reading->node : nullptr;
  host_.raise(Error::write_during_read, std::span<Node* const>(&node, node != nullptr ? 1 : 0));
  return false;
}

void Store::initialize(Node& node, Value value) {
  node.value = value;
  node.set_flag(flag::computed);
  node.changed_at = timeline_.next_stamp();
  node.verified_at = kAlways;
}

void Store::initialize_awaitable(Node& node, Value awaitable) {
  node.make_async().awaitable = awaitable;
  node.set_flag(flag::asynchronous);
}

// The source changed: its dependents are queued, and the nodes that met a cycle try again.
void Store::wrote(Node& node) {
  timeline_.next_revision();
  propagation_.changed(node, flag::immediate);
  propagation_.retry_cycles(flag::immediate);
  events_.record(Event::set, node);
}

// Sets a source. Takes the value.
bool Store::set(Node& node, Value value) {
  if (!writable_now()) {
    reclaimer_.trash(value);
    return false;
  }
  if (!node.is(flag::asynchronous)) {
    if (same(node, value, false)) {
      reclaimer_.trash(value);
      return !propagation_.pending() || flush();
    }
    journal_.save(node);
  } else {
    journal_.save(node);
    AsyncState& state = *node.async();
    state.outdated = false;
    run_queue_.restart(node);  // stops the run in flight, and wakes the waiters
    node.clear_flag(flag::asynchronous);
    state.state_at = timeline_.next_stamp();
  }
  const Value before = node.value;
  if (node.has_subscribers()) {
    Extra& extra = *node.extra;
    if (in_batch() && !extra.has_before && !node.is(flag::notification_queued) &&
        before != nullptr) {
      extra.has_before = true;
      extra.before = before;
      extra.before_error = node.is(flag::error);
      node.value = nullptr;
    }
    notifications_.queue(node, flag::immediate);
  }
  if (node.value != nullptr) reclaimer_.trash(before);
  node.value = value;
  node.clear_flag(flag::error);
  node.set_flag(flag::computed);
  node.changed_at = timeline_.next_stamp();
  node.verified_at = kAlways;
  wrote(node);
  if (in_batch() || flushing_) {
    run_errands();
    return true;
  }
  if (!propagation_.pending() && notifications_.empty() && !run_queue_.has_restarts() &&
      !reclaimer_.has_values() && !reclaimer_.has_orphans() && !host_.has_errands) {
    return true;
  }
  return flush();
}

bool Store::set_awaitable(Node& node, Value awaitable) {
  if (!writable_now() || !host_.can_start(node, true)) {
    reclaimer_.trash(awaitable);
    return false;
  }
  AsyncState& state = node.make_async();
  if (node.is(flag::asynchronous) && state.awaitable == awaitable) {
    reclaimer_.trash(awaitable);
    return true;
  }
  journal_.save(node);
  if (state.awaitable != nullptr) reclaimer_.trash(state.awaitable);
  state.awaitable = awaitable;
  become_asynchronous(node, flag::immediate);
  state.forced = state.outdated = state.asked = true;
  node.verified_at = 0;
  run_queue_.restart(node);
  update_pending(node);
  // The settled value is unchanged: only dependents that read the loading state are enqueued.
  timeline_.next_revision();
  propagation_.retry_cycles(flag::immediate);
  events_.record(Event::set, node);
  return flush();
}

bool Store::refresh(Node& node) {
  if (!writable_now()) return false;
  if (node.is(flag::asynchronous | flag::async_read)) {
    if (!host_.can_start(node, true)) return false;
    AsyncState& state = node.make_async();
    journal_.save(node);
    state.forced = state.outdated = state.asked = true;
    state.halted = false;
    restart(node);
    update_pending(node);
  } else {
    node.set_flag(flag::dirty);
    node.verified_at = 0;
    if (node.is(flag::live)) propagation_.enqueue(node, flag::immediate);
  }
  timeline_.next_revision();
  propagation_.retry_cycles(flag::immediate);
  return flush();
}

}  // namespace halflife::graph
