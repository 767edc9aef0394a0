// Backoff: delays, their spread, and the deadline of a call.
#include "core/policy/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

namespace halflife::policy {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Backoff, DelaysGrowByTheFactorUpToTheMaximum) {
  Backoff backoff({.initial = 1, .max = 30, .factor = 2, .jitter = 0, .deadline = {}}, 0);
  const double expected[] = {1, 2, 4, 8, 16, 30, 30};
  for (std::uint64_t retry = 0; retry < 7; ++retry) {
    EXPECT_EQ(backoff.delay(retry), expected[retry]) << retry;
  }
}

TEST(Backoff, NoRetryIsTooLateForADelay) {
  const double factors[] = {0.5, 1, 2, 1e300};
  const double initials[] = {0, 1e-300, 1, 1e300};
  const std::uint64_t retries[] = {0,    1,         1023,
                                   1024, 1U << 31U, std::numeric_limits<std::uint64_t>::max()};
  for (const double factor : factors) {
    for (const double initial : initials) {
      for (const double max : {0.0, 30.0, 1e300, kInfinity}) {
        Backoff backoff({initial, max, factor, 0.5, {}}, 7);
        for (const std::uint64_t retry : retries) {
          const double delay = backoff.delay(retry);
          EXPECT_TRUE(std::isfinite(delay))
              << initial << " " << factor << " " << max << " " << retry;
          EXPECT_GE(delay, 0);
          EXPECT_LE(delay, max * 1.5);
        }
      }
    }
  }
}

TEST(Backoff, JitterSpreadsADelayOnBothSidesWithinItsBounds) {
  Backoff backoff({.initial = 10, .max = 30, .factor = 1, .jitter = 0.5, .deadline = {}}, 1);
  double least = kInfinity;
  double most = 0;
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const double delay = backoff.delay(0);
    least = std::min(least, delay);
    most = std::max(most, delay);
    sum += delay;
  }
  EXPECT_GE(least, 5);
  EXPECT_LT(least, 5.2);
  EXPECT_LE(most, 15);
  EXPECT_GT(most, 14.8);
  EXPECT_NEAR(sum / 1000, 10, 0.5);
}

TEST(Backoff, TheSameSeedGivesTheSameDelaysAndAnotherSeedOthers) {
  const BackoffRule rule{.initial = 1, .max = 30, .factor = 2, .jitter = 0.5, .deadline = {}};
  std::set<double> firsts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Backoff one(rule, seed);
    Backoff other(rule, seed);
    for (std::uint64_t retry = 0; retry < 5; ++retry) {
      const double delay = one.delay(retry);
      EXPECT_EQ(other.delay(retry), delay);
      if (retry == 0) firsts.insert(delay);
    }
  }
  EXPECT_EQ(firsts.size(), 100U);
}

TEST(Backoff, NoAttemptStartsAtTheDeadlineOrAfterIt) {
  Backoff backoff({.initial = 1, .max = 30, .factor = 2, .jitter = 0, .deadline = 5}, 0);
  backoff.start(100);
  EXPECT_EQ(backoff.remaining(100), 5);
  EXPECT_TRUE(backoff.may_start(100, 4.5));
  EXPECT_FALSE(backoff.may_start(100, 5));
  EXPECT_EQ(backoff.remaining(104), 1);
  EXPECT_EQ(backoff.elapsed(104), 4);
  EXPECT_TRUE(backoff.may_start(104, 0.5));
  EXPECT_FALSE(backoff.may_start(104, 1));
  EXPECT_EQ(backoff.remaining(200), 0);
  EXPECT_FALSE(backoff.may_start(200, 0));
}

TEST(Backoff, WithoutADeadlineAnyAttemptMayStart) {
  Backoff backoff({}, 0);
  backoff.start(0);
  EXPECT_EQ(backoff.remaining(1e300), std::nullopt);
  EXPECT_TRUE(backoff.may_start(1e300, 1e300));
}

TEST(Backoff, AClockThatGoesBackNeitherLengthensTheDeadlineNorMakesTheElapsedTimeNegative) {
  Backoff backoff({.initial = 1, .max = 30, .factor = 2, .jitter = 0, .deadline = 10}, 0);
  backoff.start(1000);
  EXPECT_EQ(backoff.elapsed(1004), 4);
  EXPECT_EQ(backoff.elapsed(10), 4);
  EXPECT_EQ(backoff.remaining(12), 4);
  EXPECT_EQ(backoff.elapsed(-50), 6);
  EXPECT_EQ(backoff.remaining(-46), 0);
}

TEST(SteadyTime, AnotherClockGoesOnWhereTheFirstOneWas) {
  SteadyTime time;
  EXPECT_EQ(time.at(50), 50);
  time.change_clock(7000);
  EXPECT_EQ(time.at(7000), 50);
  EXPECT_EQ(time.at(7002), 52);
  EXPECT_EQ(time.on_clock(55), 7005);
}

TEST(SteadyTime, TheFirstTimeMayBeNegative) {
  SteadyTime time;
  EXPECT_EQ(time.at(-5), -5);
  EXPECT_EQ(time.at(-6), -5);
  EXPECT_EQ(time.at(-4), -3);
}

}  // namespace
}  // namespace halflife::policy
