// Restarts of async runs: how a run ends, and how the next one begins.
#include <algorithm>
#include <utility>

#include "store.hpp"

namespace halflife::graph {

// The node needs a new run. A plain read that returned an awaitable runs again, since its awaitable
// may be used up.
void Store::restart(Node& node) {
  if (!node.is_plain_read()) {
    run_queue_.restart(node);
    return;
  }
  node.set_flag(flag::dirty);
  node.verified_at = 0;
  if (node.is(flag::live)) propagation_.enqueue(node, flag::immediate);
}

// Ends the run in flight, or drops its provisional result; neither will be shown.
void Store::stop(Node& node) {
  AsyncState& state = *node.async();
  if (state.run != nullptr) {
    if (state.entered) events_.record(Event::superseded, node);
    run_queue_.cancel_later(state.run);
    state.run = nullptr;
  }
  if (state.provisional != nullptr) reclaimer_.trash(state.provisional);
  state.provisional = nullptr;
  state.phase = Phase::idle;
  state.streaming = false;
}

// No batch is open any more: cancels superseded runs and begins the runs that are due.
void Store::commit_runs() {
  if (!run_queue_.begin_commit()) return;
  for (std::size_t index = 0; index < run_queue_.restarts(); ++index) {
    if (run_queue_.restart_at(index) == nullptr) continue;
    Node& node = *run_queue_.restart_at(index);
    AsyncState& state = *node.async();
    state.restart_queued = false;
    if (node.is(flag::asynchronous) && !state.outdated) continue;
    stop(node);
    const bool wanted = node.is(flag::asynchronous) && (node.is(flag::mounted) || state.asked);
    if (wanted && node.is_plain_read() && state.awaitable == nullptr) {
      restart(node);  // the last run has used up its awaitable
      continue;
    }
    if (wanted && host_.can_start(node, false)) {
      begin(node);
      continue;
    }
    state.asked = false;
    state.forced = true;
    uncount(node);
    if (node.is(flag::asynchronous) && node.is_plain_read()) {
      node.set_flag(flag::dirty);  // its awaitable is gone with the run
    }
    update_keepalive(node);
    update_pending(node);
    if (node.is(flag::asynchronous)) unstarted_.add(node);
  }
  run_queue_.end_commit();
}

bool Store::enter_run(Node& node, Generation generation) {
  if (!is_current(node, generation)) return false;
  // The grace period counts as an observer, but needs no new value.
  const bool observed = node.observer_count > (node.is(flag::lingering) ? 1U : 0U);
  AsyncState& state = *node.async();
  if (observed || state.demanded) {
    if (!state.entered) events_.record(Event::run, node);
    state.entered = true;
    return true;
  }
  withdraw(node);
  return false;
}

// Ends a run without cancelling its task: the run has not taken its first step, or lost its loop.
void Store::withdraw(Node& node) {
  AsyncState& state = *node.async();
  if (state.run != nullptr) reclaimer_.trash(state.run);
  state.run = nullptr;
  stop(node);
  if (node.is_plain_read()) node.set_flag(flag::dirty);
  state.forced = state.outdated = true;
  uncount(node);
  update_keepalive(node);
  update_pending(node);
  unstarted_.add(node);
}

void Store::begin(Node& node) {
  AsyncState& state = *node.async();
  uncount(node);
  unstarted_.remove(node);
  if (node.is(flag::async_read)) {
    forget_input_index(node);
    // The last run's inputs stay linked until this run ends, so that none is unmounted meanwhile.
    state.cursor = 0;
    if (!node.is(flag::live)) drop_inputs(node, 0);
  }
  ++state.generation;
  state.phase = Phase::running;
  state.asked_at = kNotAsked;
  state.demanded = state.asked || node.has_subscribers() || node.kind == Kind::source;
  state.entered = state.demanded;
  state.outdated = state.forced = state.asked = state.halted = state.streaming = false;
  state.run = host_.make_run(node, state.generation);
  host_.own(state.run);
  if (node.is_plain_read()) {
    // The run has the awaitable now. It may refer to the atom, which the node would then keep alive
    // for ever.
    reclaimer_.trash(std::exchange(state.awaitable, nullptr));
  }
  run_queue_.start_later(state.run, node.height);
  if (state.entered) events_.record(Event::run, node);
  timeline_.next_revision();
  update_keepalive(node);
  update_pending(node);
}

}  // namespace halflife::graph
