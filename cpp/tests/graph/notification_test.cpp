// Telling subscribers: after everything is consistent, in order of subscription, each with the
// value current when it is called.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Notification, IsInOrderOfSubscriptionAcrossAtoms) {
  Graph graph;
  const auto now = graph.source("now", 0);
  const auto low = graph.derived("low", [&](Reader& get) { return get(now); });
  const auto high = graph.derived("high", [&](Reader& get) { return get(low); });
  auto first = graph.subscribe(high);
  auto second = graph.subscribe(now);
  auto third = graph.subscribe(low);
  auto fourth = graph.subscribe(high);
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), (Log{"high = 1", "now = 1", "low = 1", "high = 1"}));
  for (Handle* handle : {&first, &second, &third, &fourth}) handle->unsubscribe();
}

TEST(Notification, DoesNotHappenAtSubscription) {
  Graph graph;
  const auto now = graph.source("now", 0);
  auto handle = graph.subscribe(now);
  EXPECT_EQ(graph.take_log(), Log{});
  handle.unsubscribe();
}

TEST(Notification, UnsubscribingTwiceIsHarmless) {
  Graph graph;
  const auto now = graph.source("now", 0);
  auto handle = graph.subscribe(now);
  handle.unsubscribe();
  handle.unsubscribe();
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), Log{});
}

TEST(Notification, GoesOnWhenTheHandleIsThrownAway) {
  Graph graph;
  const auto now = graph.source("now", 0);
  {
    const Handle handle = graph.subscribe(now);
  }
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), (Log{"now = 1"}));
}

TEST(Notification, OneUnsubscribedDuringTheFlushIsNotCalledAnyMore) {
  Graph graph;
  const auto now = graph.source("now", 0);
  Handle second;
  auto first = graph.subscribe(now, [&](long) {
    graph.say("first");
    second.unsubscribe();
  });
  second = graph.subscribe(now);
  auto third = graph.subscribe(now);
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), (Log{"first", "now = 1"}));
  first.unsubscribe();
  third.unsubscribe();
}

TEST(Notification, ASubscriberMayUnsubscribeItselfAndItsAtomMayDie) {
  Graph graph;
  const auto now = graph.source("now", 0);
  auto reader = graph.derived("reader", [&](Reader& get) { return get(now); });
  Handle handle;
  handle = graph.subscribe(reader, [&](long value) {
    graph.say("told " + std::to_string(value));
    handle.unsubscribe();
  });
  std::weak_ptr<Atom> dropped = reader;
  reader.reset();
  graph.set(now, 1);
  graph.set(now, 2);
  EXPECT_EQ(graph.take_log(), (Log{"told 1"}));
  EXPECT_TRUE(dropped.expired());
}

TEST(Notification, OneSubscribedDuringTheFlushHearsOfTheNextChangeOnly) {
  Graph graph;
  const auto now = graph.source("now", 0);
  Handle late;
  auto first = graph.subscribe(now, [&](long) {
    if (!late.active()) late = graph.subscribe(now);
  });
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), Log{});
  graph.set(now, 2);
  EXPECT_EQ(graph.take_log(), (Log{"now = 2"}));
  first.unsubscribe();
  late.unsubscribe();
}

TEST(Notification, ASetByASubscriberJoinsTheFlushAndEachHearsTheNewestOnce) {
  Graph graph;
  const auto now = graph.source("now", 0);
  const auto doubled = graph.derived("doubled", [&](Reader& get) { return get(now) * 2; });
  auto clamp = graph.subscribe(now, [&](long value) {
    graph.say("clamp " + std::to_string(value));
    if (value > 10) graph.set(now, 10);
  });
  auto second = graph.subscribe(doubled);
  graph.set(now, 20);
  EXPECT_EQ(graph.take_log(), (Log{"clamp 20", "doubled = 20", "clamp 10"}));
  clamp.unsubscribe();
  second.unsubscribe();
}

TEST(Notification, AReadInASubscriberAfterItsOwnSetIsCurrent) {
  Graph graph;
  const auto now = graph.source("now", 0);
  const auto other = graph.source("other", 0);
  const auto sum = graph.derived("sum", [&](Reader& get) { return get(now) + get(other); });
  auto keep = graph.subscribe(sum);
  auto handle = graph.subscribe(now, [&](long value) {
    graph.set(other, 100);
    graph.say("sum is " + std::to_string(graph.get(sum)) + " at " + std::to_string(value));
  });
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), (Log{"sum = 1", "sum is 101 at 1", "sum = 101"}));
  keep.unsubscribe();
  handle.unsubscribe();
}

TEST(Notification, WhatSubscribersThrowIsCollectedAfterAllWereServed) {
  Graph graph;
  const auto now = graph.source("now", 0);
  auto first = graph.subscribe(now, [](long) { throw Refused("first broke"); });
  auto second = graph.subscribe(now);
  auto third = graph.subscribe(now, [](long) { throw Refused("third broke"); });
  try {
    graph.set(now, 1);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.text, "first broke; third broke");
  }
  EXPECT_EQ(graph.take_log(), (Log{"now = 1"}));
  EXPECT_EQ(graph.get(now), 1) << "the set stands";
  first.unsubscribe();
  third.unsubscribe();
  graph.set(now, 2);
  EXPECT_EQ(graph.take_log(), (Log{"now = 2"}));
  second.unsubscribe();
}

TEST(Notification, ALoopOfSetsThatDoesNotSettleIsRefusedAndTheStoreGoesOn) {
  Graph graph;
  const auto now = graph.source("now", 0);
  const auto next = graph.derived("next", [&](Reader& get) { return get(now) + 1; });
  auto handle = graph.subscribe(next, [&](long value) { graph.set(now, value); });
  try {
    graph.set(now, 1);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.text, "endless flush: next");
  }
  const long value = graph.get(now);
  EXPECT_GT(value, 900);
  EXPECT_LE(value, 1002);
  EXPECT_EQ(graph.get(next), value + 1);
  handle.unsubscribe();
  graph.set(now, 5);
  EXPECT_EQ(graph.get(next), 6);
}

TEST(Notification, AnEndlessLoopHoldsNothingAfterwards) {
  Graph graph;
  auto now = graph.source("now", 0);
  auto handle = graph.subscribe(now, [atom = std::weak_ptr<Atom>(now), &graph](long value) {
    graph.set(atom.lock(), value + 1);
  });
  EXPECT_THROW(graph.set(now, 1), Refused);
  handle.unsubscribe();
  std::weak_ptr<Atom> dropped = now;
  now.reset();
  EXPECT_TRUE(dropped.expired());
}

TEST(Notification, ASourceSetBackByASubscriberIsToldAgain) {
  Graph graph;
  const auto now = graph.source("now", 0);
  auto watcher = graph.subscribe(now);
  auto handle = graph.subscribe(now, [&](long value) {
    if (value == 1) graph.set(now, 0);
  });
  graph.set(now, 1);
  EXPECT_EQ(graph.take_log(), (Log{"now = 1", "now = 0"}));
  watcher.unsubscribe();
  handle.unsubscribe();
}

}  // namespace
}  // namespace halflife::plain
