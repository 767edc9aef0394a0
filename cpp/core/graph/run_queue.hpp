// The run queue holds what is due for the runs of asynchronous nodes: nodes whose run is to end or
// to begin (*restarts*), superseded runs that are to be cancelled (*cancels*), and new runs that
// are to take their first step (*starts*). A flush works them off in this order, outside of
// batches. The queue also counts the runs for whose end somebody may wait.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "host.hpp"
#include "node.hpp"
#include "reclaimer.hpp"

namespace halflife::graph {

class RunQueue {
 public:
  RunQueue(Host& host, Reclaimer& reclaimer) : host_(host), reclaimer_(reclaimer) {}

  // The node's run is to end, and another one to begin if somebody wants it.
  void restart(Node& node);
  bool has_restarts() const { return !restarts_.empty(); }
  std::size_t restarts() const { return restarts_.size(); }
  // Null: that node has been destroyed, or needs no restart any more.
  Node* restart_at(std::size_t index) const { return restarts_[index]; }
  // Works off the restarts: false if somebody does already.
  bool begin_commit() { return !std::exchange(committing_, true); }
  // Forgets the restarts, and cancels what they have superseded.
  void end_commit();
  // A batch is undone that began when `from` restarts were queued. A node that was out of date only
  // inside of the batch, and that nobody observes, does not run for it: the next read tells. (A
  // live one is looked at again by the flush.)
  void retract_restarts(std::size_t from);

  // Takes the run: it is cancelled when the restarts are through.
  void cancel_later(Value run) { cancels_.push_back(run); }

  // Takes the run: it starts at the end of the flush.
  void start_later(Value run, Height height) { starts_.push_back({run, height}); }
  bool has_starts() const { return !starts_.empty(); }
  // All runs that a flush has begun start together at its end, in one loop tick, dependents before
  // their inputs: a dependent that ends in its first step, or reads something else, lets go of an
  // input before that has taken its own first step.
  void start_all();

  // Counts the node's run as pending, or not any more. A stream that has published is not counted.
  void count(Node& node);
  std::size_t pending() const { return pending_; }

  // The node is destroyed.
  void forget(Node& node);
  // For the end of the store.
  void clear(std::vector<Value>& values);

  template <class Visitor>
  void for_each_value(Visitor&& visit) const {
    for (Value value : cancels_) visit(value);
    for (const Start& start : starts_) visit(start.run);
  }

  const char* invariant() const;

 private:
  struct Start {
    Value run;
    Height height;  // of its node when the run began: dependents start before their inputs
  };

  Host& host_;
  Reclaimer& reclaimer_;
  // In the order in which they were queued: batches remember how many there were. A node with
  // AsyncState::restart_queued is at its index_in_restarts; one that is destroyed leaves a null.
  std::vector<Node*> restarts_;
  // Owned. Their nodes have let go of them already, so that each is cancelled once.
  std::vector<Value> cancels_;
  // Owned, besides the reference of the node: a run that is superseded before its first step is
  // started all the same, and finds out by `Store::enter_run`.
  std::vector<Start> starts_;
  // The number of nodes with AsyncState::in_pending: only `count` and `forget` write both.
  std::size_t pending_ = 0;
  // True while `Store::commit_runs` works off the restarts.
  bool committing_ = false;
};

}  // namespace halflife::graph
