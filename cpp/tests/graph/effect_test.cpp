// Effects: run for what they do, after recompute and before subscribers.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Effect, RunsWhenObservedAndAfterEachChangeOfWhatItRead) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto other = graph.source("other", 1);
  const auto effect =
      graph.effect("effect", [&](Reader& get) { graph.say("saw " + std::to_string(get(one))); });
  graph.observe(effect);
  graph.set(other, 2);
  graph.set(one, 2);
  EXPECT_EQ(graph.take_log(), (Log{"saw 1", "saw 2"}));
  graph.unobserve(effect);
  graph.set(one, 3);
  EXPECT_EQ(graph.take_log(), Log{});
}

TEST(Effect, RunsAfterRecomputeAndBeforeSubscribers) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto doubled = graph.derived("doubled", [&](Reader& get) {
    graph.say("run doubled");
    return get(one) * 2;
  });
  auto handle = graph.subscribe(doubled);
  const auto effect =
      graph.effect("effect", [&](Reader& get) { graph.say("effect " + std::to_string(get(one))); });
  graph.observe(effect);
  graph.take_log();
  graph.set(one, 2);
  EXPECT_EQ(graph.take_log(), (Log{"run doubled", "effect 2", "doubled = 4"}));
  graph.unobserve(effect);
  handle.unsubscribe();
}

TEST(Effect, CleansUpBeforeItRunsAgainAndAtItsEnd) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto effect =
      graph.effect("effect", [&](Reader& get) { graph.say("run " + std::to_string(get(one))); });
  effect->on_cleanup = [&] { graph.say("clean"); };
  graph.observe(effect);
  graph.set(one, 2);
  graph.unobserve(effect);
  EXPECT_EQ(graph.take_log(), (Log{"clean", "run 1", "clean", "run 2", "clean"}))
      << "the host knows whether there is a cleanup";
}

TEST(Effect, ASetInsideJoinsTheFlush) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto copy = graph.source("copy", 0);
  const auto effect = graph.effect("effect", [&](Reader& get) { graph.set(copy, get(one)); });
  graph.observe(effect);
  auto handle = graph.subscribe(copy);
  graph.set(one, 5);
  EXPECT_EQ(graph.take_log(), (Log{"copy = 5"}));
  graph.unobserve(effect);
  handle.unsubscribe();
}

TEST(Effect, OneThatSetsWhatItReadRunsUntilItSettles) {
  Graph graph;
  const auto one = graph.source("one", 0);
  const auto effect = graph.effect("effect", [&](Reader& get) {
    const long value = get(one);
    if (value < 5) graph.set(one, value + 1);
  });
  graph.observe(effect);
  EXPECT_EQ(graph.get(one), 5);
  EXPECT_EQ(effect->runs, 6);
  graph.unobserve(effect);
}

TEST(Effect, OneThatSetsWhatADerivedAtomItReadDependsOnRunsAgain) {
  Graph graph;
  const auto one = graph.source("one", 0);
  const auto doubled = graph.derived("doubled", [&](Reader& get) { return get(one) * 2; });
  const auto effect = graph.effect("effect", [&](Reader& get) {
    const long value = get(doubled);
    graph.say("saw " + std::to_string(value));
    if (value == 0) graph.set(one, 3);
  });
  graph.observe(effect);
  EXPECT_EQ(graph.take_log(), (Log{"saw 0", "saw 6"}));
  EXPECT_EQ(graph.get(doubled), 6);
  graph.unobserve(effect);
}

TEST(Effect, OneThatNeverSettlesIsRefused) {
  Graph graph;
  const auto one = graph.source("one", 0);
  const auto effect = graph.effect("effect", [&](Reader& get) { graph.set(one, get(one) + 1); });
  EXPECT_THROW(graph.observe(effect), Refused);
  graph.unobserve(effect);
  graph.set(one, 0);
  EXPECT_EQ(graph.get(one), 0);
}

TEST(Effect, MayEndItselfWhileItRuns) {
  Graph graph;
  const auto one = graph.source("one", 0);
  const auto two = graph.source("two", 0);
  const auto three = graph.source("three", 0);
  AtomPointer effect;
  effect = graph.effect("effect", [&](Reader& get) {
    get(one);
    get(two);
    if (get(one) == 1) {
      graph.unobserve(effect);
      graph.say("ended");
      get(three);
    }
  });
  effect->on_cleanup = [&] { graph.say("clean"); };
  graph.observe(effect);
  graph.take_log();
  graph.set(one, 1);
  EXPECT_EQ(graph.take_log(), (Log{"clean", "ended", "clean"}));
  graph.set(one, 2);
  graph.set(three, 2);
  EXPECT_EQ(graph.take_log(), Log{});
  EXPECT_EQ(effect->runs, 2);
  effect->effect = {};
}

TEST(Effect, KeepsItsInputsMounted) {
  Graph graph;
  const auto one = graph.source("one", 0);
  one->on_mount = [] {};
  const auto derived = graph.derived("derived", [&](Reader& get) { return get(one); });
  const auto effect = graph.effect("effect", [&](Reader& get) { get(derived); });
  graph.observe(effect);
  EXPECT_EQ(graph.take_log(), (Log{"mount one"}));
  graph.unobserve(effect);
  EXPECT_EQ(graph.take_log(), (Log{"unmount one"}));
}

TEST(Effect, WhatItThrowsIsCollected) {
  Graph graph;
  const auto one = graph.source("one", 0);
  const auto effect = graph.effect("effect", [&](Reader& get) {
    if (get(one) == 1) throw Refused("broken effect");
  });
  graph.observe(effect);
  auto handle = graph.subscribe(one);
  EXPECT_THROW(graph.set(one, 1), Refused);
  EXPECT_EQ(graph.take_log(), (Log{"one = 1"}));
  graph.set(one, 2);
  EXPECT_EQ(graph.take_log(), (Log{"one = 2"}));
  EXPECT_EQ(effect->runs, 3);
  graph.unobserve(effect);
  handle.unsubscribe();
}

}  // namespace
}  // namespace halflife::plain
