// A read that starts what waits for it. Reading a node starts the unstarted runs that it depends
// on; but a run that reads a node that somebody else has cancelled gets its error. If the run
// started that node again, it would itself start again when the node is cancelled once more, and so
// for ever.
#include "store.hpp"

namespace halflife::graph {

bool Store::ensure_started(Node& node, bool outside) {
  if (node.started && fresh(node)) return true;
  if (!start_upstream(node, outside)) return false;
  if (fresh(node)) return true;
  // The node may have read an unstarted input just now, for the first time.
  return ensure(node) && start_upstream(node, outside) && ensure(node);
}

// Starts the unstarted runs that `target` depends on.
bool Store::start_upstream(Node& target, bool outside) {
  if (busy()) return true;
  {
    const Pin pin(*this);  // the host may run a garbage collection
    for (Node* node : unstarted_.find(target, outside)) {
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
  if (!run_queue_.has_restarts() && !propagation_.pending()) return true;
  return flush();
}

}  // namespace halflife::graph
