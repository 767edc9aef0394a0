// What an asynchronous node has besides its settled value: the run in flight, and why the node is
// not settled. A node is *pending* while a newer value is on its way: its run is out of date or in
// flight, its run has ended but an input it received is pending again, or only such an input is.
#pragma once

#include <cstdint>

#include "../ids.hpp"
#include "../value.hpp"

namespace halflife::graph {

// Stamp of a run that has begun and not taken its first step: it knows whatever was said before
// that.
constexpr Stamp kNotAsked = ~Stamp{0};

enum class Phase : std::uint8_t {
  idle,      // no run
  running,   // the host runs it
  finished,  // ended with a provisional result: an input that it received is pending
};

struct AsyncState {
  Value run = nullptr;          // the host's run object, while phase is running
  Value provisional = nullptr;  // the result, while phase is finished
  Value shown = nullptr;        // the last data: settled, or published by a stream
  Value awaitable = nullptr;    // set, or returned by a plain read and not yet with its run
  void* handle = nullptr;       // the host's handle of the current run, not owned
  void* waiting = nullptr;      // the host's list of waiters
  Generation generation = 0;
  Stamp state_at = 0;
  Stamp asked_at = 0;                // when the newest run took its first step
  Stamp answered_at = 0;             // ... and the one whose result is the settled value
  std::uint32_t cursor = 0;          // inputs before it belong to the current run
  std::uint32_t pending_inputs = 0;  // received inputs that are pending
  std::uint32_t moving_inputs = 0;   // ... and those of them that will settle by themselves
  std::uint32_t waiters = 0;
  std::uint32_t index_in_restarts = 0;  // while restart_queued
  Phase phase = Phase::idle;
  bool outdated = true;   // needs a new run
  bool forced = true;     // ... even though no input changed (never run, refresh)
  bool asked = false;     // read explicitly since it is out of date
  bool demanded = false;  // the current run was begun for a read, or a subscriber of its own
  bool entered = false;   // the current run starts, or has started: nobody can let go of it
  bool halted = false;    // cancelled from outside: only an explicit read starts it again
  bool provisional_error = false;
  bool streaming = false;      // the current run has published
  bool was_pending = true;     // as told to dependents
  bool was_moving = false;     // as told to dependents
  bool showed_stream = false;  // as told to dependents
  bool restart_queued = false;
  bool keeps_alive = false;  // its run counts as a reason to be live
  bool in_pending = false;   // counted in the store's pending_runs

  // What the current run has published, until an input of it changes.
  bool shows_stream() const { return streaming && !outdated; }
  // Is something under way by which a pending node settles? One that is out of date and that
  // nobody wants is not: it waits for a read, perhaps for ever, and so keeps nobody waiting.
  bool moving() const { return phase == Phase::running || restart_queued || moving_inputs > 0; }
  bool pending() const { return outdated || phase != Phase::idle || pending_inputs > 0; }
};

// What those who look at the loading state are shown.
struct LoadState {
  bool pending;
  bool streaming;
  bool settled;  // value/error below is there
  bool error;
  Value value;
  Value shown;
};

}  // namespace halflife::graph
