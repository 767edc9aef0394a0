// Errors are values: raised at each read, seen by dependents, cleared by the next good run.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Errors, AnErrorIsRaisedAtEachReadAndTheAtomRunsOnce) {
  Graph graph;
  const auto broken = graph.derived("broken", [](Reader&) -> long { throw Failed("oh"); });
  EXPECT_EQ(graph.show(broken), "error: oh");
  EXPECT_EQ(graph.show(broken), "error: oh");
  EXPECT_EQ(broken->runs, 1);
}

TEST(Errors, DependentsSeeItAndMayCatchIt) {
  Graph graph;
  const auto input = graph.source("input", 0);
  const auto inverse = graph.derived("inverse", [&](Reader& get) -> long {
    if (get(input) == 0) throw Failed("division by zero");
    return 100 / get(input);
  });
  const auto careless = graph.derived("careless", [&](Reader& get) { return get(inverse) + 1; });
  const auto careful = graph.derived("careful", [&](Reader& get) {
    try {
      return get(inverse);
    } catch (const Failed&) {
      return -1L;
    }
  });
  EXPECT_EQ(graph.show(careless), "error: division by zero");
  EXPECT_EQ(graph.show(careful), "-1");
  graph.set(input, 5);
  EXPECT_EQ(graph.show(careless), "21");
  EXPECT_EQ(graph.show(careful), "20");
}

TEST(Errors, SubscribersAreToldAndTheSameErrorIsNotToldTwice) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto limit = graph.derived("limit", [&](Reader& get) -> long {
    if (get(input) > 10) throw Failed("too much");
    return get(input);
  });
  const auto kept = graph.derived("kept", [&](Reader& get) { return get(limit) + 0 * get(input); });
  auto handle = graph.subscribe(kept);
  graph.set(input, 11);
  EXPECT_EQ(graph.take_log(), (Log{"kept failed: too much"}));
  graph.refresh(kept);
  EXPECT_EQ(graph.take_log(), Log{}) << "it is the same error object";
  graph.set(input, 12);
  EXPECT_EQ(graph.take_log(), (Log{"kept failed: too much"})) << "it is another one";
  graph.set(input, 2);
  EXPECT_EQ(graph.take_log(), (Log{"kept = 2"}));
  handle.unsubscribe();
}

TEST(Errors, ASetWhoseDependentFailsStands) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto broken = graph.derived("broken", [&](Reader& get) -> long {
    if (get(input) == 2) throw Failed("two");
    return 0;
  });
  auto handle = graph.subscribe(broken);
  EXPECT_NO_THROW(graph.set(input, 2));
  EXPECT_EQ(graph.get(input), 2);
  handle.unsubscribe();
}

TEST(Errors, AnInterruptIsNoValueAndTheAtomRunsAgain) {
  Graph graph;
  bool interrupted = true;
  const auto slow = graph.derived("slow", [&](Reader&) -> long {
    if (interrupted) throw Interrupt{};
    return 7;
  });
  const auto reader = graph.derived("reader", [&](Reader& get) { return get(slow); });
  EXPECT_THROW(graph.get(reader), Interrupt);
  EXPECT_THROW(graph.get(slow), Interrupt);
  interrupted = false;
  EXPECT_EQ(graph.get(reader), 7);
}

TEST(Errors, AnInterruptInAFlushLeavesTheAtomToBeRunAgain) {
  Graph graph;
  const auto input = graph.source("input", 1);
  bool interrupted = false;
  const auto slow = graph.derived("slow", [&](Reader& get) {
    if (interrupted) throw Interrupt{};
    return get(input);
  });
  const auto reader = graph.derived("reader", [&](Reader& get) { return get(slow) * 10; });
  auto handle = graph.subscribe(reader);
  interrupted = true;
  EXPECT_THROW(graph.set(input, 2), Interrupt);
  EXPECT_EQ(graph.get(input), 2) << "the set stands";
  EXPECT_THROW(graph.get(reader), Interrupt);
  interrupted = false;
  EXPECT_EQ(graph.get(reader), 20);
  EXPECT_EQ(graph.take_log(), (Log{"reader = 20"}));
  handle.unsubscribe();
}

