// A node is the state of one atom in one store: its value, the inputs that its run read, and its
// dependents. Edges point from a dependent to its inputs; back-links exist only while the dependent
// is live, so that an atom that nobody observes keeps nothing alive.
#pragma once

#include <cstdint>
#include <memory>

#include "../ids.hpp"
#include "../value.hpp"
#include "async_state.hpp"
#include "input_index.hpp"
#include "prefetch.hpp"
#include "sequence.hpp"
#include "subscription.hpp"

namespace halflife::graph {

struct Node;

enum class Kind : std::uint8_t {
  source,   // set from outside
  derived,  // computed by the host from other nodes
  view,     // computed by the host from the loading state of its one input
  effect,   // runs for its side effects; never read
};

constexpr std::uint32_t kUnlinked = 0xFFFFFFFFu;

struct Edge {
  Node* input;
  Stamp seen;                 // the input's stamp when its value was received
  std::uint32_t slot;         // our index in input->dependents; kUnlinked while not live
  bool state : 1 = false;     // reads the loading state, not the settled value
  bool awaiting : 1 = false;  // an async run reads it, and has not received the value yet
  bool counted : 1 = false;   // counted in the dependent's pending_inputs
  bool moving : 1 = false;    // counted in the dependent's moving_inputs
  bool passed : 1 = false;  // kept from an async node's last run, but the current run read another
                            // input at its index: the dependent does not observe it any more
};

// A back-link: the edge of another node that reads this node.
struct Dependent {
  Node* node;
  std::uint32_t edge;
};

namespace flag {
constexpr std::uint32_t live = 1u << 0;                  // kept current eagerly
constexpr std::uint32_t mounted = 1u << 1;               // observed, directly or by a dependent
constexpr std::uint32_t running = 1u << 2;               // its read is on the C stack
constexpr std::uint32_t queued = 1u << 3;                // to be recomputed
constexpr std::uint32_t in_heap = 1u << 4;               // in a bucket of the heap, queued or not
constexpr std::uint32_t dirty = 1u << 5;                 // must run, even if no input changed
constexpr std::uint32_t immediate = 1u << 6;             // this flush notifies a change of it
constexpr std::uint32_t deferred = 1u << 7;              // the end of the loop tick notifies it
constexpr std::uint32_t cyclic = 1u << 8;                // met a cycle: runs again after any change
constexpr std::uint32_t error = 1u << 9;                 // the value is an error
constexpr std::uint32_t computed = 1u << 10;             // has a value
constexpr std::uint32_t asynchronous = 1u << 11;         // its value arrives later
constexpr std::uint32_t async_read = 1u << 12;           // the read is a coroutine function
constexpr std::uint32_t hooked = 1u << 13;               // the atom has an on_mount
constexpr std::uint32_t notification_queued = 1u << 14;  // in the queue of notifications
constexpr std::uint32_t notify_immediately = 1u << 15;   // that notification is immediate
constexpr std::uint32_t checking = 1u << 16;             // on the validation stack
constexpr std::uint32_t orphan = 1u << 17;               // its atom is gone; freed when it is safe
constexpr std::uint32_t hook_run = 1u << 18;             // on_mount was called, its cleanup was not
constexpr std::uint32_t hook_queued = 1u << 19;          // in the queue of mount hooks
constexpr std::uint32_t lingering = 1u << 20;            // kept mounted by the grace period
constexpr std::uint32_t abort_unseen = 1u << 21;         // the last observer cancels its run
constexpr std::uint32_t effect_queued = 1u << 22;        // in the queue of effects
constexpr std::uint32_t journaled = 1u << 23;            // seen by the walk over a batch's journal
constexpr std::uint32_t in_cyclic = 1u << 24;            // in the list of nodes that met a cycle
constexpr std::uint32_t held = 1u << 25;                 // the host keeps its atom alive
constexpr std::uint32_t hold_queued = 1u << 26;          // the next sweep may end its hold
constexpr std::uint32_t in_unstarted = 1u << 27;         // waits for a read to start its run
constexpr std::uint32_t notification_deferred = 1u << 28;  // in the list for the end of the tick
constexpr std::uint32_t unwound = 1u << 29;                // its run was unwound, and restarts
// The value refers to its own atom, and to no store. The garbage collector sees it as the atom's:
// if it belonged to the store, the atom would live as long as the store.
constexpr std::uint32_t of_atom = 1u << 30;
constexpr std::uint32_t compares = 1u << 31;  // the user's function compares its values
}  // namespace flag

// The fields that most nodes never need.
struct Extra {
  Subscriptions subscriptions;
  Value before = nullptr;  // the value that subscribers were told last, while a notification waits
  bool has_before = false;
  bool before_error = false;
  Value cleanup = nullptr;         // the function that on_mount, or an effect, returned
  SubscriptionId observed_as = 0;  // of an effect: orders it among all observers
  // Indices in the store's lists, each valid while a flag says that the node is listed.
  std::uint32_t index_in_cyclic = 0;
  std::uint32_t index_in_unholds = 0;
  std::uint32_t index_in_effects = 0;
  std::uint32_t index_in_hooks = 0;
  std::unique_ptr<AsyncState> async;
  std::unique_ptr<InputIndex> index;  // only of a node with many inputs, while its run reads on
};

// A source without a run in flight is always current.
constexpr Revision kAlways = ~Revision{0};

struct Node {
  void* atom = nullptr;    // the host's
  void* getter = nullptr;  // the host's
  Value value = nullptr;   // settled value or error; null until computed
  Sequence<Edge, 1> inputs;
  Sequence<Dependent, 0> dependents;
  Stamp changed_at = 0;
  Revision verified_at = 0;
  std::uint64_t read_by = 0;  // serial of the run that recorded us last: skips repeated reads
  Node* next_in_heap = nullptr;
  std::unique_ptr<Extra> extra;
  std::uint32_t flags = 0;
  Height height = 0;
  Height bucket = 0;                 // its bucket in the heap; its height may have changed since
  std::uint32_t observer_count = 0;  // subscribers, waiters and mounted dependents
  std::uint32_t keepalive_count =
      0;                      // what keeps it live besides dependents: subscribers, waiters, a run
  std::uint32_t holders = 0;  // edges that point here
  std::uint32_t runs = 0;     // completed runs
  std::uint32_t journal = 0;  // 1 + the index of its newest entry in the journal; 0: none
  std::uint32_t index_in_nodes = 0;  // kUnlinked once it is destroyed
  Kind kind = Kind::source;
  bool marked =
      false;  // scratch of the walk under way; false between walks, which run no user code
  bool started = false;  // nothing that it depends on waits for a read: see unstarted_runs.hpp

