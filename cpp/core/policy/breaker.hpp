// A circuit breaker stops calls to a service that keeps failing. It is *closed* while calls go
// through, *open* after a number of failures in a row: calls are then refused at once, for a
// timeout; after that it is *half-open*: a few trial calls at once go through, and the first answer
// of them decides whether it closes or opens again.
//
// Each call needs a permit, and tells how it ended with it. A permit names the period in which it
// was given, a period being the time between two changes of the state: an answer that arrives in a
// later period says nothing about the service now, and does not count.
#pragma once

#include <cstdint>
#include <optional>

#include "steady_time.hpp"

namespace halflife::policy {

enum class BreakerState : unsigned char { closed, open, half_open };

constexpr const char* name_of(BreakerState state) {
  constexpr const char* names[] = {"closed", "open", "half-open"};
  return names[static_cast<unsigned>(state)];
}

// The caller has checked: the counts are at least 1, the timeout (seconds) is not negative.
struct BreakerRule {
  std::uint32_t threshold = 5;
  double timeout = 60.0;
  std::uint32_t trials = 1;  // the most trial calls at once
};

class Breaker {
 public:
  class Permit {
   public:
    Permit() = default;
    // Whether a call may be made; false after it has been told how the call ended.
    explicit operator bool() const { return period_ != 0; }

   private:
    friend class Breaker;
    explicit Permit(std::uint64_t period) : period_(period) {}
    std::uint64_t period_ = 0;
  };

  explicit Breaker(const BreakerRule& rule) : rule_(rule) {}

  BreakerState state(Moment now);

  // A permit for one call, empty if the call is refused. One of the three below must follow; a
  // permit that is used up or empty does nothing there.
  Permit acquire(Moment now);
  void succeeded(Permit& permit, Moment now);
  void failed(Permit& permit, Moment now);
  // The call was cancelled: that says nothing about the service.
  void released(Permit& permit);

  // When a refused call is worth another try, on the caller's clock: the end of the timeout, or
  // now while trial calls run.
  Moment retry_at(Moment now);

  // Seconds until an open breaker becomes half-open by itself; nothing in other states.
  std::optional<double> until_half_open(Moment now);

  // Closed, without failures; answers of calls under way do not count.
  void reset() { change(BreakerState::closed); }

  // `now` on another clock is the present moment.
  void change_clock(Moment now) { time_.change_clock(now); }

  std::uint32_t failures() const { return failures_; }

 private:
  Moment advance(Moment now);
  void change(BreakerState state);
  void open(Moment steady);
  bool take(Permit& permit);

  BreakerRule rule_;
  SteadyTime time_;
  BreakerState state_ = BreakerState::closed;
  std::uint64_t period_ = 1;    // moves with each change of the state; no permit names a later one
  std::uint32_t failures_ = 0;  // in a row, while closed
  std::uint32_t running_ = 0;   // trial calls, while half-open
  Moment open_until_ = 0;       // in steady time, while open
};

}  // namespace halflife::policy
