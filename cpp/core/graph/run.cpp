// One run of a node's read, and how its result becomes the node's value.
#include <utility>

#include "store.hpp"

namespace halflife::graph {

Status Store::run(Node& node) {
  if (in_batch() && node.is(flag::live | flag::computed)) journal_.save(node);
  Frame frame = validation_.new_frame(node);
  node.set_flag(flag::running);
  node.clear_flag(flag::dirty | flag::cyclic | flag::queued);
  node.verified_at = 0;
  const std::uint32_t size = node.inputs.size();
  validation_.enter_run(frame);
  Outcome outcome = host_.run(node, frame);
  validation_.leave_run(frame);

  if (validation_.unwinding() && outcome.status != Status::interrupted) {
    // The result is invalid: a read inside the run was unwound.
    if (outcome.status != Status::unwind) reclaimer_.trash(outcome.value);
    outcome.status = Status::unwind;
  }
  if (outcome.status == Status::unwind || outcome.status == Status::interrupted) {
    node.clear_flag(flag::running);
    node.set_flag(flag::dirty);
    if (node.is(flag::live)) {
      commit_inputs(node, node.inputs.size());
      propagation_.queue(node);  // the reader may catch the interrupt and never ask again
    }
    if (outcome.status == Status::interrupted) {
      validation_.drop_unwind_path();
      // A reader that catches the interrupt has not recorded this input, so it runs again after any
      // change.
      const Frame* reader = validation_.top();
      if (reader != nullptr && reader->node->kind != Kind::effect)
        reader->node->set_flag(flag::cyclic);
    }
    return outcome.status;
  }

  if (frame.cursor != size || node.inputs.size() != size) commit_inputs(node, frame.cursor);
  ++node.runs;
  propagation_.list_cyclic(node);
  accept(node, outcome);
  if (node.kind == Kind::derived) events_.record(Event::run, node);
  if (node.is(flag::dirty))
    node.verified_at = 0;  // the host asked for another run at the next read
  node.clear_flag(flag::running);
  return outcome.status;
}

// The run has read `count` inputs; the edges from there on are dropped. New inputs are linked
// before old ones are dropped, so that no node is unobserved in between.
void Store::commit_inputs(Node& node, std::uint32_t count) {
  forget_input_index(node);
  if (node.is(flag::live)) {
    for (std::uint32_t index = 0; index < count; ++index) {
      if (node.inputs[index].slot == kUnlinked) link(node, index);
    }
  }
  drop_inputs(node, count);
  if (node.is(flag::live)) order_.put_above_inputs(node);
}

void Store::accept(Node& node, Outcome outcome) {
  const std::uint32_t urgency = node.flags & (flag::immediate | flag::deferred);
  if (outcome.status == Status::awaitable) {
    become_asynchronous(node, urgency);
    AsyncState& state = *node.async();
    if (state.awaitable != nullptr) reclaimer_.trash(state.awaitable);
    state.awaitable = outcome.value;
    state.cursor = node.inputs.size();
    state.forced = state.outdated = true;
    // A mounted node starts for its observers; another one for this read.
    if (!node.is(flag::mounted)) state.asked = true;
    run_queue_.restart(node);
    update_pending(node);
    node.verified_at = timeline_.revision();
  } else if (outcome.settled) {
    become_asynchronous(node, urgency);
    AsyncState& state = *node.async();
    state.cursor = node.inputs.size();
    state.forced = state.outdated = state.asked = false;
    if (state.run != nullptr || state.was_pending)
      run_queue_.restart(node);  // nothing else ends that run
    uncount(node);
    settle(node, outcome.value, outcome.status == Status::error);
  } else {
    if (node.is(flag::asynchronous)) {  // the plain value supersedes the run in flight
      AsyncState& state = *node.async();
      state.outdated = false;
      // The restart stops the run in flight, wakes the waiters, and ends the pending state.
      if (state.keeps_alive || state.was_pending) run_queue_.restart(node);
      uncount(node);
      node.clear_flag(flag::asynchronous);
      state.state_at = timeline_.next_stamp();
    }
    if (AsyncState* state = node.async(); state != nullptr && state->awaitable != nullptr) {
      // It may refer to its atom, and keep the atom alive.
      reclaimer_.trash(std::exchange(state->awaitable, nullptr));
    }
    if (replace(node, outcome.value, outcome.status == Status::error, urgency)) {
      propagation_.changed(node, urgency);
    }
    node.verified_at = timeline_.revision();
  }
  node.clear_flag(flag::immediate | flag::deferred);
}

bool Store::same(Node& node, Value value, bool error) {
  if (!node.is(flag::computed) || node.is(flag::error) != error) return false;
  if (error) return host_.same_error(node.value, value);
  if (node.value == value) return true;
  return is_equal(node, node.value, value);
}

bool Store::is_equal(Node& node, Value before, Value now) {
  Comparison comparison = validation_.new_comparison(node);
  const bool was_running = node.is(flag::running);
  validation_.enter_comparison(comparison);
  node.set_flag(flag::running);
  const bool equal =
      node.is(flag::compares) ? compare(node, before, now) : host_.equal(node, before, now);
  if (!was_running) node.clear_flag(flag::running);
  validation_.leave_comparison(comparison);
  return equal;
}

// Compares by the user's function. Until it returns, the node has no value: if the function reads
// the node, or one that depends on it, that is a cycle.
bool Store::compare(Node& node, Value before, Value now) {
  const Revision verified = std::exchange(node.verified_at, 0);
  const Propagation::Progress progress = propagation_.progress();
  // So that live nodes count as current only below this one.
  if (node.is(flag::live) && !progress.stabilizing) {
    propagation_.set_progress({true, node.height});
  }
  if (node.kind == Kind::source)
    timeline_.next_revision();  // its dependents may have been verified at this revision
  const std::size_t cyclic = propagation_.cyclic();
  const bool equal = host_.equal(node, before, now);
  node.verified_at = verified;
  propagation_.set_progress(progress);
  if (propagation_.cyclic() > cyclic) {  // nodes on the cycle run again, outside of the comparison
    timeline_.next_revision();
    propagation_.retry_cycles(flag::immediate);
  }
  return equal;
}

// Replaces the node's value unless the new one is equal. Takes the value. True if it was replaced.
bool Store::replace(Node& node, Value value, bool error, std::uint32_t urgency) {
  if (same(node, value, error)) {
    reclaimer_.trash(value);
    return false;
  }
  const Value before = node.value;
  const bool had = node.is(flag::computed);
  if (node.has_subscribers() && urgency != 0) {
    Extra& extra = *node.extra;
    // If the node is queued without a `before`, its subscribers are notified in any case.
    if (!extra.has_before && !node.is(flag::notification_queued) && had &&
        (in_batch() || !(urgency & flag::immediate))) {
      extra.has_before = true;
      extra.before = before;
      extra.before_error = node.is(flag::error);
      node.value = nullptr;
    }
    notifications_.queue(node, urgency);
  }
  if (node.value != nullptr) reclaimer_.trash(before);
  node.value = value;
  node.clear_flag(flag::error);
  node.set_flag(flag::computed | (error ? flag::error : 0));
  node.changed_at = timeline_.next_stamp();
  return true;
}

// A node that met a cycle may read anything when it runs again, even nodes that were verified on
// top of it at this revision. These do not count as current after this walk.
void Store::doubt_verified() {
  if (busy()) {
    validation_.set_doubts(true);
  } else {
    timeline_.next_revision();
    validation_.set_doubts(false);
  }
}

bool Store::edges_outdated(const Node& node) const {
  const std::uint32_t active = node.active_inputs();
  for (std::uint32_t index = 0; index < active; ++index) {
    const Edge& edge = node.inputs[index];
    if (!edge.awaiting && stamp_of(edge) != edge.seen) return true;
  }
  return false;
}

}  // namespace halflife::graph
