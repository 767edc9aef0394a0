// Propagation: a change of a node queues the live nodes that depend on it, and stabilizing
// recomputes the queued nodes from low to high, so that each runs once and reads only current
// values. While this goes on, the live nodes below a certain height are known to be current.
//
// Nodes that met a cycle are listed besides: they run again after any change, since the cycle may
// be gone and their recorded inputs do not tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "heap.hpp"
#include "node.hpp"
#include "node_list.hpp"

namespace halflife::graph {

class Propagation {
 public:
  // Is anything to be recomputed?
  bool pending() const { return !heap_.empty(); }

  // The node is to be recomputed. A node that is queued already and moved is put right.
  void queue(Node& node) { heap_.push(node); }
  // The same, and a change of the node is notified with this urgency.
  void enqueue(Node& node, std::uint32_t urgency) {
    node.set_flag(urgency);
    heap_.push(node);
  }
  // The node changed.
  void changed(Node& node, std::uint32_t urgency) {
    for (const Dependent& dependent : node.dependents) enqueue(*dependent.node, urgency);
  }
  // The queued node of least height, or null. Destroyed nodes that it meets go to `orphans`.
  Node* pop(std::vector<Node*>& orphans) { return heap_.pop(orphans); }

  // Is a live node current that was not verified at this revision?
  [[gnu::always_inline]] bool is_current(const Node& node) const {
    if (!node.is(flag::live)) return false;
    if (node.is(flag::queued | flag::running | flag::dirty)) return false;
    if (stabilizing_) return node.height < height_;
    // Inputs are lower than what reads them: nothing that is queued can change this node.
    return heap_.none_below(node.height);
  }

  // How far the store is stabilized.
  struct Progress {
    bool stabilizing;
    Height height;
  };
  bool stabilizing() const { return stabilizing_; }
  void begin() { stabilizing_ = true; }
  void reach(Height height) { height_ = height; }
  void end() {
    stabilizing_ = false;
    height_ = 0;
  }
  Progress progress() const { return {stabilizing_, height_}; }
  void set_progress(Progress progress) {
    stabilizing_ = progress.stabilizing;
    height_ = progress.height;
  }

  // Lists the node if it has met a cycle.
  void list_cyclic(Node& node) {
    if (!node.is(flag::cyclic) || node.is(flag::in_cyclic)) return;
    node.set_flag(flag::in_cyclic);
    cyclic_.add(node);
  }
  std::size_t cyclic() const { return cyclic_.size(); }
  // Something changed: the nodes that met a cycle try again.
  void retry_cycles(std::uint32_t urgency);

  // The node is destroyed. (The heap finds that out by itself.)
  void forget(Node& node) {
    if (node.is(flag::in_cyclic)) cyclic_.remove(node);
  }
  // For the end of the store.
  void clear(std::vector<Node*>& orphans);

  // What is wrong with the lists that have this node; null if nothing is.
  const char* invariant(const Node& node) const;

 private:
  // The nodes with flag::queued: `queue` and `enqueue` set it, and only `pop` clears it for a node
  // that is live.
  Heap heap_;
  // The nodes with flag::in_cyclic, each of which has met a cycle since the last change.
  NodeList<&Extra::index_in_cyclic> cyclic_;
  // While stabilizing: everything live below it is current, since the heap gives the lowest first.
  Height height_ = 0;
  // True while queued nodes are recomputed; and while the value of a live node is compared by the
  // user's function, when live nodes count as current only below it.
  bool stabilizing_ = false;
};

}  // namespace halflife::graph
