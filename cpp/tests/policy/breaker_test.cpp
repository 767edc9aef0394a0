// The states of a circuit breaker, and every order of the answers of its calls.
#include "core/policy/breaker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace halflife::policy {
namespace {

using enum BreakerState;

enum class Ending : unsigned char { succeeded, failed, released };

constexpr Ending kEndings[] = {Ending::succeeded, Ending::failed, Ending::released};

void end(Breaker& breaker, Breaker::Permit& permit, Ending ending, Moment now) {
  switch (ending) {
    case Ending::succeeded:
      return breaker.succeeded(permit, now);
    case Ending::failed:
      return breaker.failed(permit, now);
    case Ending::released:
      return breaker.released(permit);
  }
}

bool call(Breaker& breaker, Ending ending, Moment now) {
  Breaker::Permit permit = breaker.acquire(now);
  const bool allowed{permit};
  end(breaker, permit, ending, now);
  return allowed;
}

void fail(Breaker& breaker, int times, Moment now) {
  for (int i = 0; i < times; ++i) ASSERT_TRUE(call(breaker, Ending::failed, now));
}

TEST(Breaker, FailuresInARowOpenIt) {
  Breaker breaker({.threshold = 3, .timeout = 10, .trials = 1});
  fail(breaker, 2, 0);
  EXPECT_EQ(breaker.state(0), closed);
  EXPECT_EQ(breaker.failures(), 2U);
  fail(breaker, 1, 0);
  EXPECT_EQ(breaker.state(0), open);
  EXPECT_FALSE(breaker.acquire(0));
  EXPECT_EQ(breaker.retry_at(0), 10);
}

TEST(Breaker, ASuccessBetweenStartsTheCountAnewAndACancellationDoesNot) {
  Breaker breaker({.threshold = 3, .timeout = 10, .trials = 1});
  fail(breaker, 2, 0);
  call(breaker, Ending::succeeded, 0);
  fail(breaker, 2, 0);
  EXPECT_EQ(breaker.state(0), closed);
  call(breaker, Ending::released, 0);
  EXPECT_EQ(breaker.failures(), 2U);
  fail(breaker, 1, 0);
  EXPECT_EQ(breaker.state(0), open);
}

TEST(Breaker, ItIsHalfOpenExactlyFromTheEndOfTheTimeoutOn) {
  Breaker breaker({.threshold = 1, .timeout = 10, .trials = 1});
  fail(breaker, 1, 5);
  EXPECT_EQ(breaker.until_half_open(7), 8);
  EXPECT_EQ(breaker.state(14.999), open);
  EXPECT_EQ(breaker.state(15), half_open);
  EXPECT_EQ(breaker.until_half_open(15), std::nullopt);
  Breaker::Permit trial = breaker.acquire(15);
  EXPECT_TRUE(trial);
  EXPECT_FALSE(breaker.acquire(16));
  EXPECT_EQ(breaker.retry_at(16), 16);
  breaker.succeeded(trial, 17);
  EXPECT_FALSE(trial);
  EXPECT_EQ(breaker.state(17), closed);
  EXPECT_EQ(breaker.failures(), 0U);
}

TEST(Breaker, ATrialCallThatFailsOpensItForAWholeTimeout) {
  Breaker breaker({.threshold = 3, .timeout = 10, .trials = 1});
  fail(breaker, 3, 0);
  Breaker::Permit trial = breaker.acquire(12);
  breaker.failed(trial, 14);
  EXPECT_EQ(breaker.state(14), open);
  EXPECT_EQ(breaker.retry_at(14), 24);
  EXPECT_EQ(breaker.state(24), half_open);
}

// Trial calls of every number, ended in every order in every way. The model: the first one that is
// not released decides; what follows does not count.
TEST(Breaker, EveryOrderOfAnswersOfTrialCalls) {
  for (std::size_t trials = 1; trials <= 4; ++trials) {
    std::vector<std::size_t> order(trials);
    for (std::size_t i = 0; i < trials; ++i) order[i] = i;
    std::size_t ways = 1;
    for (std::size_t i = 0; i < trials; ++i) ways *= 3;
    do {
      for (std::size_t way = 0; way < ways; ++way) {
        Breaker breaker(
            {.threshold = 2, .timeout = 10, .trials = static_cast<std::uint32_t>(trials)});
        fail(breaker, 2, 0);
        std::vector<Breaker::Permit> permits;
        for (std::size_t i = 0; i < trials; ++i) {
          permits.push_back(breaker.acquire(10));
          ASSERT_TRUE(permits.back());
        }
        ASSERT_FALSE(breaker.acquire(10));
        BreakerState expected = half_open;
        std::size_t running = trials;
        std::size_t rest = way;
        Moment now = 11;
        for (const std::size_t index : order) {
          const Ending ending = kEndings[rest % 3];
          rest /= 3;
          end(breaker, permits[index], ending, now);
          if (expected == half_open) {
            --running;
            if (ending == Ending::succeeded) expected = closed;
            if (ending == Ending::failed) expected = open;
          }
          ASSERT_EQ(breaker.state(now), expected) << trials << " trials, way " << way;
          if (expected == open) {
            ASSERT_FALSE(breaker.acquire(now));
          }
          if (expected == closed) {
            ASSERT_EQ(breaker.failures(), 0U);
          }
          if (expected == half_open) {
            // As many trial calls may start as have been released.
            std::vector<Breaker::Permit> more;
            for (std::size_t i = running; i < trials; ++i) more.push_back(breaker.acquire(now));
            for (Breaker::Permit& permit : more) ASSERT_TRUE(permit);
            ASSERT_FALSE(breaker.acquire(now));
            for (Breaker::Permit& permit : more) breaker.released(permit);
          }
          now += 1;
        }
        ASSERT_EQ(breaker.state(100), expected == closed ? closed : half_open);
      }
    } while (std::ranges::next_permutation(order).found);
  }
}

// A call begun in each state ends, in each way, in each later period: nothing changes.
TEST(Breaker, ALateAnswerOfAnOlderPeriodDoesNotCount) {
  for (const Ending ending : kEndings) {
    for (int later = 0; later < 4; ++later) {
      Breaker breaker({.threshold = 2, .timeout = 10, .trials = 1});
      Breaker::Permit old = breaker.acquire(0);
      fail(breaker, 2, 0);
      Moment now = 1;
      Breaker::Permit trial;
      if (later >= 1) trial = breaker.acquire(now = 20);
      if (later == 2) breaker.succeeded(trial, now);
      if (later == 2) fail(breaker, 1, now);
      if (later == 3) breaker.failed(trial, now);
      const BreakerState before = breaker.state(now);
      const std::uint32_t failures = breaker.failures();
      const Moment retry_at = breaker.retry_at(now);
      end(breaker, old, ending, now);
      EXPECT_FALSE(old);
      EXPECT_EQ(breaker.state(now), before) << later;
      EXPECT_EQ(breaker.failures(), failures) << later;
      EXPECT_EQ(breaker.retry_at(now), retry_at) << later;
      if (later == 1) {
        EXPECT_FALSE(breaker.acquire(now));
      }
    }
  }
}

TEST(Breaker, APermitCountsOnce) {
  Breaker breaker({.threshold = 2, .timeout = 10, .trials = 2});
  Breaker::Permit permit = breaker.acquire(0);
  breaker.failed(permit, 0);
  breaker.failed(permit, 0);
  EXPECT_EQ(breaker.failures(), 1U);
  Breaker::Permit none;
  breaker.failed(none, 0);
  EXPECT_EQ(breaker.failures(), 1U);
  fail(breaker, 1, 0);
  Breaker::Permit first = breaker.acquire(10);
  Breaker::Permit second = breaker.acquire(10);
  breaker.released(first);
  breaker.released(first);
  EXPECT_TRUE(breaker.acquire(10));
  EXPECT_FALSE(breaker.acquire(10));
  EXPECT_TRUE(second);
}

TEST(Breaker, AResetClosesItAndForgetsCallsUnderWay) {
  Breaker breaker({.threshold = 2, .timeout = 10, .trials = 1});
  Breaker::Permit old = breaker.acquire(0);
  fail(breaker, 2, 0);
  breaker.reset();
  EXPECT_EQ(breaker.state(0), closed);
  breaker.failed(old, 0);
  fail(breaker, 1, 0);
  EXPECT_EQ(breaker.state(0), closed);
  fail(breaker, 1, 0);
  EXPECT_EQ(breaker.state(0), open);
}

TEST(Breaker, AClockThatGoesBackNeitherShortensNorLengthensTheTimeout) {
  Breaker breaker({.threshold = 1, .timeout = 10, .trials = 1});
  fail(breaker, 1, 1000);
  EXPECT_EQ(breaker.state(1004), open);
  EXPECT_EQ(breaker.state(0), open);
  EXPECT_EQ(breaker.until_half_open(0), 6);
  EXPECT_EQ(breaker.retry_at(0), 6);
  EXPECT_EQ(breaker.state(5.5), open);
  EXPECT_EQ(breaker.state(6), half_open);
  EXPECT_EQ(breaker.state(-100), half_open);
}

TEST(Breaker, AnotherClockGoesOnAtTheSameMoment) {
  Breaker breaker({.threshold = 1, .timeout = 10, .trials = 1});
  fail(breaker, 1, 50);
  EXPECT_EQ(breaker.state(54), open);
  breaker.change_clock(7000);
  EXPECT_EQ(breaker.retry_at(7000), 7006);
  EXPECT_EQ(breaker.state(7006), half_open);
}

TEST(Breaker, ATimeoutOfNothingIsHalfOpenAtOnce) {
  Breaker breaker({.threshold = 1, .timeout = 0, .trials = 1});
  fail(breaker, 1, 0);
  EXPECT_EQ(breaker.state(0), half_open);
}

TEST(Breaker, ItsStatesHaveNames) {
  EXPECT_EQ(std::string(name_of(closed)), "closed");
  EXPECT_EQ(std::string(name_of(open)), "open");
  EXPECT_EQ(std::string(name_of(half_open)), "half-open");
}

}  // namespace
}  // namespace halflife::policy
