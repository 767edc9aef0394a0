// The life of an asynchronous node: it goes out of date, runs, and settles.
// A run is outdated when another value replaces one that the run received. An input that is merely
// pending makes the node pending, too; if that input settles to an equal value, the node keeps its
// value without running. All of these changes travel through the recompute heap, by height, so a
// chain of any depth needs no recursion and no node is updated twice.
#include <algorithm>

#include "store.hpp"

namespace halflife::graph {

namespace {

void count_input(std::uint32_t& count, bool counted) { counted ? ++count : --count; }

}  // namespace

// From now on the node's value arrives later. Until then its plain value is kept as the last data.
// Dependents that read the plain value would read something else now, so the node counts as
// changed.
void Store::become_asynchronous(Node& node, std::uint32_t urgency) {
  AsyncState& state = node.make_async();
  if (node.is(flag::asynchronous)) return;
  node.set_flag(flag::asynchronous);
  state.was_pending = false;
  if (!node.is(flag::computed)) return;
  node.changed_at = timeline_.next_stamp();
  for (const Dependent& dependent : node.dependents) {
    // update_pending enqueues the dependents that read the loading state, and defers their
    // notification.
    if (!dependent.node->inputs[dependent.edge].state)
      propagation_.enqueue(*dependent.node, urgency);
  }
  if (node.is(flag::error)) return;
  if (state.shown != nullptr) reclaimer_.trash(state.shown);
  state.shown = node.value;
  host_.own(node.value);
}

// The inputs that the run received are current now: updates the node's state from them.
void Store::update_async(Node& node, bool asked) {
  AsyncState& state = *node.async();
  const bool outdated = state.forced || edges_outdated(node);
  state.outdated = outdated;
  if (!outdated) {
    for (std::uint32_t index = 0; index < state.cursor; ++index) {
      Edge& edge = node.inputs[index];
      const bool counts = !edge.awaiting && !edge.state && edge.input->pending();
      const bool moves = counts && edge.input->moving();
      if (counts != edge.counted) count_input(state.pending_inputs, counts);
      if (moves != edge.moving) count_input(state.moving_inputs, moves);
      edge.counted = counts;
      edge.moving = moves;
    }
    if (state.phase == Phase::finished && state.pending_inputs == 0) {
      const Value value = state.provisional;
      state.provisional = nullptr;
      settle(node, value, state.provisional_error);
      return;
    }
  } else if (uncount(node); !state.restart_queued) {
    if (node.is(flag::mounted) || state.asked || state.phase != Phase::idle) {
      run_queue_.restart(node);
    } else if (!asked && node.is(flag::live)) {
      unstarted_.add(node);
    }
  }
  update_keepalive(node);
  update_pending(node);
}

// Enqueues the dependents if it changed whether a newer value is on its way, or whether the
// published value of a stream is shown meanwhile.
void Store::update_pending(Node& node) {
  AsyncState& state = *node.async();
  const bool pending = node.is(flag::asynchronous) && state.pending();
  const bool moving = pending && state.moving();
  const bool turned = pending != state.was_pending;
  const bool moved = moving != state.was_moving;
  const bool showed = turned || state.shows_stream() != state.showed_stream;
  if (!moved && !showed) return;
  state.was_pending = pending;
  state.was_moving = moving;
  state.showed_stream = state.shows_stream();
  if (showed) state.state_at = timeline_.next_stamp();
  const std::uint32_t urgency = pending ? flag::deferred : flag::immediate;
  for (const Dependent& dependent : node.dependents) {
    Node& other = *dependent.node;
    const Edge& edge = other.inputs[dependent.edge];
    const bool waits = (turned || moved) && other.is(flag::asynchronous) && !edge.awaiting;
    if ((edge.state && showed) || waits) propagation_.enqueue(other, urgency);
  }
  if (turned && !pending) host_.wake(node);
}

// A run in flight, or an input that will settle, keeps the node live.
void Store::update_keepalive(Node& node) {
  AsyncState& state = *node.async();
  const bool keeps_alive = state.phase == Phase::running || state.moving_inputs > 0;
  if (keeps_alive != state.keeps_alive) {
    state.keeps_alive = keeps_alive;
    if (keeps_alive) {
      add_keepalive(node);
    } else {
      drop_keepalive(node);
    }
  }
  run_queue_.count(node);
}

void Store::uncount(Node& node) {
  AsyncState& state = *node.async();
  if (state.pending_inputs == 0) return;
  for (Edge& edge : node.inputs) edge.counted = edge.moving = false;
  state.pending_inputs = state.moving_inputs = 0;
}

// Gives the node its settled value. Takes the value.
void Store::settle(Node& node, Value value, bool error) {
  AsyncState& state = *node.async();
  const bool is_other = replace(node, value, error, flag::immediate);
  if (!error) {  // if the value was equal, `replace` kept the older object
    if (state.shown != nullptr) reclaimer_.trash(state.shown);
    state.shown = node.value;
    host_.own(node.value);
  }
  if (is_other) {
    propagation_.changed(node, flag::immediate);
    if (propagation_.cyclic() > 0) doubt_verified();
    propagation_.retry_cycles(flag::immediate);
  }
  events_.record(error ? Event::failed : Event::settled, node);
  state.phase = Phase::idle;
  state.streaming = false;
  state.answered_at = state.asked_at;
  state.state_at = timeline_.next_stamp();
  node.verified_at = timeline_.revision();
  ++node.runs;
  update_pending(node);
  update_keepalive(node);
}

void Store::asked(Node& node, Generation generation) {
  if (is_current(node, generation)) node.async()->asked_at = timeline_.next_stamp();
}

bool Store::is_current(const Node& node, Generation generation) const {
  const AsyncState* state = node.async();
  return state != nullptr && node.is(flag::asynchronous) && state->generation == generation &&
         state->phase == Phase::running;
}

// The run of this generation has ended. Takes the value.
bool Store::resolve(Node& node, Generation generation, Value value, bool error, bool halted) {
  if (!is_current(node, generation)) {
    reclaimer_.trash(value);
    sweep();
    return true;
  }
  AsyncState& state = *node.async();
  if (state.run != nullptr) reclaimer_.trash(state.run);
  state.run = nullptr;
  timeline_.next_revision();
  drop_inputs(node, state.cursor);
  state.phase = Phase::finished;
  if (state.streaming && !error && state.shown != value) {
    // A stream settles to the value that it published last; the shown object may be an older, equal
    // one.
    reclaimer_.trash(value);
    value = state.shown;
    host_.own(value);
  }
  state.provisional = value;
  state.provisional_error = error;
  if (halted) {
    state.halted = true;
    unstarted_.add(node);
  }
  if (!state.outdated) {
    if (node.is(flag::live) && node.kind != Kind::source) {
      order_.put_above_inputs(node);
      propagation_.enqueue(node, flag::immediate);
    } else {
      update_async(node, false);
    }
  }
  const bool ok = flush();
  sweep();
  return ok;
}

// The stream has yielded a value. Takes the value.
bool Store::publish(Node& node, Generation generation, Value value) {
  if (!is_current(node, generation)) {
    reclaimer_.trash(value);
    sweep();
    return true;
  }
  AsyncState& state = *node.async();
  if (state.shown != nullptr && state.shown != value) {
    // If the value equals the shown one, keep the shown object, so that observers see no change.
    const Value shown = state.shown;
    host_.own(shown);
    const bool equal = is_equal(node, shown, value);
    reclaimer_.trash(equal ? value : shown);
    if (equal) value = shown;
    if (!is_current(node, generation)) {  // user code in the comparison superseded the run
      reclaimer_.trash(value);
      sweep();
      return true;
    }
  }
  if (state.shown != nullptr) reclaimer_.trash(state.shown);
  state.shown = value;
  state.streaming = true;
  state.showed_stream = state.shows_stream();
  state.state_at = timeline_.next_stamp();
  timeline_.next_revision();
  run_queue_.count(node);
  for (const Dependent& dependent : node.dependents) {
    if (dependent.node->inputs[dependent.edge].state)
      propagation_.enqueue(*dependent.node, flag::immediate);
  }
  return flush();
}

bool Store::add_waiter(Node& node) {
  ++node.async()->waiters;
  add_keepalive(node);
  add_observer(node);
  return flush();
}

bool Store::remove_waiter(Node& node) {
  --node.async()->waiters;
  drop_observer(node);
  drop_keepalive(node);
  const bool ok = flush();
  sweep();
  return ok;
}

void Store::abandon(Node& node) {
  AsyncState& state = *node.async();
  if (state.phase != Phase::running) return;
  if (state.entered) events_.record(Event::superseded, node);
  withdraw(node);  // the loop is closed, so no task is left to cancel
}

void Store::adopt(Node& node, Value value, std::span<Node* const> inputs,
                  std::span<const Stamp> seen, bool refreshing) {
  drop_inputs(node, 0);
  node.started = false;
  for (std::size_t index = 0; index < inputs.size(); ++index) {
    insert_input(node, node.inputs.size(),
                 Edge{inputs[index], seen[index], kUnlinked, false, false});
  }
  if (node.is(flag::async_read)) {
    AsyncState& state = node.make_async();
    state.cursor = node.inputs.size();
    state.forced = state.outdated = state.was_pending = refreshing;
    state.shown = value;
    host_.own(value);
  }
  if (node.value != nullptr) reclaimer_.trash(node.value);
  node.value = value;
  node.set_flag(flag::computed);
  node.changed_at = timeline_.next_stamp();
  // The first read validates the inputs.
  node.verified_at = node.kind == Kind::source ? kAlways : 0;
}

LoadState Store::load_state(const Node& node) {
  const bool error = node.is(flag::error);
  const bool settled = node.is(flag::computed);
  const AsyncState* state = node.async();
  if (state == nullptr || !node.is(flag::asynchronous)) {
    return {false, false, settled, error, node.value, error ? nullptr : node.value};
  }
  return {state->pending(), state->shows_stream(), settled, error, node.value, state->shown};
}

}  // namespace halflife::graph
