#include "breaker.hpp"

#include <algorithm>
#include <utility>

namespace halflife::policy {

BreakerState Breaker::state(Moment now) {
  advance(now);
  return state_;
}

Breaker::Permit Breaker::acquire(Moment now) {
  advance(now);
  if (state_ == BreakerState::open) return {};
  if (state_ == BreakerState::half_open) {
    if (running_ >= rule_.trials) return {};
    ++running_;
  }
  return Permit{period_};
}

void Breaker::succeeded(Permit& permit, Moment now) {
  advance(now);
  if (!take(permit)) return;
  if (state_ == BreakerState::half_open) change(BreakerState::closed);
  failures_ = 0;
}

void Breaker::failed(Permit& permit, Moment now) {
  const Moment steady = advance(now);
  if (!take(permit)) return;
  if (state_ == BreakerState::half_open || ++failures_ >= rule_.threshold) open(steady);
}

void Breaker::released(Permit& permit) {
  // Only trial calls are counted while they run.
  if (take(permit) && state_ == BreakerState::half_open) --running_;
}

Moment Breaker::retry_at(Moment now) {
  advance(now);
  return state_ == BreakerState::open ? time_.on_clock(open_until_) : now;
}

std::optional<double> Breaker::until_half_open(Moment now) {
  const Moment steady = advance(now);
  if (state_ != BreakerState::open) return std::nullopt;
  return std::max(0.0, open_until_ - steady);
}

// Notices that the timeout is over. Returns the steady time.
Moment Breaker::advance(Moment now) {
  const Moment steady = time_.at(now);
  if (state_ == BreakerState::open && steady >= open_until_) change(BreakerState::half_open);
  return steady;
}

void Breaker::change(BreakerState state) {
  state_ = state;
  ++period_;
  failures_ = 0;
  running_ = 0;
}

void Breaker::open(Moment steady) {
  change(BreakerState::open);
  open_until_ = steady + rule_.timeout;
}

// Uses the permit up. Returns whether it is of this period.
bool Breaker::take(Permit& permit) { return std::exchange(permit.period_, 0) == period_; }

}  // namespace halflife::policy
