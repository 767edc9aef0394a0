// Unstarted runs wait for a read to start them: those that somebody else has cancelled, and those
// that went out of date while nobody observed them or no loop ran.
//
// Any number of them may wait, and reading what has nothing to do with them must cost the same as
// if there were none. So a node remembers (`Node::started`) that nothing it depends on waits. That
// holds while the node is live, until a run below it is left unstarted or it reads a new input,
// which takes the mark from all live nodes above; and while it is not live, at the current
// revision.
#pragma once

#include <cstddef>
#include <vector>

#include "node.hpp"
#include "timeline.hpp"

namespace halflife::graph {

class UnstartedRuns {
 public:
  explicit UnstartedRuns(Timeline& timeline) : timeline_(timeline) {}

  bool empty() const { return count_ == 0; }

  // The node is out of date, or was cancelled, and nobody starts it.
  void add(Node& node);
  // The node's run begins, or the node is destroyed.
  void remove(Node& node) {
    if (!node.is(flag::in_unstarted)) return;
    node.clear_flag(flag::in_unstarted);
    --count_;
  }
  // Takes the mark `started` from the node and from all live nodes above it.
  static void unmark(Node& node) {
    if (node.started) unmark_above(node);
  }
  // The nodes that `target` depends on and that wait for such a read. If none waits, all nodes that
  // were seen get the mark `started`. A read from `outside` of runs also starts cancelled ones.
  std::vector<Node*> find(Node& target, bool outside);

  // For the end of the store.
  void clear() { count_ = 0; }

  // `marked` nodes have flag::in_unstarted.
  const char* invariant(std::size_t marked) const {
    return marked == count_ ? nullptr : "miscounted nodes that wait to be started";
  }

 private:
  static void unmark_above(Node& root);

  Timeline& timeline_;
  // The number of nodes with flag::in_unstarted: only `add` and `remove` write both. Some of them
  // may have been started by other means since; `find` takes these out.
  std::size_t count_ = 0;
};

}  // namespace halflife::graph
