// The policy of a cache entry, against a model that decides each question from the whole history.
#include "core/policy/entry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace halflife::policy {
namespace {

enum class Event : unsigned char {
  begin,           // supersedes the fetches in flight
  begin_parallel,  // does not
  answer_oldest,
  answer_newest,
  fail_newest,
  cancel_newest,
  set_data,
  confirm,
  edit,
  invalidate,
  empty,
};
constexpr int kEvents = 11;

// What happened, in order. A fetch is named by its number.
struct Happened {
  Event event;
  Generation fetch = 0;
  bool written = false;  // an answer or error that counted
};

// The model: every question is answered by a look at everything that happened before.
class History {
 public:
  std::vector<Generation> in_flight() const {
    std::vector<Generation> found;
    for (const Happened& one : past_) {
      if (one.event == Event::begin) found.clear();
      if (one.event == Event::begin || one.event == Event::begin_parallel) {
        found.push_back(one.fetch);
      }
      if (one.event >= Event::answer_oldest && one.event <= Event::cancel_newest) {
        std::erase(found, one.fetch);
      }
    }
    return found;
  }

  // An answer counts unless a later start was shown, or the data was written in another way after
  // the fetch had started. It is asked again if an event edited the data after the start, and the
  // data was not written by hand since.
  Verdict verdict(Generation fetch) const {
    if (const auto flying = in_flight(); std::ranges::find(flying, fetch) == flying.end()) {
      return Verdict::drop;
    }
    bool started = false;
    bool outdated = false;
    bool edited = false;
    for (const Happened& one : past_) {
      if (is_begin(one) && one.fetch == fetch) started = true;
      if (one.written && one.fetch > fetch) outdated = true;
      if (!started) continue;
      if (one.event == Event::set_data || one.event == Event::empty) {
        outdated = true;
        edited = false;
      }
      if (one.event == Event::confirm) outdated = true;
      if (one.event == Event::edit) edited = true;
    }
    if (edited) return Verdict::drop_and_fetch;
    return outdated ? Verdict::drop : Verdict::write;
  }

  bool has_data() const {
    bool found = false;
    for (const Happened& one : past_) {
      if (one.event == Event::set_data || (is_answer(one) && one.written)) found = true;
      if (one.event == Event::empty) found = false;
    }
    return found;
  }

  // Data is invalidated if an invalidation came after the start of the fetch that gave the data, or
  // after the data was set by hand.
  bool is_invalidated() const {
    if (!has_data()) return false;
    std::map<Generation, bool> since;  // by fetch: an invalidation came after its start
    bool result = false;
    for (const Happened& one : past_) {
      if (is_begin(one)) since[one.fetch] = false;
      if (one.event == Event::invalidate) {
        for (auto& [fetch, is_late] : since) is_late = true;
        result = true;
      }
      if (one.event == Event::set_data || one.event == Event::empty) result = false;
      if (is_answer(one) && one.written) result = since[one.fetch];
    }
    return result;
  }

  bool has_failed() const {
    bool found = false;
    for (const Happened& one : past_) {
      if (one.event == Event::fail_newest && one.written) found = true;
      if (one.event == Event::set_data || one.event == Event::empty) found = false;
      if (is_answer(one) && one.written) found = false;
    }
    return found;
  }

  void add(Happened one) { past_.push_back(one); }

 private:
  static bool is_begin(const Happened& one) {
    return one.event == Event::begin || one.event == Event::begin_parallel;
  }
  static bool is_answer(const Happened& one) {
    return one.event == Event::answer_oldest || one.event == Event::answer_newest;
  }

