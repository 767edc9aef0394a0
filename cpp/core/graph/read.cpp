// Reading: validates a node, and records the inputs that a run reads.
// A node that is not live is validated by stamps: its inputs are made current in the order in which
// its last run read them, and the first one that changed makes it run. All inputs before that one
// are unchanged, so the run reads the same inputs again: no input is computed in vain.
#include <algorithm>

#include "store.hpp"

namespace halflife::graph {

// Makes the node and its inputs current. Other observed nodes wait for the flush, so that a read
// inside a batch runs only what it needs.
bool Store::bring_up(Node& node) {
  const bool outermost = !busy();
  const bool pulled = pull(node);
  if (validation_.doubts() && outermost) [[unlikely]]
    doubt_verified();
  if (!pulled) {
    if (outermost) sweep();
    return false;
  }
  if (outermost && !flushing_ && !in_batch()) {
    if (run_queue_.has_restarts() || propagation_.pending() || !notifications_.empty())
      return flush();
    sweep();
  }
  return true;
}

namespace {

// A live node that met a cycle is queued when it has to try again. Until then other nodes rely on
// its value, and it must not run, since it could read them.
bool must_run_now(const Node& node) {
  const bool retried = node.is(flag::live) && !node.is(flag::queued | flag::dirty);
  return must_run(node) && !(retried && node.is(flag::computed));
}

}  // namespace

bool Store::pull(Node& target) {
  const std::size_t base = validation_.size();
  validation_.push(target);
  return walk(base);
}

// Validates the nodes on the stack, down to `base`.
bool Store::walk(std::size_t base) {
  while (validation_.size() > base) {
    Check& check = validation_.back();
    Node& node = *check.node;
    if (check.index == Validation::kResume) {
      check.index = 0;
      node.clear_flag(flag::unwound);
    }
    if (fresh(node) || node.is(flag::orphan)) {
      node.clear_flag(flag::checking);
      validation_.pop();
      continue;
    }
    if (node.is(flag::running | flag::unwound)) {
      validation_.raise_cycle(node);
      validation_.drop(base);
      return false;
    }
    node.set_flag(flag::checking);
    if (!node.is(flag::live))
      node.started = false;  // the mark was valid at an earlier revision only
    const Verdict verdict = must_run_now(node) ? Verdict::stale : verify(check);
    if (verdict == Verdict::descend) continue;
    if (verdict == Verdict::circle) {
      validation_.raise_cycle(*node.inputs[check.index].input);
      validation_.drop(base);
      return false;
    }
    if (node.is(flag::asynchronous) &&
        (node.is(flag::async_read) || verdict == Verdict::unchanged)) {
      // An async read does not run within the walk: the flush starts it, and the node is pending
      // meanwhile.
      update_async(node, true);
      // A restart that is queued begins another run only if the node is mounted, or is asked for.
      const bool begins = node.async()->restart_queued && node.is(flag::mounted);
      if (node.async()->outdated && !begins) {
        if (!host_.can_start(node, true)) {
          validation_.drop(base);
          // A reader may catch the error: all readers run again at the next read.
          for (Frame* frame = validation_.top(); frame != nullptr; frame = frame->outer) {
            if (frame->node->kind == Kind::effect) break;
            frame->node->set_flag(flag::dirty);
          }
          return false;
        }
        node.async()->asked = true;
        run_queue_.restart(node);
      }
      node.verified_at = timeline_.revision();
      node.clear_flag(flag::checking | flag::dirty);
      validation_.pop();
      continue;
    }
    if (verdict == Verdict::unchanged) {
      node.verified_at = node.kind == Kind::source ? kAlways : timeline_.revision();
      node.clear_flag(flag::checking);
      validation_.pop();
      continue;
    }
    switch (evaluate(node)) {
      case Evaluated::done:
      case Evaluated::again:
        break;
      case Evaluated::failed:
        validation_.drop(base);
        return false;
    }
  }
  return true;
}

Store::Verdict Store::verify(Check& check) {
  Node& node = *check.node;
  const std::uint32_t active = node.active_inputs();
  for (; check.index < active; ++check.index) {
    const Edge& edge = node.inputs[check.index];
    if (edge.awaiting) continue;
    Node& input = *edge.input;
    if (!fresh(input)) {
      if (input.is(flag::checking)) {
        // Recorded edges form no circle, unless a read caught a cycle error. Then running the node
        // decides; an async read cannot run here.
        return node.is(flag::async_read) ? Verdict::circle : Verdict::stale;
      }
      validation_.push(input);
      return Verdict::descend;
    }
    if (stamp_of(edge) != edge.seen) return Verdict::stale;
  }
  return Verdict::unchanged;
}

// Runs the node on top of the stack.
Store::Evaluated Store::evaluate(Node& node) {
  if (validation_.depth() >= kNesting || validation_.unwinding()) {
    validation_.unwind_to(node);
    host_.raise_unwind();
    return Evaluated::failed;
  }
  switch (run(node)) {
    case Status::unwind:
      if (validation_.depth() > 0) {
        host_.raise_unwind();  // the unwound run may have caught the signal
        return Evaluated::failed;
      }
      validation_.take_unwind_path();
      return Evaluated::again;
    case Status::interrupted:
      return Evaluated::failed;
    default:
      node.clear_flag(flag::checking);
      validation_.pop();
      return Evaluated::done;
  }
}

void Store::record_new(Frame& frame, Node& input, bool state) {
  Node& node = *frame.node;
  if (!state && input.read_by == frame.serial) return;
  Edge edge{&input, 0, kUnlinked, state, false};
  edge.seen = stamp_of(edge);
  insert_input(node, frame.cursor, edge);
  ++frame.cursor;
  if (!state) input.read_by = frame.serial;
}

bool Store::record_late(Node& node, Node& input) {
  // The first run reads on behalf of the read that began it. A later run may have begun because
  // this very input changed.
  const bool outside = node.async() == nullptr || node.async()->generation <= 1;
  if (!ensure_asked(input, outside)) return false;
  if (node.kind != Kind::derived || node.is(flag::running | flag::orphan)) return true;
  const std::uint32_t index = index_of_input(node, input);
  if (index < node.active_inputs() || depends_on(input, node)) return true;
  Edge edge{&input, 0, kUnlinked, false, false};
  edge.seen = stamp_of(edge);
  insert_input(node, index, edge);
  if (AsyncState* state = node.async(); state != nullptr && node.is(flag::asynchronous)) {
    ++state->cursor;
  }
  if (node.is(flag::live)) {
    link(node, index);
    order_.put_above(node, input, static_cast<Height>(nodes_.size()));
  } else if (node.started) {
    node.started = false;
    timeline_.next_revision();  // nodes that are not live may rely on this node's mark
  }
  return true;
}

}  // namespace halflife::graph
