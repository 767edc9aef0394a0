// User code that interferes: swallowed interrupts, reads in comparisons, destructors that set.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

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
