#include "backoff.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace halflife::policy {

double Backoff::delay(std::uint64_t retry) {
  // The power of a large retry is infinite, or 0 if the factor is below 1, and infinity times an
  // initial delay of 0 would be no number.
  double delay = 0;
  if (rule_.initial > 0) {
    const double power = std::pow(rule_.factor, static_cast<double>(retry));
    delay = std::min(rule_.initial * power, rule_.max);
  }
  if (rule_.jitter > 0) delay *= 1 + rule_.jitter * (2 * next_random() - 1);
  return std::clamp(delay, 0.0, std::numeric_limits<double>::max());
}

std::optional<double> Backoff::remaining(Moment now) {
  if (!rule_.deadline) return std::nullopt;
  return std::max(0.0, *rule_.deadline - elapsed(now));
}

bool Backoff::may_start(Moment now, double delay) {
  const std::optional<double> left = remaining(now);
  return !left || delay < *left;
}

// SplitMix64 (Steele, Lea, Flood 2014): small, and any seed is a good one. From 0, below 1.
double Backoff::next_random() {
  std::uint64_t mixed = random_ += 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  return static_cast<double>(mixed >> 11U) * 0x1.0p-53;
}

}  // namespace halflife::policy
