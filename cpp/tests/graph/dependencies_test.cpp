// Dependencies are dynamic: each run collects its own, and dropped ones are released after the run.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Dependencies, AnOrderThatChangesLosesNoDependency) {
  Graph graph;
  const auto order = graph.source("order", 0);
  std::vector<AtomPointer> sources;
  for (int index = 0; index < 6; ++index) {
    sources.push_back(graph.source("source" + std::to_string(index), index));
  }
  const auto sum = graph.derived("sum", [&](Reader& get) {
    long total = 0;
    const auto shift = static_cast<std::size_t>(get(order));
    for (std::size_t index = 0; index < 6; ++index) {
      total = total * 10 + get(sources[(index * (shift % 5 + 1) + shift) % 6]);
    }
    return total;
  });
  auto handle = graph.subscribe(sum);
  for (long round = 1; round < 30; ++round) {
    graph.set(order, round);
    for (const auto& source : sources) graph.set(source, graph.get(source) ^ 1);
    const long observed = graph.get(sum);
    graph.refresh(sum);
    EXPECT_EQ(graph.get(sum), observed);
  }
  handle.unsubscribe();
}

TEST(Dependencies, OneFoundInTheMiddleOfAFlushIsCurrent) {
  Graph graph;
  const auto now = graph.source("now", 0);
  const auto chain1 = graph.derived("chain1", [&](Reader& get) { return get(now); });
  const auto chain2 = graph.derived("chain2", [&](Reader& get) { return get(chain1); });
  const auto chain3 = graph.derived("chain3", [&](Reader& get) { return get(chain2); });
  // Lower than chain3 until it reads it.
  const auto early =
      graph.derived("early", [&](Reader& get) { return get(now) == 0 ? 0 : get(chain3) * 10; });
  const auto sum = graph.derived("sum", [&](Reader& get) { return get(early) + get(chain3); });
  auto one = graph.subscribe(sum);
  auto two = graph.subscribe(chain3);
  graph.set(now, 3);
  EXPECT_EQ(graph.take_log(), (Log{"sum = 33", "chain3 = 3"}));
  EXPECT_EQ(chain3->runs, 2);
  EXPECT_EQ(early->runs, 2);
  EXPECT_EQ(sum->runs, 2);
  graph.set(now, 4);
  EXPECT_EQ(graph.take_log(), (Log{"sum = 44", "chain3 = 4"}));
  EXPECT_EQ(early->runs, 3);
  one.unsubscribe();
  two.unsubscribe();
}

TEST(Dependencies, AnInputThatIsDroppedInTheSameFlushNeedNotRun) {
  Graph graph;
  const auto which = graph.source("which", 1);
  const auto low = graph.derived("low", [&](Reader& get) { return get(which); });
  const auto costly1 = graph.derived("costly1", [&](Reader& get) { return get(low) * 2; });
  const auto costly2 = graph.derived("costly2", [&](Reader& get) { return get(costly1) * 2; });
  const auto user =
      graph.derived("user", [&](Reader& get) { return get(which) != 0 ? get(costly2) : 0; });
  EXPECT_EQ(graph.get(user), 4);
  graph.set(which, 0);
  EXPECT_EQ(graph.get(user), 0);
  EXPECT_EQ(costly1->runs + costly2->runs + low->runs, 3) << "unobserved: its first input decides";
}

TEST(Dependencies, AnAtomHoldsTheInputsItRead) {
  Graph graph;
  auto one = graph.source("one", 1);
  std::weak_ptr<Atom> dropped = one;
  const auto keeper = graph.derived("keeper", [dropped](Reader& get) {
    const auto alive = dropped.lock();
    return alive ? get(alive) : -1;
  });
  EXPECT_EQ(graph.get(keeper), 1);
  one.reset();
  EXPECT_FALSE(dropped.expired());
  graph.refresh(keeper);
  EXPECT_EQ(graph.get(keeper), 1);
}

TEST(Dependencies, AnAtomKeepsNoUnobservedDependentAlive) {
  Graph graph;
  const auto one = graph.source("one", 1);
  auto reader = graph.derived("reader", [&](Reader& get) { return get(one); });
  graph.get(reader);
  std::weak_ptr<Atom> dropped = reader;
  reader.reset();
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(graph.store.nodes().size(), 1U);
  graph.set(one, 2);
}

TEST(Dependencies, AnObservedAtomLivesUntilItIsUnobserved) {
  Graph graph;
  const auto one = graph.source("one", 1);
  auto reader = graph.derived("reader", [&](Reader& get) { return get(one); });
  auto handle = graph.subscribe(reader);
  std::weak_ptr<Atom> dropped = reader;
  reader.reset();
  EXPECT_FALSE(dropped.expired());
  graph.set(one, 2);
  EXPECT_EQ(graph.take_log(), (Log{"reader = 2"}));
  handle.unsubscribe();
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(graph.store.nodes().size(), 1U);
}

TEST(Dependencies, AtomsMadeAndDroppedInsideOfARunAreCleared) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto maker = graph.derived("maker", [&](Reader& get) {
    const auto inner = graph.derived("inner", [&](Reader& read) { return read(one) + 1; });
    return get(inner);
  });
  auto handle = graph.subscribe(maker);
  for (long value = 2; value < 20; ++value) {
    graph.set(one, value);
    EXPECT_EQ(graph.get(maker), value + 1);
    EXPECT_LE(graph.store.nodes().size(), 3U);
  }
  handle.unsubscribe();
}

TEST(Dependencies, AHundredThousandAtomsMadeAndDroppedLeaveNothing) {
  Graph graph;
  graph.checks = false;
  const auto one = graph.source("one", 1);
  graph.get(one);
  const long alive = Object::alive;
  for (int index = 0; index < 100'000; ++index) {
    const auto reader = graph.derived("reader", [&](Reader& get) { return get(one); });
    graph.get(reader);
  }
  EXPECT_EQ(graph.store.nodes().size(), 1U);
  EXPECT_EQ(Object::alive, alive);
}

}  // namespace
}  // namespace halflife::plain
