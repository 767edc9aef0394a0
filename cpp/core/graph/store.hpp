// The store: nodes, and the operations on them. Each change has two phases: make everything
// consistent, then notify. Live (observed) nodes are recomputed from low to high as soon as the
// store is consistent again; other nodes are validated by stamps when they are read.
//
// The store is composed of parts, each of which owns its fields and has a header that defines it:
//   timeline       stamps and revisions
//   event_log      tells the host what happens, while somebody records it
//   reclaimer      what is destroyed at the next safe point
//   validation     the pull walk, its frames and its unwinding
//   propagation    which live nodes are recomputed, and in what order (with heap)
//   order          heights: each live node is higher than its inputs
//   unstarted_runs runs that wait for a read to start them
//   journal        what each node held before an open batch changed it
//   notifications  whom the flush tells, and in what order
//   run_queue      restarts, cancels and starts of async runs
//   mount_hooks    hooks that are due
//
// The other files each hold one operation of the store, which works on several parts:
//   read.cpp       validate a node; record the inputs that a run reads
//   run.cpp        one run of a node's read, and its result
//   live.cpp       link and unlink edges; live and mounted nodes
//   start.cpp      a read that starts unstarted runs
//   write.cpp      set a source
//   batch.cpp      all or nothing
//   flush.cpp      recompute, commit runs, call hooks, effects and subscribers
//   receive.cpp    the inputs of an async run
//   restart.cpp    how a run ends and the next one begins
//   async.cpp      resolve, publish, waiters: the life of asynchronous nodes
//   lifetime.cpp   nodes are added, removed and destroyed
//   invariant.cpp  what is true between any two calls
#pragma once

#include <cstddef>
#include <vector>

#include "event_log.hpp"
#include "frame.hpp"
#include "host.hpp"
#include "journal.hpp"
#include "mount_hooks.hpp"
#include "node.hpp"
#include "notifications.hpp"
#include "order.hpp"
#include "propagation.hpp"
#include "reclaimer.hpp"
#include "run_queue.hpp"
#include "search.hpp"
#include "timeline.hpp"
#include "unstarted_runs.hpp"
#include "validation.hpp"

namespace halflife::graph {

class Store {
 public:
  // Runs nested deeper than this on the C stack unwind, and the deepest atom is evaluated first.
  static constexpr unsigned kNesting = 64;
  static constexpr unsigned kRounds = 1000;

  explicit Store(Host& host) : host_(host) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  // --- lifetime.cpp
  Node* add(void* atom, Kind kind, std::uint32_t flags);
  // The node's atom died. The node is freed at the next safe point, which may be `now`.
  void remove(Node& node, bool now = true);
  void disown(Node& node);
  // Frees and releases what the reclaimer holds, if this is a safe point.
  void sweep();
  // Drops all nodes and values. The host has cancelled the runs and called the cleanups before.
  void clear();
  template <class Visitor>
  void for_each_value(Visitor&& visit) const;
  const std::vector<Node*>& nodes() const { return nodes_; }
  // See Reclaimer::dropped: the store owns a reference for each.
  const std::vector<Node*>& dropped() const { return reclaimer_.dropped(); }

  // --- read.cpp
  // Makes a node current. False: the host has raised.
  bool ensure(Node& node) { return fresh(node) || bring_up(node); }
  // The same for a caller that waits for the value: also starts unstarted runs that the node
  // depends on. A caller `outside` of runs also starts runs that were cancelled.
  bool ensure_asked(Node& node, bool outside = true) {
    if (!unstarted_.empty()) [[unlikely]]
      return ensure_started(node, outside);
    // The node may have read an unstarted input just now, for the first time.
    return ensure(node) && (unstarted_.empty() || ensure_started(node, outside));
  }
  bool has_unstarted() const { return !unstarted_.empty(); }
  [[gnu::always_inline]] bool fresh(const Node& node) const {
    return node.verified_at >= timeline_.revision() || propagation_.is_current(node);
  }
  // Makes `input` current and records that the frame's node read it. Inlined, since every read pays
  // for this.
  [[gnu::always_inline]] bool record(Frame& frame, Node& input, bool state) {
    if (!fresh(input) && !bring_up(input)) return false;
    auto& inputs = frame.node->inputs;
    if (frame.cursor < inputs.size()) {
      Edge& edge = inputs[frame.cursor];
      if (edge.input == &input && edge.state == state) [[likely]] {
        edge.seen = state ? stamp_of(edge) : input.changed_at;
        edge.awaiting = false;
        ++frame.cursor;
        if (!state) input.read_by = frame.serial;
        return true;
      }
    }
    record_new(frame, input, state);
    return true;
  }
  Frame* frame_of(const Node& node) const { return validation_.frame_of(node); }
  Frame* top() const { return validation_.top(); }
  // A read after the run has ended, by a getter that was kept. Records the input, too, unless that
  // would close a circle.
  bool record_late(Node& node, Node& input);

