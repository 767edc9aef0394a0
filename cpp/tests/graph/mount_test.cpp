// Mounting: inputs before dependents, unmounting in reverse, and the grace period.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

struct Tower {
  Graph graph;
  AtomPointer low = hook(graph.source("low", 1));
  AtomPointer middle = hook(graph.derived("middle", [this](Reader& get) { return get(low) + 1; }));
  AtomPointer high = hook(graph.derived("high", [this](Reader& get) { return get(middle) + 1; }));

  static AtomPointer hook(const AtomPointer& atom) {
    atom->on_mount = [] {};
    return atom;
  }
};

TEST(Mount, InputsComeBeforeDependentsAndGoAfterThem) {
  Tower t;
  auto handle = t.graph.subscribe(t.high);
  EXPECT_EQ(t.graph.take_log(), (Log{"mount low", "mount middle", "mount high"}));
  handle.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount high", "unmount middle", "unmount low"}));
}

TEST(Mount, ASecondObserverMountsNothing) {
  Tower t;
  auto first = t.graph.subscribe(t.high);
  t.graph.take_log();
  auto second = t.graph.subscribe(t.high);
  auto third = t.graph.subscribe(t.middle);
  EXPECT_EQ(t.graph.take_log(), Log{});
  first.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), Log{});
  second.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount high"}));
  third.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount middle", "unmount low"}));
}

TEST(Mount, AReadMountsNothing) {
  Tower t;
  t.graph.get(t.high);
  EXPECT_EQ(t.graph.take_log(), Log{});
}

TEST(Mount, ASetInTheHookIsToldToTheNewSubscriber) {
  Graph graph;
  const auto online = graph.source("online", 0);
  online->on_mount = [&] { graph.set(online, 1); };
  auto handle = graph.subscribe(online);
  EXPECT_EQ(graph.take_log(), (Log{"mount online", "online = 1"}));
  handle.unsubscribe();
}

TEST(Mount, ASubscriptionThatEndsBeforeTheFlushCausesNoMount) {
  Tower t;
  t.graph.batch([&] {
    auto handle = t.graph.subscribe(t.high);
    handle.unsubscribe();
  });
  EXPECT_EQ(t.graph.take_log(), Log{});
}

TEST(Mount, AnObserverThatChangesWithinABatchDoesNotBounce) {
  Tower t;
  auto first = t.graph.subscribe(t.high);
  t.graph.take_log();
  Handle second;
  t.graph.batch([&] {
    first.unsubscribe();
    second = t.graph.subscribe(t.high);
  });
  EXPECT_EQ(t.graph.take_log(), Log{});
  second.unsubscribe();
}

TEST(Mount, GraceDelaysUnmounting) {
  Tower t;
  t.high->linger = true;
  auto handle = t.graph.subscribe(t.high);
  t.graph.take_log();
  handle.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), Log{});
  t.graph.set(t.low, 5);
  EXPECT_EQ(t.high->runs, 2) << "still observed";
  t.graph.expire(t.high);
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount high", "unmount middle", "unmount low"}));
  t.graph.expire(t.high);
}

TEST(Mount, WhoReturnsWithinTheGraceIsNotBounced) {
  Tower t;
  t.high->linger = true;
  auto first = t.graph.subscribe(t.high);
  t.graph.take_log();
  first.unsubscribe();
  auto second = t.graph.subscribe(t.high);
  t.graph.expire(t.high);
  EXPECT_EQ(t.graph.take_log(), Log{});
  t.high->linger = false;
  second.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount high", "unmount middle", "unmount low"}));
}

TEST(Mount, ADependencyWithGraceIsNotBouncedWhenItIsDroppedAndReadAgain) {
  Graph graph;
  const auto which = graph.source("which", 1);
  const auto left = Tower::hook(graph.source("left", 1));
  left->linger = true;
  const auto chosen =
      graph.derived("chosen", [&](Reader& get) { return get(which) == 1 ? get(left) : 0; });
  auto handle = graph.subscribe(chosen);
  graph.take_log();
  graph.set(which, 0);
  graph.set(which, 1);
  EXPECT_EQ(graph.take_log(), (Log{"chosen = 0", "chosen = 1"}));
  graph.expire(left);
  EXPECT_EQ(graph.take_log(), Log{});
  left->linger = false;
  handle.unsubscribe();
  EXPECT_EQ(graph.take_log(), (Log{"unmount left"}));
}

TEST(Mount, ALingeringDependencyIsAnInputOfAnotherNewcomer) {
  Tower t;
  t.middle->linger = true;
  auto handle = t.graph.subscribe(t.middle);
  handle.unsubscribe();
  t.graph.take_log();
  auto high = t.graph.subscribe(t.high);
  EXPECT_EQ(t.graph.take_log(), (Log{"mount high"}));
  t.graph.expire(t.middle);
  t.middle->linger = false;
  high.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount high", "unmount middle", "unmount low"}));
}

TEST(Mount, ALingeringAtomIsHeldUntilItExpires) {
  Graph graph;
  auto one = graph.source("one", 1);
  one->linger = true;
  auto handle = graph.subscribe(one);
  handle.unsubscribe();
  std::weak_ptr<Atom> dropped = one;
  one.reset();
  ASSERT_FALSE(dropped.expired());
  graph.expire(dropped.lock());
  EXPECT_TRUE(dropped.expired());
}

TEST(Mount, AHookMaySubscribeAndUnsubscribe) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto other = Tower::hook(graph.source("other", 1));
  Handle inner;
  one->on_mount = [&] { inner = graph.subscribe(other); };
  one->on_unmount = [&] { inner.unsubscribe(); };
  auto handle = graph.subscribe(one);
  EXPECT_EQ(graph.take_log(), (Log{"mount one", "mount other"}));
  handle.unsubscribe();
  EXPECT_EQ(graph.take_log(), (Log{"unmount one", "unmount other"}));
}

TEST(Mount, WhatAHookThrowsIsCollected) {
  Graph graph;
  const auto one = graph.source("one", 1);
  one->on_mount = [] { throw Refused("broken hook"); };
  EXPECT_THROW(graph.subscribe(one), Refused);
}

TEST(Mount, EventsAreLoggedForEveryAtomWhenSomebodyListens) {
  Graph graph;
  graph.store.set_logging(true);
  const auto one = graph.source("one", 1);
  const auto two = graph.derived("two", [&](Reader& get) { return get(one); });
  auto handle = graph.subscribe(two);
  graph.set(one, 2);
  handle.unsubscribe();
  EXPECT_EQ(graph.take_events(), (Log{"run two", "mounted one", "mounted two", "set one", "run two",
                                      "notified two", "unmounted two", "unmounted one"}));
}

}  // namespace
}  // namespace halflife::plain