  bool is(std::uint32_t bits) const { return (flags & bits) != 0; }
  void set_flag(std::uint32_t bits) { flags |= bits; }
  void clear_flag(std::uint32_t bits) { flags &= ~bits; }

  // Is the atom's read a plain function? It may still return an awaitable.
  bool is_plain_read() const { return kind == Kind::derived && !is(flag::async_read); }

  Extra& more() {
    if (!extra) extra = std::make_unique<Extra>();
    return *extra;
  }
  AsyncState* async() const { return extra ? extra->async.get() : nullptr; }
  AsyncState& make_async() {
    if (!more().async) extra->async = std::make_unique<AsyncState>();
    return *extra->async;
  }
  bool has_subscribers() const { return extra && !extra->subscriptions.empty(); }
  bool pending() const { return is(flag::asynchronous) && extra->async->pending(); }
  bool moving() const { return is(flag::asynchronous) && extra->async->moving(); }

  // How many inputs count: those from the cursor on are only kept from the last run.
  std::uint32_t active_inputs() const {
    if (!is(flag::asynchronous)) [[likely]]
      return inputs.size();
    const AsyncState* state = async();
    return state != nullptr ? state->cursor : inputs.size();
  }
};

// Must the node run, even if no input changed?
inline bool must_run(const Node& node) {
  return node.is(flag::dirty | flag::cyclic) || !node.is(flag::computed | flag::asynchronous);
}

inline void prefetch_node(const Node& node) {
  prefetch(&node);
  prefetch(&node.changed_at);
  prefetch(&node.flags);
}

// The stamp of the last change of what the edge reads: the loading state, or the settled value.
inline Stamp stamp_of(const Edge& edge) {
  const AsyncState* state = edge.state ? edge.input->async() : nullptr;
  if (state == nullptr || state->state_at < edge.input->changed_at) return edge.input->changed_at;
  return state->state_at;
}

}  // namespace halflife::graph
