// The host is whoever uses the graph: it owns the values and knows the user's functions. Core asks
// it for the little it must know of them. Two hosts exist: Python objects in bindings/, and plain
// numbers in the C++ tests.
//
// Calls marked [user] may run user code, which may call the store again; core makes them only when
// its structure is consistent. The others must not: not even by an allocation that makes a garbage
// collector run. What a host cannot do without user code there, it puts off as an errand.
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
  // [user] May a dependent of `node` keep its value, `now` having come in place of `before`?
  virtual bool equal(Node& node, Value before, Value now) = 0;
  // Are two errors one and the same?
  virtual bool same_error(Value before, Value now) = 0;

  virtual void own(Value value) = 0;
  // [user] Gives a value back. Core calls it outside of walks only.
  virtual void release(Value value) = 0;
  // Releases the value at once if that can run no user code; else false, and core keeps it for
  // later.
  virtual bool release_plain(Value value) = 0;

  // The store keeps the node's atom alive / does not any more. [user] for unhold: the atom may die.
  virtual void hold(Node& node) = 0;
  virtual void unhold(void* atom) = 0;
  // The same for one edge that reads the node: that reference belongs to the atom that reads, so
  // that an atom and what it reads can go together.
  virtual void hold_input(Node& input) = 0;
  virtual void unhold_input(void* atom) = 0;
  // The node is about to be freed: forget every pointer to it.
  virtual void forget(Node& node) = 0;

  // Is there a loop on which a run could start? With `demand`, raises when not.
  virtual bool can_start(Node& node, bool demand) = 0;
  // Makes the handle of a new run (an owned value); nothing starts yet.
  virtual Value make_run(Node& node, Generation generation) = 0;
  // [user] Starts / cancels a run made before.
  virtual void start(Value run) = 0;
  virtual void cancel(Value run) = 0;
  // The node's pending state ended: wake whoever waits for it.
  virtual void wake(Node& node) = 0;
  // Call Store::flush_deferred at the end of this loop pass. False: there is no loop.
  virtual bool defer() = 0;

  // [user] Tells a subscriber. Errors, and interrupts, are collected.
  virtual void notify(Subscription& subscription) = 0;
  // [user] Calls on_mount / its cleanup (or an effect's). Errors are collected.
  virtual void mount(Node& node) = 0;
  virtual void unmount(Node& node) = 0;
  // The last observer left: true if the host calls Store::expire later (the grace period).
  virtual bool linger(Node& node) = 0;

  // [user] Does what was put off by calls that must not run user code.
  virtual void run_errands() = 0;
  // Whether anything was put off. A field, since core asks at every turn.
  bool has_errands = false;

  // Raise in the host's way; core returns false up to its caller afterwards.
  virtual void raise(Error error, std::span<Node* const> nodes) = 0;
  virtual void raise_unwind() = 0;
  virtual void clear_unwind() = 0;
  // An interrupt is pending in the middle of a flush: keep it for raise_collected.
  virtual void keep_interrupt() = 0;
  // At the end of a flush: raises the collected errors; false if there were any.
  virtual bool raise_collected() = 0;

  virtual void event(Event event, const Node& node) = 0;
};

}  // namespace halflife::graph
