// Backoff: how long to wait before each retry of one call, and whether the call's deadline leaves
// time for another attempt. Delays grow by a factor up to a maximum; jitter spreads them, so that
// many clients do not retry at the same moment. The same seed gives the same delays.
#pragma once

#include <cstdint>
#include <optional>

#include "steady_time.hpp"

namespace halflife::policy {

// Times are seconds. The caller has checked: initial and max are not negative, factor is positive,
// jitter is from 0 to 1, the deadline is not negative.
struct BackoffRule {
  double initial = 1.0;
  double max = 30.0;
  double factor = 2.0;
  double jitter = 0.0;  // 0.5 spreads each delay by ±50 %
  std::optional<double> deadline;
};

class Backoff {
 public:
  Backoff(const BackoffRule& rule, std::uint64_t seed) : rule_(rule), random_(seed) {}

  // Called at the first attempt; the deadline counts from here.
  void start(Moment now) { started_ = time_.at(now); }

  // Seconds to wait before a retry, counted from 0. Each call takes the next random number.
  double delay(std::uint64_t retry);

  // Seconds since the start.
  double elapsed(Moment now) { return time_.at(now) - started_; }

  // Seconds until the deadline, not negative; nothing without a deadline.
  std::optional<double> remaining(Moment now);

  // Whether an attempt may start that many seconds from now. None starts at or after the deadline.
  bool may_start(Moment now, double delay);

 private:
  double next_random();

  BackoffRule rule_;
  SteadyTime time_;
  Moment started_ = 0;
  std::uint64_t random_;
};

}  // namespace halflife::policy
