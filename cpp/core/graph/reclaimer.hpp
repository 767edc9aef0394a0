// The reclaimer holds what is destroyed at the next safe point. Giving a value or an atom back may
// run user code (`__del__`), so a walk only sets aside what it drops. A sweep releases all of it
// when no walk, no flush and no comparison is under way and no pin exists.
//
// It also keeps the two kinds of references by which the store keeps atoms alive: one *hold* per
// node that is needed by itself, and one *input hold* per edge that reads a node.
#pragma once

#include <vector>

#include "host.hpp"
#include "node.hpp"
#include "node_list.hpp"

namespace halflife::graph {

class Reclaimer {
 public:
  explicit Reclaimer(Host& host) : host_(host) {}
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;
  ~Reclaimer() {
    for (Node* node : cleared_) delete node;
  }

  // Gives a value back: at once if that runs no user code, else at the next sweep.
  void trash(Value value);
  bool has_values() const { return !values_.empty(); }

  // The store keeps the node's atom alive, until maybe_unhold finds that nothing needs it.
  void hold(Node& node);
  void maybe_unhold(Node& node);
  static bool needed(const Node& node);

  // One more edge reads the node / one edge less. The reference of a dropped edge belongs to the
  // reclaimer until the next sweep.
  void add_holder(Node& node);
  void unhold_later(Node& node) { dropped_.push_back(&node); }
  const std::vector<Node*>& dropped() const { return dropped_; }

  // The node is destroyed at the next safe point.
  void add_orphan(Node& node) { orphans_.push_back(&node); }
  bool has_orphans() const { return !orphans_.empty(); }
  // For the heap, which hands back nodes that were destroyed while it listed them.
  std::vector<Node*>& orphans() { return orphans_; }

  void pin() { ++pins_; }
  void unpin() { --pins_; }
  bool pinned() const { return pins_ > 0; }
  bool sweeping() const { return sweeping_; }

  // Releases everything that was set aside; `destroy` destroys one orphan. Nothing else may be
  // under way. What a release sets aside is released by the same sweep.
  template <class Destroy>
  void sweep(Destroy&& destroy) {
    if (clean()) return;
    sweeping_ = true;
    while (!clean()) {
      if (!orphans_.empty()) {
        Node* node = orphans_.back();
        orphans_.pop_back();
        destroy(*node);
      } else {
        release_one();
      }
    }
    sweeping_ = false;
  }

  // The node is destroyed: it is listed nowhere any more.
  void forget(Node& node) {
    if (node.is(flag::hold_queued)) unholds_.remove(node);
  }

  // For the end of the store: the orphans that only the heap listed are freed, the references and
  // values that were set aside go to `inputs` and `values`.
  void clear(std::vector<Node*>& inputs, std::vector<Value>& values);
  // Nodes that the call under way may still look at: freed with the store.
  void keep_cleared(const std::vector<Node*>& nodes) {
    cleared_.insert(cleared_.end(), nodes.begin(), nodes.end());
  }

  template <class Visitor>
  void for_each_value(Visitor&& visit) const {
    for (Value value : values_) visit(value);
  }

  // What is wrong with the holds of this node; null if nothing is.
  const char* invariant(const Node& node) const;

 private:
  bool clean() const {
    return values_.empty() && unholds_.empty() && dropped_.empty() && orphans_.empty() &&
           !host_.has_errands;
  }
  void release_one();

  Host& host_;
  // Owned; each was refused by Host::release_plain, so releasing it may run user code.
  std::vector<Value> values_;
  // Nodes with flag::orphan, or destroyed ones that the heap has handed back: each listed once,
  // since `Store::remove` looks at the flag and the heap lists a node once.
  std::vector<Node*> orphans_;
  // Nodes with flag::hold_queued: their hold is looked at again by the sweep.
  NodeList<&Extra::index_in_unholds> unholds_;
  // One entry, and one reference, for each edge that was dropped since the last sweep.
  std::vector<Node*> dropped_;
  // Empty nodes of a store that was cleared: no atom and no list knows them.
  std::vector<Node*> cleared_;
  // While positive, nothing is freed or released: somebody holds nodes that nothing else keeps.
  unsigned pins_ = 0;
  // True within `sweep`: the user code that a sweep runs starts no second one.
  bool sweeping_ = false;
};

}  // namespace halflife::graph