  // --- write.cpp
  // The first value of a source, owned by the store from now on. Nobody is notified.
  void initialize(Node& node, Value value);
  void initialize_awaitable(Node& node, Value awaitable);
  bool set(Node& node, Value value);
  // The source's value will be the result of the awaitable.
  bool set_awaitable(Node& node, Value awaitable);
  bool writable_now();
  // Runs the node again although no input changed.
  bool refresh(Node& node);

  // --- batch.cpp
  // Each batch has a number. Ending a batch that has ended changes nothing. Ending a batch undoes
  // the batches inside it that are still open.
  std::uint32_t begin_batch();
  bool commit_batch(std::uint32_t serial);
  bool abort_batch(std::uint32_t serial);
  bool in_batch() const { return journal_.in_batch(); }
  // The number of the batch around the innermost one; 0 if there is none.
  std::uint64_t outer_batch() const { return journal_.outer(); }

  // --- flush.cpp
  bool flush();
  void flush_deferred();
  bool flushing() const { return flushing_; }
  // Is there something for a flush to do?
  bool due() const {
    return propagation_.pending() || run_queue_.has_restarts() || !mount_hooks_.empty() ||
           !notifications_.empty();
  }

  // --- live.cpp
  Subscription* subscribe(Node& node, Value callback, Value on_error);
  bool unsubscribe(Subscription& subscription);
  static void drop(Subscription* subscription);
  bool observe_effect(Node& node);
  // With `remove`, the node is removed, too.
  bool unobserve_effect(Node& node, bool remove = false);
  bool expire(Node& node);

  // --- async.cpp
  static LoadState load_state(const Node& node);
  // A read by an async run. The input must be current. False: the edge would close a circle, and
  // the host has raised.
  bool record_async(Node& node, Node& input);
  bool received(Node& node, Generation generation, Node& input);
  // The run is about to take its first step. False: it must not, since it is superseded or has no
  // observer.
  bool enter_run(Node& node, Generation generation);
  bool is_current(const Node& node, Generation generation) const;
  // The run takes its first step: it reads the state of this moment.
  void asked(Node& node, Generation generation);
  // The present moment, to be compared with the moments at which runs asked.
  Stamp moment() { return timeline_.next_stamp(); }
  bool resolve(Node& node, Generation generation, Value value, bool error, bool halted);
  bool publish(Node& node, Generation generation, Value value);
  bool add_waiter(Node& node);
  bool remove_waiter(Node& node);
  // The event loop of this run was closed: the run will never end.
  void abandon(Node& node);
  // Gives the node a value that was saved elsewhere, as if the node had computed it from these
  // inputs when they had these stamps.
  void adopt(Node& node, Value value, std::span<Node* const> inputs, std::span<const Stamp> seen,
             bool refreshing = false);

  // --- invariant.cpp
  // Null if all is well; else what is wrong.
  const char* invariant() const;

  Revision revision() const { return timeline_.revision(); }
  // A run is nested too deep for the C stack: this node is evaluated first, from the outermost
  // read.
  void unwind_to(Node& node) { validation_.unwind_to(node); }
  unsigned depth() const { return validation_.depth(); }
  bool unwinding() const { return validation_.unwinding(); }
  bool busy() const { return !validation_.idle() || propagation_.stabilizing(); }
  // While a pin exists, no node is freed and nothing is released. A caller makes one that uses
  // nodes which nothing else keeps alive, across calls that may run user code. Call sweep()
  // afterwards.
  class Pin {
   public:
    explicit Pin(Store& store) : store_(store) { store_.reclaimer_.pin(); }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() { store_.reclaimer_.unpin(); }

   private:
    Store& store_;
  };
  std::size_t pending_runs() const { return run_queue_.pending(); }
  void set_logging(bool on) { events_.set(on); }

