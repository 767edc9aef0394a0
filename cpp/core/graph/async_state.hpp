// The state of an asynchronous node besides its settled value: the run in flight, and why the node
// is not settled. A node is *pending* while a newer value is on its way: its run is outdated or in
// flight, or an input that the run received is pending.
#pragma once

#include <cstdint>

#include "../ids.hpp"
#include "../value.hpp"

namespace halflife::graph {

// The `asked_at` of a run that has begun and not taken its first step: the run will see every
// change that comes before that step.
constexpr Stamp kNotAsked = ~Stamp{0};

enum class Phase : std::uint8_t {
  idle,      // no run
  running,   // the host runs it
  finished,  // ended; its result is provisional while an input is pending
};

struct AsyncState {
  Value run = nullptr;          // the host's run object, while phase is running
  Value provisional = nullptr;  // the result, while phase is finished
  Value shown = nullptr;        // the last data: settled, or published by a stream
  Value awaitable = nullptr;    // set, or returned by a plain read and not yet with its run
  void* handle = nullptr;       // the host's handle of the current run; not owned
  void* waiting = nullptr;      // the host's list of waiters
  Generation generation = 0;
  Stamp state_at = 0;
  Stamp asked_at = 0;                // when the newest run took its first step
  Stamp answered_at = 0;             // ... and when the run did whose result is the settled value
  std::uint32_t cursor = 0;          // inputs before it belong to the current run
  std::uint32_t pending_inputs = 0;  // received inputs that are pending
  std::uint32_t moving_inputs = 0;   // ... and those of them that settle without being read
  std::uint32_t waiters = 0;
  std::uint32_t index_in_restarts = 0;  // while restart_queued
  Phase phase = Phase::idle;
  bool outdated = true;   // needs a new run
  bool forced = true;     // ... although no input changed: it never ran, or was refreshed
  bool asked = false;     // somebody read the node since it is outdated
  bool demanded = false;  // the current run began for a read or for a subscriber of this node
  bool entered = false;   // the current run takes its first step in any case, or has
  bool halted = false;    // cancelled from outside: only a read starts another run
  bool provisional_error = false;
  bool streaming = false;      // the current run has published
  bool was_pending = true;     // as told to dependents
  bool was_moving = false;     // as told to dependents
  bool showed_stream = false;  // as told to dependents
  bool restart_queued = false;
  bool keeps_alive = false;  // counted in the node's keepalive_count
  bool in_pending = false;   // counted in RunQueue::pending

  // Is the value that the current run published shown? Until an input of the run changes.
  bool shows_stream() const { return streaming && !outdated; }
  // Will the pending node settle without being read? A node that is outdated and has no observer
  // will not: dependents must not wait for it, since the next read may never come.
  bool moving() const { return phase == Phase::running || restart_queued || moving_inputs > 0; }
  bool pending() const { return outdated || phase != Phase::idle || pending_inputs > 0; }
};

// The loading state of a node, as views and `Loadable`s show it.
struct LoadState {
  bool pending;
  bool streaming;
  bool settled;  // `value` is there: a value, or an error
  bool error;
  Value value;
  Value shown;
};

}  // namespace halflife::graph