TEST(Errors, AnInterruptThatAReaderSwallowsDoesNotFreezeTheOthers) {
  Graph graph;
  const auto input = graph.source("input", 0);
  bool interrupted = false;
  const auto middle = graph.derived("middle", [&](Reader& get) { return get(input); });
  const auto slow = graph.derived("slow", [&](Reader& get) {
    const long value = get(middle);
    if (interrupted) throw Interrupt{};
    return value;
  });
  const auto above = graph.derived("above", [&](Reader& get) { return get(slow); });
  // Lower than `slow`, and reads it only now and then.
  const auto greedy = graph.derived("greedy", [&](Reader& get) {
    if (get(input) == 0) return 0L;
    try {
      return get(slow);
    } catch (const Interrupt&) {
      interrupted = false;
      return -1L;
    }
  });
  auto one = graph.subscribe(above);
  auto two = graph.subscribe(greedy);
  interrupted = true;
  graph.set(input, 3);
  EXPECT_EQ(graph.get(above), 3);
  EXPECT_EQ(graph.get(greedy), -1);
  one.unsubscribe();
  two.unsubscribe();
}

TEST(Errors, AWriteDuringAReadIsRefused) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto writer = graph.derived("writer", [&](Reader&) {
    graph.set(input, 5);
    return 0L;
  });
  EXPECT_EQ(graph.show(writer), "error: write during read: writer");
  EXPECT_EQ(graph.get(input), 1);
  const auto refresher = graph.derived("refresher", [&](Reader&) {
    graph.refresh(input);
    return 0L;
  });
  EXPECT_EQ(graph.show(refresher), "error: write during read: refresher");
}

TEST(Errors, AWriteInsideOfAComparisonIsRefused) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto other = graph.source("other", 1);
  bool refused = false;
  input->equal = [&](long before, long now) {
    try {
      graph.set(other, now);
    } catch (const Refused&) {
      refused = true;
    }
    return before == now;
  };
  graph.set(input, 2);
  EXPECT_TRUE(refused);
  EXPECT_EQ(graph.get(other), 1);
}

TEST(Errors, AReadInsideOfAComparisonIsAllowed) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto step = graph.source("step", 1);
  const auto least = graph.derived("least", [&](Reader& get) { return get(step) * 10; });
  input->equal = [&](long before, long now) { return now - before < graph.get(least); };
  auto handle = graph.subscribe(input);
  auto keep = graph.subscribe(least);
  graph.set(input, 5);
  graph.set(input, 12);
  EXPECT_EQ(graph.take_log(), (Log{"input = 12"}));
  graph.batch([&] {
    graph.set(step, 100);
    graph.set(input, 500);
  });
  EXPECT_EQ(graph.take_log(), (Log{"least = 1000"}));
  handle.unsubscribe();
  keep.unsubscribe();
}

TEST(Errors, AValueWhoseDeathReadsAndSetsDoesNoHarm) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto deaths = graph.source("deaths", 0);
  const auto sum = graph.derived("sum", [&](Reader& get) { return get(input) + get(deaths); });
  auto handle = graph.subscribe(sum);
  for (long value = 2; value < 6; ++value) {
    auto* number = new Number(value);
    number->on_death = [&graph, deaths] { graph.set(deaths, graph.get(deaths) + 1); };
    graph.set_value(input, number);
  }
  EXPECT_EQ(graph.get(deaths), 3);
  EXPECT_EQ(graph.get(sum), 8);
  handle.unsubscribe();
  graph.set(input, 0);
  EXPECT_EQ(graph.get(deaths), 4);
}

}  // namespace
}  // namespace halflife::plain