 private:
  // write.cpp
  void wrote(Node& node);

  // batch.cpp
  void undo();
  void put_back(Saved& saved);

  // read.cpp
  bool bring_up(Node& node);
  bool pull(Node& target);
  bool walk(std::size_t base);
  enum class Verdict : unsigned char { unchanged, stale, descend, circle };
  Verdict verify(Check& check);
  enum class Evaluated : unsigned char { done, again, failed };
  Evaluated evaluate(Node& node);
  void record_new(Frame& frame, Node& input, bool state);

  // start.cpp
  bool ensure_started(Node& node, bool outside);
  bool start_upstream(Node& target, bool outside);

  // run.cpp
  Status run(Node& node);
  void commit_inputs(Node& node, std::uint32_t count);
  bool same(Node& node, Value value, bool error);
  bool is_equal(Node& node, Value before, Value now);
  bool compare(Node& node, Value before, Value now);
  void accept(Node& node, Outcome outcome);
  bool replace(Node& node, Value value, bool error, std::uint32_t urgency);
  void doubt_verified();

  // live.cpp
  void link(Node& node, std::uint32_t index);
  void unlink(Edge& edge, const Node& owner);
  void make_live(Node& root, const Node* above = nullptr);
  void leave(Node& root);
  void add_keepalive(Node& node);
  void drop_keepalive(Node& node);
  void add_observer(Node& node);
  void drop_observer(Node& node);
  void unmount(Node& node);
  void pass_over(Node& node, Edge& edge);
  void insert_input(Node& node, std::uint32_t index, const Edge& edge);
  void drop_inputs(Node& node, std::uint32_t from);

  // flush.cpp
  bool stabilize();
  bool recompute(Node& node);
  void run_effects();
  void run_subscribers();
  bool told_nothing_new(Node& node);
  void endless();

  // async.cpp
  void become_asynchronous(Node& node, std::uint32_t urgency);
  void update_async(Node& node, bool asked);
  void restart(Node& node);
  void commit_runs();
  void begin(Node& node);
  void stop(Node& node);
  void withdraw(Node& node);
  void settle(Node& node, Value value, bool error);
  void update_pending(Node& node);
  void update_keepalive(Node& node);
  bool edges_outdated(const Node& node) const;
  void uncount(Node& node);

  // invariant.cpp
  const char* wrong_lists() const;
  const char* wrong_verification(const Node& node) const;

  // lifetime.cpp
  bool can_free() const { return !reclaimer_.pinned() && !flushing_ && !busy(); }
  void run_errands();
  void destroy(Node& node);

  Host& host_;
  // The parts, each of which owns what it touches. A part knows only parts that stand above it.
  Timeline timeline_;
  EventLog events_{host_};
  Reclaimer reclaimer_{host_};
  Validation validation_{host_, reclaimer_};
  Propagation propagation_;
  Order order_{propagation_};
  UnstartedRuns unstarted_{timeline_};
  Journal journal_{host_, reclaimer_};
  Notifications notifications_{host_, reclaimer_};
  RunQueue run_queue_{host_, reclaimer_};
  MountHooks mount_hooks_{host_, reclaimer_, events_};
  // All nodes that are not destroyed, each at its `index_in_nodes`: only `add` and `destroy` write
  // it.
  std::vector<Node*> nodes_;
  // True within `flush`: what callbacks set joins the flush that is under way.
  bool flushing_ = false;
};

template <class Visitor>
void Store::for_each_value(Visitor&& visit) const {
  const auto maybe = [&](Value value) {
    if (value != nullptr) visit(value);
  };
  for (const Node* node : nodes_) {
    if (!node->is(flag::of_atom)) maybe(node->value);
    if (!node->extra) continue;
    maybe(node->extra->before);
    maybe(node->extra->cleanup);
    for (const Subscription* subscription : node->extra->subscriptions) {
      maybe(subscription->callback);
      maybe(subscription->on_error);
    }
    if (const AsyncState* state = node->extra->async.get()) {
      maybe(state->run);
      maybe(state->provisional);
      maybe(state->shown);
      maybe(state->awaitable);
    }
  }
  journal_.for_each_value(visit);
  reclaimer_.for_each_value(visit);
  run_queue_.for_each_value(visit);
}

}  // namespace halflife::graph
