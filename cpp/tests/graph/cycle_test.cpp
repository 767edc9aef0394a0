// Cycles that could damage edges or heights, and cycles longer than runs may nest.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Cycle, TheWayInCanBeClosedWhereTheErrorWasNotMet) {
  // a -> b -> c -> a; c gets the error, and a change of a opens the cycle again.
  Graph graph;
  const auto closed = graph.source("closed", 1);
  AtomPointer a, b, c;
  a = graph.derived("a", [&](Reader& get) { return get(closed) != 0 ? get(b) : 1; });
  b = graph.derived("b", [&](Reader& get) { return get(c) + 1; });
  c = graph.derived("c", [&](Reader& get) { return get(a) + 1; });
  EXPECT_EQ(graph.show(a), "error: cycle: a -> b -> c -> a");
  auto keep_c = graph.subscribe(c);
  auto keep_a = graph.subscribe(a);
  graph.set(closed, 0);
  EXPECT_EQ(graph.show(c), "2");
  EXPECT_EQ(graph.show(b), "3");
  EXPECT_EQ(graph.show(a), "1");
  graph.set(closed, 1);
  EXPECT_EQ(graph.show(a).substr(0, 12), "error: cycle");
  graph.set(closed, 0);
  EXPECT_EQ(graph.show(c), "2");
  keep_c.unsubscribe();
  keep_a.unsubscribe();
  for (const auto& atom : {a, b, c}) atom->read = {};
}

TEST(Cycle, OneThatIsCaughtIsAValue) {
  Graph graph;
  const auto closed = graph.source("closed", 1);
  AtomPointer a, b;
  a = graph.derived("a", [&](Reader& get) { return get(b) + 1; });
  b = graph.derived("b", [&](Reader& get) {
    try {
      return get(closed) != 0 ? get(a) : 5;
    } catch (const Failed&) {
      return -10L;
    }
  });
  EXPECT_EQ(graph.show(a), "-9");
  auto handle = graph.subscribe(a);
  graph.set(closed, 0);
  EXPECT_EQ(graph.take_log(), (Log{"a = 6"}));
  graph.set(closed, 1);
  EXPECT_EQ(graph.take_log(), (Log{"a = -9"}));
  handle.unsubscribe();
  a->read = b->read = {};
}

// found runs a second time in the flush that drops it, on top of a middle that met the cycle.
TEST(Cycle, OneThatIsLeftInTheFlushThatClosesItLeavesNoCircleOfEdges) {
  Graph graph;
  const auto closed = graph.source("closed", 0);
  AtomPointer low, middle, found;
  low = graph.derived("low", [&](Reader& get) { return get(closed) != 0 ? get(found) : 0; });
  middle = graph.derived("middle", [&](Reader& get) {
    const long sum = get(closed);
    try {
      return sum + get(low);
    } catch (const Failed&) {
      return 7L;
    }
  });
  found = graph.derived("found", [&](Reader& get) { return get(closed) + get(middle); });
  const auto top =
      graph.derived("top", [&](Reader& get) { return get(closed) == 0 ? get(found) : -1; });
  auto keep_top = graph.subscribe(top);
  graph.set(closed, 1);
  EXPECT_EQ(graph.get(top), -1);
  auto keep_found = graph.subscribe(found);  // this asks the store for its invariant
  graph.set(closed, 0);
  EXPECT_EQ(graph.show(found), "0");
  keep_top.unsubscribe();
  keep_found.unsubscribe();
  for (const auto& atom : {low, middle, found}) atom->read = {};
}

TEST(Cycle, OneLongerThanTheNestingOfRunsIsFoundWithItsWholePath) {
  for (const std::size_t length : {63U, 64U, 65U, 66U, 100U, 128U, 129U, 500U}) {
    Graph graph;
    const auto closed = graph.source("closed", 1);
    std::vector<AtomPointer> ring(length);
    for (std::size_t index = 0; index < length; ++index) {
      ring[index] = graph.derived(std::to_string(index), [&, index](Reader& get) {
        if (index == length / 2 && get(closed) == 0) return 0L;
        return get(ring[(index + 1) % length]) + 1;
      });
    }
    std::string path = "error: cycle: 0";
    for (std::size_t index = 1; index <= length; ++index) {
      path += " -> " + std::to_string(index % length);
    }
    const std::string shown = graph.show(ring[0]);
    EXPECT_EQ(shown, path);
    graph.set(closed, 0);
    EXPECT_EQ(graph.show(ring[0]), std::to_string(length / 2));
    auto handle = graph.subscribe(ring[0]);
    graph.set(closed, 1);
    EXPECT_EQ(graph.show(ring[0]).substr(0, 12), "error: cycle");
    graph.set(closed, 0);
    EXPECT_EQ(graph.show(ring[0]), std::to_string(length / 2));
    handle.unsubscribe();
    for (const auto& atom : ring) atom->read = {};
  }
}

TEST(Cycle, AtomsThatChangePlacesAreNoCycleAndTheirHeightsStayLow) {
  Graph graph;
  const auto turn = graph.source("turn", 0);
  AtomPointer a, b;
  a = graph.derived("a", [&](Reader& get) { return get(turn) % 2 == 0 ? get(b) + 1 : 0; });
  b = graph.derived("b", [&](Reader& get) { return get(turn) % 2 == 0 ? 0 : get(a) + 1; });
  auto keep_a = graph.subscribe(a);
  auto keep_b = graph.subscribe(b);
  for (long value = 1; value < 200; ++value) {
    graph.set(turn, value);
    EXPECT_EQ(graph.get(a), value % 2 == 0 ? 1 : 0);
    EXPECT_EQ(graph.get(b), value % 2 == 0 ? 0 : 1);
    EXPECT_LE(a->node->height, 4);
    EXPECT_LE(b->node->height, 4);
  }
  keep_a.unsubscribe();
  keep_b.unsubscribe();
  a->read = b->read = {};
}

}  // namespace
}  // namespace halflife::plain
