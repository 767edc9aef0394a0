// Mount hooks: `on_mount` of an atom is due when its node is mounted, its cleanup when the node is
// unmounted. The walks over the graph run no user code: they queue the nodes, and the flush calls
// the hooks of those whose state differs from what their hook was told last.
//
// A pending run may read other inputs than the run before. An input that it *passed over* is not
// observed on its behalf any more, but the input's cleanup waits for the end of that run.
#pragma once

#include <cstddef>
#include <vector>

#include "event_log.hpp"
#include "host.hpp"
#include "node.hpp"
#include "reclaimer.hpp"

namespace halflife::graph {

class MountHooks {
 public:
  MountHooks(Host& host, Reclaimer& reclaimer, EventLog& events)
      : host_(host), reclaimer_(reclaimer), events_(events) {}

  // The node was mounted, or unmounted.
  void queue(Node& node);
  bool empty() const { return queue_.empty(); }
  // Calls the hooks that are due. [user]
  void run();
  // Adds the queued nodes to `nodes`.
  void list(std::vector<Node*>& nodes) const;

  // The edge is passed over, or not any more.
  void set_passed(Edge& edge, bool passed) {
    edge.passed = passed;
    passed_ += passed ? 1 : static_cast<std::size_t>(-1);
  }
  // The run that kept these mounted has let go: queues the cleanups at and below `root`.
  void release_below(Node& root);

  // The node is destroyed.
  void forget(Node& node);
  void clear() { queue_.clear(); }

  const char* invariant() const;

 private:
  bool kept_for_run(Node& node) const;

  Host& host_;
  Reclaimer& reclaimer_;
  EventLog& events_;
  // Nodes with flag::hook_queued, at their index_in_hooks; each is held, since `Reclaimer::needed`
  // looks at the flag. One that is destroyed leaves a null.
  std::vector<Node*> queue_;
  // The number of edges with Edge::passed: only set_passed writes both. While it is zero, no input
  // is looked for that is kept for a run.
  std::size_t passed_ = 0;
};

}  // namespace halflife::graph
