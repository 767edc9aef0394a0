// One run of a node's read, and what its result changes.
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
    // Whatever came back is made of a read that did not happen.
    if (outcome.status != Status::unwind) reclaimer_.trash(outcome.value);
    outcome.status = Status::unwind;
  }
  if (outcome.status == Status::unwind || outcome.status == Status::interrupted) {
    node.clear_flag(flag::running);
    node.set_flag(flag::dirty);
    if (node.is(flag::live)) {
      commit_inputs(node, node.inputs.size());
      propagation_.queue(node);  // whoever asked for it may catch the interrupt and never ask again
    }
    if (outcome.status == Status::interrupted) {
      validation_.drop_unwind_path();
      // A reader that catches the interrupt has not recorded what it read: any change may matter.
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
  if (node.is(flag::dirty)) node.verified_at = 0;  // the host wants another try at the next read
  node.clear_flag(flag::running);
  return outcome.status;
}

// Inputs from `count` on are not read any more. New ones are linked before old ones are dropped, so
// that nothing is unobserved in between.
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
    // Observed, it starts for its observers; else for whoever reads it now.
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
    if (node.is(flag::asynchronous)) {  // a plain value this time: the run in flight is outdated
      AsyncState& state = *node.async();
      state.outdated = false;
      // To stop what is in flight, to wake those who wait, and to count it no longer as pending.
      if (state.keeps_alive || state.was_pending) run_queue_.restart(node);
      uncount(node);
      node.clear_flag(flag::asynchronous);
      state.state_at = timeline_.next_stamp();
    }
    if (AsyncState* state = node.async(); state != nullptr && state->awaitable != nullptr) {
      reclaimer_.trash(
          std::exchange(state->awaitable, nullptr));  // it may refer to the atom that returned it
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

// By the user's function. Until that has decided, the node has no value: one that reads it, or what
// depends on it, is on a circle.
bool Store::compare(Node& node, Value before, Value now) {
  const Revision verified = std::exchange(node.verified_at, 0);
  const Propagation::Progress progress = propagation_.progress();
  if (node.is(flag::live) &&
      !progress.stabilizing) {  // then observed nodes count as current only below it
    propagation_.set_progress({true, node.height});
  }
  if (node.kind == Kind::source)
    timeline_.next_revision();  // what has read it may have been verified just now
  const std::size_t cyclic = propagation_.cyclic();
  const bool equal = host_.equal(node, before, now);
  node.verified_at = verified;
  propagation_.set_progress(progress);
  if (propagation_.cyclic() >
      cyclic) {  // whoever was on the circle tries again without the comparison
    timeline_.next_revision();
    propagation_.retry_cycles(flag::immediate);
  }
  return equal;
}

// Takes the value. True if it really is another one.
bool Store::replace(Node& node, Value value, bool error, std::uint32_t urgency) {
  if (same(node, value, error)) {
    reclaimer_.trash(value);
    return false;
  }
  const Value before = node.value;
  const bool had = node.is(flag::computed);
  if (node.has_subscribers() && urgency != 0) {
    Extra& extra = *node.extra;
    // One that is noted without a `before` is to be told whatever comes now.
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

// A node that met a cycle may read anything when it runs again, also what was verified on top of it
// at this revision. That is not current from the end of this walk on.
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
