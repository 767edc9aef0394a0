// The order of live nodes: each is higher than every input that it reads.
//
// A new edge may be out of order. If the input has just become live, nothing else depends on it: it
// is put below its dependent together with all that became live with it, so that a chain may be
// discovered from its top down in linear time. Otherwise the dependent is raised, and what depends
// on it after it in the order of the heights they had (as in janestreet/incremental): that order
// was right but for the new edge, so each of them is raised once, when all its inputs are in place.
#pragma once

#include <span>
#include <vector>

#include "node.hpp"
#include "propagation.hpp"

namespace halflife::graph {

class Order {
 public:
  explicit Order(Propagation& propagation) : propagation_(propagation) {}

  // The least height above all inputs; what reads only sources stays where it is, if that is low.
  static Height height_above_inputs(const Node& node);
  // After a run. The node falls, too: heights must not creep up when atoms change places.
  void put_above_inputs(Node& node);
  // A run that is under way has read one more input. No node is put lower than `-depth`.
  void put_above(Node& node, Node& input, Height depth);
  // `entered` became live for `above`; its first node is what `above` reads.
  void put_below(std::span<Node* const> entered, const Node& above);

  const char* invariant() const {
    return rising_.empty() && risen_.empty() ? nullptr : "a node that is still to be raised";
  }

 private:
  struct Rise {
    Height before;
    Node* node;
    bool operator>(const Rise& other) const { return before > other.before; }
  };

  void raise(Node& root, Height height);
  // The heap knows from its lowest height which nodes are current.
  void moved(Node& node) {
    if (node.is(flag::queued)) propagation_.queue(node);
  }

  Propagation& propagation_;
  // Nodes that were raised and whose dependents were not looked at: a binary heap, the one that was
  // lowest before comes first. Empty between two calls; it keeps its room.
  std::vector<Rise> rising_;
  // Nodes that `raise` has marked. Empty between two calls.
  std::vector<Node*> risen_;
};

}  // namespace halflife::graph
