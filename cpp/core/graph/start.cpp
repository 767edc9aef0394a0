// Runs that wait for a read to start them: those that somebody else has cancelled, and those that
// went out of date while nobody looked on or there was no loop. Reading a node starts the ones that
// it depends on; but a run that reads one that was cancelled by somebody else gets its error. Would
// it start it again, it would itself start again when that is cancelled once more, and so for ever.
//
// Any number of them may wait, and reading what has nothing to do with them must cost the same as
// if there were none. So a node remembers (`started`) that nothing it depends on waits. That holds
// while it is live, until something below it is left unstarted or it reads something new, which
// takes the mark from all live nodes above; and while it is not live, at the current revision.
#include <algorithm>

#include "steps.hpp"
#include "store.hpp"

namespace halflife::graph {

void Store::left_unstarted(Node& node) {
  not_started(node);
  timeline_.next_revision();
  if (node.is(flag::in_unstarted)) return;
  // One that is not live is verified by the next read, which finds it out of date. It must not have
  // passed for current since: it may have been, as a live one, a moment ago.
  if (!node.is(flag::live) && node.async()->outdated) return;
  node.raise(flag::in_unstarted);
  ++unstarted_;
}

void Store::no_longer_unstarted(Node& node) {
  node.lower(flag::in_unstarted);
  --unstarted_;
}

// What depends on a live node without the mark has none either.
void Store::not_started(Node& root) {
  if (!root.started) return;
  root.started = false;
  std::vector<Node*> work{&root};
  while (!work.empty()) {
    const Node& node = *work.back();
    work.pop_back();
    for (const Dependent& dependent : node.dependents) {
      count_step();
      if (!dependent.node->started) continue;
      dependent.node->started = false;
      work.push_back(dependent.node);
    }
  }
}

// Those that `target` depends on and that wait for such a read. If none waits, all that was seen is
// marked.
std::vector<Node*> Store::find_unstarted(Node& target, bool outside) {
  std::vector<Node*> found;
  bool waiting = false;
  std::vector<Node*> seen;
  const auto enter = [&](Node& node) {
    count_step();
    const bool known =
        node.started && (node.is(flag::live) || node.verified_at >= timeline_.revision());
    if (node.marked || known) return;
    node.marked = true;
    seen.push_back(&node);
    if (!node.is(flag::in_unstarted)) return;
    const AsyncState* state = node.async();
    const bool waits = state != nullptr && (state->halted || state->outdated) &&
                       state->phase != Phase::running && !state->restart_queued;
    if (waits) {
      waiting = true;
      if (outside || state->outdated) found.push_back(&node);
    } else {
      no_longer_unstarted(node);
    }
  };
  enter(target);
  for (std::size_t next = 0; next < seen.size(); ++next) {
    Node& node = *seen[next];
    for (std::uint32_t index = 0; index < node.active_inputs(); ++index) {
      enter(*node.inputs[index].input);
    }
  }
  for (Node* node : seen) {
    node->marked = false;
    node->started = !waiting;
  }
  return found;
}

bool Store::ensure_started(Node& node, bool outside) {
  if (node.started && fresh(node)) return true;
  if (!start_upstream(node, outside)) return false;
  if (fresh(node)) return true;
  // What it reads only now, for the first time, may wait for just that.
  return ensure(node) && start_upstream(node, outside) && ensure(node);
}

// Somebody asks for `target` while runs wait for just that: starts those it depends on.
bool Store::start_upstream(Node& target, bool outside) {
  if (busy()) return true;
  {
    const Pin pin(*this);  // asking the host may collect atoms
    for (Node* node : find_unstarted(target, outside)) {
      if (node->is(flag::orphan)) continue;
      if (!host_.can_start(*node, true)) return false;
      AsyncState& state = *node->async();
      state.asked = true;
      state.halted = false;
      state.forced = state.outdated = true;
      timeline_.next_revision();
      update_pending(*node);
      restart(*node);
    }
  }
  if (!run_queue_.has_restarts() && heap_.empty()) return true;
  return flush();
}

}  // namespace halflife::graph
