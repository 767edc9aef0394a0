// The host uses the graph: it owns the values and calls the user's functions. Core asks the host
// for the little that it must know of values. There are two hosts: Python objects in bindings/, and
// plain numbers in the C++ tests.
// Calls marked [user] may run user code, which may call the store again; core makes these calls
// only when its structure is consistent. The other calls must run no user code, not even by an
// allocation that starts a garbage collection. Work that needs user code there is put off as an
// errand.
#pragma once

#include <span>

#include "../error.hpp"
#include "../event.hpp"
#include "../ids.hpp"
#include "../value.hpp"

namespace halflife::graph {

struct Node;
struct Frame;
struct Subscription;

class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  // [user] Computes a derived node or a view; reads go through Store::record with this frame.
  virtual Outcome run(Node& node, Frame& frame) = 0;
  // [user] Runs an effect, after the cleanup of the run before. Errors are collected.
  virtual void run_effect(Node& node, Frame& frame) = 0;
  // [user] Are the values equal for the node's dependents, so that they need not run?
  virtual bool equal(Node& node, Value before, Value now) = 0;
  // Are two errors the same, so that dependents need not run?
  virtual bool same_error(Value before, Value now) = 0;

  virtual void own(Value value) = 0;
  // [user] Gives a value back. Called outside of walks only.
  virtual void release(Value value) = 0;
  // Releases the value now if that can run no user code; else returns false, and core releases it
  // later.
  virtual bool release_plain(Value value) = 0;

  // The store begins / ceases to keep the node's atom alive. [user] for unhold: the atom may die.
  virtual void hold(Node& node) = 0;
  virtual void unhold(void* atom) = 0;
  // The same for one edge that reads the node. That reference belongs to the reading atom, so that
  // an atom and its inputs can be collected together.
  virtual void hold_input(Node& input) = 0;
  virtual void unhold_input(void* atom) = 0;
  // The node is about to be freed: forgets every pointer to it.
  virtual void forget(Node& node) = 0;

  // Is there an event loop on which a run could start? With `demand`, raises if not.
  virtual bool can_start(Node& node, bool demand) = 0;
  // Makes the run object of a new run, an owned value. Nothing starts yet.
  virtual Value make_run(Node& node, Generation generation) = 0;
  // [user] Starts / cancels a run.
  virtual void start(Value run) = 0;
  virtual void cancel(Value run) = 0;
  // The node is not pending any more: its waiters are to be woken.
  virtual void wake(Node& node) = 0;
  // Asks the host to call Store::flush_deferred at the end of this loop tick. False: there is no
  // loop.
  virtual bool defer() = 0;

  // [user] Calls a subscriber. Errors and interrupts are collected.
  virtual void notify(Subscription& subscription) = 0;
  // [user] Calls on_mount / its cleanup (or an effect's). Errors are collected.
  virtual void mount(Node& node) = 0;
  virtual void unmount(Node& node) = 0;
  // The last observer left. True if the host calls Store::expire later, after the grace period.
  virtual bool linger(Node& node) = 0;

  // [user] Does the errands, which were put off by calls that must not run user code.
  virtual void run_errands() = 0;
  // Whether there are errands. A field and not a call, since core asks very often.
  bool has_errands = false;

  // Raises in the host's way. Core then returns false up to its caller.
  virtual void raise(Error error, std::span<Node* const> nodes) = 0;
  virtual void raise_unwind() = 0;
  virtual void clear_unwind() = 0;
  // An interrupt is pending in the middle of a flush: keeps it for raise_collected.
  virtual void keep_interrupt() = 0;
  // At the end of a flush: raises the collected errors; false if there were any.
  virtual bool raise_collected() = 0;

  virtual void event(Event event, const Node& node) = 0;
};

}  // namespace halflife::graph
