// The flush has two phases. It makes all live nodes consistent and commits the runs that are due;
// then it calls mount hooks, effects and subscribers. Whatever these callbacks set joins the same
// flush.
#include <algorithm>
#include <utility>

#include "store.hpp"

namespace halflife::graph {

bool Store::flush() {
  if (flushing_ || in_batch() || busy()) return true;
  flushing_ = true;
  bool ok = true;
  for (unsigned round = 0;; ++round) {
    run_errands();
    if (propagation_.pending() && !stabilize()) {
      ok = false;
      break;
    }
    if (round > kRounds) {
      endless();
      ok = false;
      break;
    }
    if (run_queue_.has_restarts()) commit_runs();
    if (!mount_hooks_.empty()) {
      mount_hooks_.run();
    } else if (propagation_.pending() || run_queue_.has_restarts()) {
      continue;
    } else if (notifications_.has_effects()) {
      run_effects();
    } else if (!notifications_.empty()) {
      run_subscribers();
    } else if (run_queue_.has_starts()) {
      run_queue_.start_all();
    } else {
      break;
    }
  }
  run_queue_.start_all();  // also if the flush was given up
  flushing_ = false;
  // Raise before the sweep: a flush within the sweep must not raise the errors of this one.
  ok = host_.raise_collected() && ok;
  sweep();
  return ok;
}

bool Store::stabilize() {
  propagation_.begin();
  bool ok = true;
  while (Node* node = propagation_.pop(reclaimer_.orphans())) {
    if (!recompute(*node)) {
      ok = false;
      break;
    }
  }
  propagation_.end();
  if (validation_.doubts()) doubt_verified();
  return ok;
}

bool Store::recompute(Node& node) {
  constexpr std::uint32_t urgency = flag::immediate | flag::deferred;
  propagation_.reach(node.height);
  if (!node.is(flag::live)) {
    node.clear_flag(urgency);
    return true;
  }
  if (node.is(flag::asynchronous)) {
    AsyncState& state = *node.async();
    const bool runs_here = node.is_plain_read();
    if (!runs_here || !(node.is(flag::dirty) || edges_outdated(node))) {
      node.clear_flag(urgency);
      update_async(node, false);
      node.verified_at = node.kind == Kind::source ? 0 : timeline_.revision();
      return true;
    }
    if (!node.is(flag::mounted) && !state.asked) {  // unobserved: stop the run, begin none
      if (in_batch()) journal_.save(node);
      node.clear_flag(urgency);
      state.forced = state.outdated = true;
      run_queue_.restart(node);
      update_pending(node);
      return true;
    }
  }
  const bool effect = node.kind == Kind::effect;
  const bool must = effect ? node.is(flag::dirty) : must_run(node);
  const bool known = !effect && node.verified_at >= timeline_.revision();
  if (!must && (known || !edges_outdated(node))) {
    node.clear_flag(urgency);
    return true;
  }
  if (effect) {
    node.clear_flag(urgency);
    notifications_.queue_effect(node);
    return true;
  }
  if (node.is(flag::running)) return true;
  // A node that met a cycle may run a second time at this revision. Nodes that were verified on top
  // of it must not count as current meanwhile, or the node could read a node that reads it.
  if (known) timeline_.next_revision();
  switch (run(node)) {
    case Status::unwind: {
      const std::size_t base = validation_.size();
      validation_.push(node);
      validation_.take_unwind_path();
      return walk(base);
    }
    case Status::interrupted:
      return false;
    default:
      return true;
  }
}

void Store::run_effects() {
  for (Node* effect : notifications_.take_effects()) {
    Node& node = *effect;
    node.clear_flag(flag::effect_queued);
    // Since the effect was queued, it may have ended, or a failed batch may have restored its
    // inputs.
    if (node.keepalive_count > 0 && (node.is(flag::dirty) || edges_outdated(node))) {
      Frame frame = validation_.new_frame(node);
      node.clear_flag(flag::dirty);
      node.set_flag(flag::running);
      validation_.enter_effect(frame);
      host_.run_effect(node, frame);
      validation_.leave_effect(frame);
      node.clear_flag(flag::running);
      ++node.runs;
      if (node.keepalive_count == 0) {  // the effect has ended itself
        drop_inputs(node, 0);
        host_.unmount(node);
      } else {
        commit_inputs(node, frame.cursor);
        // The effect may have written one of its own inputs.
        if (edges_outdated(node)) propagation_.enqueue(node, flag::immediate);
      }
    }
    reclaimer_.maybe_unhold(node);
  }
}

bool Store::told_nothing_new(Node& node) {
  Extra& extra = *node.extra;
  if (!extra.has_before) return false;
  const Value before = extra.before;
  const bool before_error = extra.before_error;
  extra.before = nullptr;
  extra.has_before = false;
  const bool nothing_new = same(node, before, before_error);
  reclaimer_.trash(before);
  return nothing_new;
}

void Store::run_subscribers() {
  std::vector<Node*> notes = notifications_.take_queue();
  const std::size_t base = notifications_.ready_size();
  SubscriptionId youngest = 0;
  bool in_order = true;
  for (std::size_t index = 0; index < notes.size(); ++index) {
    Node& node = *notes[index];
    if (index + 2 < notes.size()) {
      prefetch(&notes[index + 2]->flags);
      prefetch(notes[index + 1]->extra.get());
    }
    node.clear_flag(flag::notification_queued);
    if (!node.is(flag::notify_immediately) && notifications_.defer(node)) continue;
    node.clear_flag(flag::notify_immediately);
    const bool nothing_new = told_nothing_new(node);
    for (Subscription* subscription : node.extra->subscriptions) {
      const bool late = std::exchange(subscription->late, false);
      if (nothing_new && !late) continue;
      ++subscription->references;
      in_order = in_order && subscription->id > youngest;
      youngest = subscription->id;
      notifications_.add_ready(*subscription);
    }
    reclaimer_.maybe_unhold(node);
  }
  notifications_.give_back(notes);
  if (!in_order) notifications_.sort_ready(base);
  for (std::size_t index = base; index < notifications_.ready_size(); ++index) {
    Subscription& subscription = notifications_.ready(index);
    if (index + 2 < notifications_.ready_size()) {
      prefetch(&notifications_.ready(index + 2));
      if (const Node* next = notifications_.ready(index + 1).node) prefetch_node(*next);
    }
    // An earlier subscriber may have set a source: each subscriber gets the value that is current
    // when it is called.
    if (propagation_.pending() && !stabilize()) host_.keep_interrupt();
    if (const Node* node = subscription.node;
        node != nullptr && subscription.seen != node->changed_at) {
      subscription.seen = node->changed_at;
      // A batch of an earlier subscriber may have queued the node again. Its `before` is then not
      // the value that this subscriber was told.
      subscription.late = node->extra->has_before;
      if (events_.on()) {
        host_.event(Event::notified, *node);
        run_errands();
      }
      if (subscription.node != nullptr) host_.notify(subscription);
    }
    drop(&subscription);
  }
  notifications_.drop_ready(base);
}

// The loop tick in which runs were started has ended: nodes that are still pending notify now.
void Store::flush_deferred() {
  for (Node* deferred : notifications_.take_deferred()) {
    Node& node = *deferred;
    node.clear_flag(flag::notification_deferred);
    if (node.extra->has_before) notifications_.queue(node, flag::immediate);
    reclaimer_.maybe_unhold(node);
  }
  flush();
}

bool Store::observe_effect(Node& node) {
  node.more().observed_as = notifications_.next_subscription();
  node.set_flag(flag::dirty);
  add_keepalive(node);
  add_observer(node);
  propagation_.enqueue(node, flag::immediate);
  return flush();
}

bool Store::unobserve_effect(Node& node, bool remove) {
  bool ok = true;
  if (node.keepalive_count > 0) {
    const Pin pin(*this);  // the cleanup is user code
    drop_observer(node);
    drop_keepalive(node);
    if (!node.is(flag::running)) {  // else run_effects does this when the effect returns
      drop_inputs(node, 0);
      host_.unmount(node);
    }
    ok = flush();
  }
  if (remove) this->remove(node, false);
  sweep();
  return ok;
}

void Store::endless() {
  std::vector<Node*> nodes;
  notifications_.list(nodes);
  mount_hooks_.list(nodes);
  host_.raise(Error::endless_flush, nodes);
  const std::vector<Node*> effects = notifications_.take_effects();
  std::vector<Node*> notes = notifications_.take_queue();
  for (Node* node : effects) {
    node->clear_flag(flag::effect_queued);
    reclaimer_.maybe_unhold(*node);
  }
  for (Node* node : notes) {
    node->clear_flag(flag::notification_queued | flag::notify_immediately);
    if (!node->is(flag::notification_deferred)) told_nothing_new(*node);
    reclaimer_.maybe_unhold(*node);
  }
  notifications_.give_back(notes);
}

}  // namespace halflife::graph