  std::vector<Happened> past_;
};

// Plays events on an entry and on the model; returns the first difference.
std::string play(const std::vector<Event>& events) {
  Entry entry;
  History history;
  double now = 0;
  for (const Event event : events) {
    now += 1;
    Happened one{event};
    const std::vector<Generation> flying = history.in_flight();
    const bool is_end = event >= Event::answer_oldest && event <= Event::cancel_newest;
    if (is_end && flying.empty()) continue;
    if (is_end) one.fetch = event == Event::answer_oldest ? flying.front() : flying.back();
    std::optional<Verdict> expected;
    std::optional<Verdict> got;
    switch (event) {
      case Event::begin:
      case Event::begin_parallel:
        one.fetch = entry.begin(event == Event::begin);
        break;
      case Event::answer_oldest:
      case Event::answer_newest:
        expected = history.verdict(one.fetch);
        if (entry.verdict(one.fetch) != *expected) return "verdict()";
        got = entry.answer(one.fetch, now);
        break;
      case Event::fail_newest:
        expected = history.verdict(one.fetch);
        got = entry.fail(one.fetch, now);
        break;
      case Event::cancel_newest:
        if (entry.cancel(one.fetch, entry.shown())) return "a fetch without a piece was restored";
        break;
      case Event::set_data:
        entry.set_data(now);
        break;
      case Event::confirm:
        if (entry.confirm() != !flying.empty()) return "confirm()";
        break;
      case Event::edit:
        entry.edit();
        break;
      case Event::invalidate:
        entry.invalidate();
        break;
      case Event::empty:
        entry.empty(now);
        break;
    }
    if (got != expected) return "the verdict of an end";
    one.written = got == Verdict::write;
    history.add(one);
    if (entry.shown().has_data != history.has_data()) return "has_data";
    if (entry.shown().has_failed != history.has_failed()) return "has_failed";
    if (entry.shown().invalidated != history.is_invalidated()) return "invalidated";
    if (entry.is_fetching() != !history.in_flight().empty()) return "is_fetching";
    if (const std::string broken = entry.invariant(); !broken.empty()) return broken;
  }
  return {};
}

std::string shown(const std::vector<Event>& events) {
  std::string text;
  for (const Event event : events) text += std::to_string(static_cast<int>(event)) + " ";
  return text;
}

TEST(EntryPolicy, EveryOrderOfFiveEventsEndsAsTheWholeHistorySays) {
  std::vector<Event> events(5);
  for (int number = 0; number < kEvents * kEvents * kEvents * kEvents * kEvents; ++number) {
    int rest = number;
    for (Event& event : events) {
      event = static_cast<Event>(rest % kEvents);
      rest /= kEvents;
    }
    ASSERT_EQ(play(events), "") << shown(events);
  }
}

TEST(EntryPolicy, LongHistories) {
  std::mt19937 random(7);
  std::vector<Event> events(24);
  for (int round = 0; round < 5000; ++round) {
    for (Event& event : events) event = static_cast<Event>(random() % kEvents);
    ASSERT_EQ(play(events), "") << shown(events);
  }
}

TEST(EntryPolicy, DataIsStaleExactlyAtTheBoundary) {
  Entry entry;
  EXPECT_TRUE(entry.is_stale(0, 10, false));
  entry.set_data(5);
  EXPECT_FALSE(entry.is_stale(14.9, 10, false));
  EXPECT_TRUE(entry.is_stale(15, 10, false));
  EXPECT_TRUE(entry.is_stale(5, 0, false));
}

TEST(EntryPolicy, AnInvalidationMakesDataStaleUnlessOnlyTimeCounts) {
  Entry entry;
  entry.set_data(0);
  entry.invalidate();
  EXPECT_TRUE(entry.is_stale(1, 10, false));
  EXPECT_FALSE(entry.is_stale(1, 10, true));
}

TEST(EntryPolicy, AnEntryExpiresAfterItsLastUseOrWrite) {
  Entry entry;
  entry.use(3);
  EXPECT_EQ(entry.expires_at(3, 10), 13);
  entry.set_data(5);
  EXPECT_EQ(entry.expires_at(5, 10), 15);
  entry.use(9);
  EXPECT_FALSE(entry.is_expired(18.9, 10));
  EXPECT_TRUE(entry.is_expired(19, 10));
}

TEST(EntryPolicy, AClockThatGoesBackwardsDoesNotKeepDataFreshForEver) {
  Entry entry;
  entry.set_data(1000);
  EXPECT_FALSE(entry.is_stale(10, 5, false));
  EXPECT_TRUE(entry.is_stale(15, 5, false));
  entry.use(2000);
  EXPECT_FALSE(entry.is_expired(20, 5));
  EXPECT_TRUE(entry.is_expired(25, 5));
}

TEST(EntryPolicy, APieceIsTakenBackWhenItsFetchIsCancelled) {
  Entry entry;
  entry.set_data(0);
  entry.invalidate();
  const Shown before = entry.shown();
  const Generation fetch = entry.begin(true);
  EXPECT_EQ(entry.piece(fetch, 1), Verdict::write);
  EXPECT_FALSE(entry.shown().invalidated);
  EXPECT_TRUE(entry.cancel(fetch, before));
  EXPECT_EQ(entry.shown(), before);
}

TEST(EntryPolicy, APieceIsNotTakenBackOverDataSetByHand) {
  Entry entry;
  const Shown before = entry.shown();
  const Generation fetch = entry.begin(true);
  entry.piece(fetch, 1);
  entry.set_data(2);
  EXPECT_EQ(entry.piece(fetch, 3), Verdict::drop);
  EXPECT_FALSE(entry.cancel(fetch, before));
  EXPECT_TRUE(entry.shown().has_data);
}

// What an entry tells about the fetches up to this one.
std::string told(Entry& entry, Generation newest) {
  std::string text;
  for (Generation one = 1; one <= newest; ++one) {
    text += std::to_string(static_cast<int>(entry.verdict(one)));
  }
  const Shown& shown = entry.shown();
  return text + (shown.has_data ? " data" : " none") + (shown.has_failed ? " failed" : "") +
         (shown.invalidated ? " invalidated" : "") + (entry.is_owed() ? " owed" : "") +
         std::to_string(shown.updated_at);
}

TEST(EntryPolicy, WritesOfABatchThatFailsHaveNotHappened) {
  const auto write = [](Entry& entry, unsigned number) {
    if (number % 5 == 0) entry.set_data(7);
    if (number % 5 == 1) entry.confirm();
    if (number % 5 == 2) entry.edit();
    if (number % 5 == 3) entry.empty(7);
    if (number % 5 == 4) entry.invalidate();
  };
  for (unsigned number = 0; number < 5 * 5 * 5 * 5; ++number) {
    Entry entry;
    entry.begin(true);
    write(entry, number);
    entry.begin(false);
    write(entry, number / 5);
    const std::string before = told(entry, 2);
    const Snapshot snapshot = entry.snapshot();
    write(entry, number / 25);
    write(entry, number / 125);
    entry.restore(snapshot);
    EXPECT_EQ(told(entry, 2), before) << number;
    EXPECT_EQ(entry.invariant(), "") << number;
  }
}

TEST(EntryPolicy, ARefetchIsOwedAgainAfterABatchThatFails) {
  Entry entry;
  entry.owe();
  const Snapshot snapshot = entry.snapshot();
  entry.empty(1);
  entry.restore(snapshot);
  EXPECT_TRUE(entry.is_owed());
  entry.begin(true);  // it settles the debt, whatever becomes of the batch
  entry.restore(snapshot);
  EXPECT_FALSE(entry.is_owed());
}

TEST(EntryPolicy, AnOwedRefetchWaitsForAllMutations) {
  Entry entry;
  entry.mutation_begins();
  entry.mutation_begins();
  entry.owe();
  EXPECT_FALSE(entry.take_owed());
  entry.mutation_ends();
  EXPECT_FALSE(entry.take_owed());
  entry.mutation_ends();
  EXPECT_TRUE(entry.take_owed());
  EXPECT_FALSE(entry.take_owed());
  entry.mutation_ends();  // one too many does no harm
  EXPECT_EQ(entry.mutations(), 0U);
}

TEST(EntryPolicy, AFetchThatStartsSettlesTheDebt) {
  Entry entry;
  entry.owe();
  entry.begin(true);
  EXPECT_FALSE(entry.take_owed());
}

}  // namespace
}  // namespace halflife::policy
