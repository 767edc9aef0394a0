// Batches: all or nothing. The journal keeps the state that each node had before the batch: of
// sources that were set, and of nodes that ran again because somebody read them inside the batch. A
// batch that fails restores all of them, inputs included, so nothing runs and no subscriber is
// notified.
#include "steps.hpp"
#include "store.hpp"

namespace halflife::graph {

std::uint32_t Store::begin_batch() {
  return journal_.begin(notifications_.size(), run_queue_.restarts());
}

bool Store::commit_batch(std::uint32_t serial) {
  if (!journal_.is_open(serial)) return true;
  while (journal_.innermost() != serial) undo();
  journal_.close();
  if (in_batch()) return true;  // the outer batch may still fail
  // A source that was set back to an equal value counts as never set: it gets its old stamp again.
  for (const Saved& saved : journal_.entries()) {
    if (saved.node == nullptr) continue;
    Node& node = *saved.node;
    if (node.kind != Kind::source || node.is(flag::journaled)) continue;
    node.set_flag(flag::journaled);
    if (node.is(flag::asynchronous) || (saved.flags & flag::asynchronous) != 0) continue;
    if (saved.value == nullptr || !same(node, saved.value, false)) continue;
    // Dependents and subscribers that read the source after it was set back already saw the current
    // value.
    for (const Dependent& dependent : node.dependents) {
      Edge& edge = dependent.node->inputs[dependent.edge];
      if (edge.seen == node.changed_at) edge.seen = saved.changed_at;
    }
    if (node.has_subscribers()) {
      for (Subscription* subscription : node.extra->subscriptions) {
        if (subscription->seen == node.changed_at) subscription->seen = saved.changed_at;
      }
    }
    node.changed_at = saved.changed_at;
    timeline_.next_revision();
  }
  for (const Saved& saved : journal_.take_all()) {
    if (saved.node == nullptr) continue;
    saved.node->clear_flag(flag::journaled);
    saved.node->journal = 0;
    journal_.drop(saved);
  }
  return flush();
}

void Store::put_back(Saved& saved) {
  Node& node = *saved.node;
  if (node.value != nullptr) reclaimer_.trash(node.value);
  node.value = saved.value;
  node.changed_at = saved.changed_at;
  node.journal = saved.journal;
  constexpr std::uint32_t bits =
      flag::computed | flag::error | flag::asynchronous | flag::dirty | flag::cyclic;
  node.flags = (node.flags & ~bits) | (saved.flags & bits);
  propagation_.list_cyclic(node);
  const bool settled = node.is(flag::computed) && !node.is(flag::asynchronous);
  node.verified_at = node.kind == Kind::source && settled ? kAlways : 0;
  AsyncState* state = node.async();
  if (state != nullptr) {
    if (state->awaitable != nullptr) reclaimer_.trash(state->awaitable);
    state->awaitable = saved.awaitable;
    if (state->shown != nullptr) reclaimer_.trash(state->shown);
    state->shown = saved.shown;
    state->outdated = saved.outdated;
    state->forced = saved.forced;
    state->asked = saved.asked;
    state->halted = saved.halted;
    if (state->halted) unstarted_.add(node);
    state->state_at = timeline_.next_stamp();
  }
  UnstartedRuns::unmark(node);
  // The inputs of an async read belong to its run, and a batch does not undo runs.
  if (node.kind != Kind::source && !node.is(flag::async_read)) {
    forget_input_index(node);
    // Restore the inputs of that time, in the way in which a run would record them.
    std::uint32_t count = 0;
    for (const Edge& edge : saved.inputs) {
      if (count < node.inputs.size() && node.inputs[count].input == edge.input &&
          node.inputs[count].state == edge.state) {
        node.inputs[count].seen = edge.seen;
        node.inputs[count].awaiting = edge.awaiting;
      } else {
        insert_input(node, count, {edge.input, edge.seen, kUnlinked, edge.state, edge.awaiting});
      }
      ++count;
    }
    if (state != nullptr) state->cursor = count;
    commit_inputs(node, count);
  }
  // A set before this batch may have changed an input of the node.
  if (node.kind != Kind::source && node.is(flag::live)) {
    propagation_.enqueue(node, saved.flags & (flag::immediate | flag::deferred));
  }
  for (const Edge& edge : saved.inputs) reclaimer_.unhold_later(*edge.input);
  if (state != nullptr && node.is(flag::asynchronous)) update_pending(node);
  for (const Dependent& dependent : node.dependents) propagation_.queue(*dependent.node);
}

bool Store::abort_batch(std::uint32_t serial) {
  if (!journal_.is_open(serial)) return true;
  while (journal_.innermost() != serial) undo();
  undo();
  return in_batch() || flush();
}

// Undoes the innermost batch.
void Store::undo() {
  const BatchStart start = journal_.close();
  timeline_.next_revision();  // first: nodes verified within the batch are not current any more
  std::vector<Saved> undone;
  for (Saved saved{}; journal_.take_newest(start, saved);) {
    undone.push_back(std::move(saved));
    put_back(undone.back());
    undone.back().node->set_flag(flag::journaled);
  }
  notifications_.retract(start.notifications);
  run_queue_.retract_restarts(start.restarts);
  for (const Saved& saved : undone) saved.node->clear_flag(flag::journaled);
  timeline_.next_revision();
  propagation_.retry_cycles(0);
}

}  // namespace halflife::graph
