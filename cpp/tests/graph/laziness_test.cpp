// Laziness and cut-off: what need not run does not run.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Laziness, AnUnreadAtomNeverRuns) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto lazy = graph.derived("lazy", [&](Reader& get) { return get(one); });
  for (long value = 0; value < 5; ++value) graph.set(one, value);
  EXPECT_EQ(lazy->runs, 0);
}

TEST(Laziness, ReadingAgainRunsNothing) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto lazy = graph.derived("lazy", [&](Reader& get) { return get(one); });
  for (int times = 0; times < 5; ++times) EXPECT_EQ(graph.get(lazy), 1);
  EXPECT_EQ(lazy->runs, 1);
}

TEST(Laziness, AChangeElsewhereCostsALookButNoRun) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto other = graph.source("other", 1);
  const auto lazy = graph.derived("lazy", [&](Reader& get) { return get(one); });
  EXPECT_EQ(graph.get(lazy), 1);
  graph.set(other, 2);
  EXPECT_FALSE(graph.store.fresh(*lazy->node));
  EXPECT_EQ(graph.get(lazy), 1);
  EXPECT_TRUE(graph.store.fresh(*lazy->node));
  EXPECT_EQ(lazy->runs, 1);
}

TEST(Laziness, ACleanAtomIsFreshWithoutALookAtItsInputs) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto lazy = graph.derived("lazy", [&](Reader& get) { return get(one); });
  EXPECT_EQ(graph.get(lazy), 1);
  EXPECT_TRUE(graph.store.fresh(*lazy->node));
  auto handle = graph.subscribe(lazy);
  const auto other = graph.source("other", 1);
  graph.set(other, 2);
  EXPECT_TRUE(graph.store.fresh(*lazy->node)) << "observed atoms are current by themselves";
  handle.unsubscribe();
}

TEST(Laziness, SettingAnEqualValueChangesNothing) {
  Graph graph;
  const auto one = graph.source("one", 1);
  auto handle = graph.subscribe(one);
  const Revision revision = graph.store.revision();
  graph.set(one, 1);
  EXPECT_EQ(graph.store.revision(), revision);
  EXPECT_EQ(graph.take_log(), Log{});
  handle.unsubscribe();
}

TEST(Laziness, AnEqualResultStopsTheChange) {
  Graph graph;
  const auto number = graph.source("number", 1);
  const auto sign = graph.derived("sign", [&](Reader& get) { return get(number) > 0 ? 1 : -1; });
  const auto text = graph.derived("text", [&](Reader& get) { return get(sign) * 100; });
  auto handle = graph.subscribe(text);
  graph.set(number, 2);
  EXPECT_EQ(sign->runs, 2);
  EXPECT_EQ(text->runs, 1);
  EXPECT_EQ(graph.take_log(), Log{});
  graph.set(number, -2);
  EXPECT_EQ(graph.take_log(), (Log{"text = -100"}));
  handle.unsubscribe();
}

TEST(Laziness, TheCutOffHoldsForUnobservedAtomsToo) {
  Graph graph;
  const auto number = graph.source("number", 1);
  const auto sign = graph.derived("sign", [&](Reader& get) { return get(number) > 0 ? 1 : -1; });
  const auto text = graph.derived("text", [&](Reader& get) { return get(sign) * 100; });
  EXPECT_EQ(graph.get(text), 100);
  graph.set(number, 2);
  EXPECT_EQ(graph.get(text), 100);
  EXPECT_EQ(sign->runs, 2);
  EXPECT_EQ(text->runs, 1);
}

TEST(Laziness, TheAtomsOwnRuleDecidesWhatEqualMeans) {
  Graph graph;
  const auto number = graph.source("number", 1);
  number->equal = [](long before, long now) { return before / 10 == now / 10; };
  auto handle = graph.subscribe(number);
  graph.set(number, 9);
  EXPECT_EQ(graph.get(number), 1);
  graph.set(number, 10);
  EXPECT_EQ(graph.take_log(), (Log{"number = 10"}));
  handle.unsubscribe();
}

TEST(Laziness, AnAtomThatWasObservedIsCachedAndStillNoticesChanges) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto other = graph.source("other", 1);
  const auto lazy = graph.derived("lazy", [&](Reader& get) { return get(one); });
  auto handle = graph.subscribe(lazy);
  graph.set(other, 2);
  handle.unsubscribe();
  EXPECT_TRUE(graph.store.fresh(*lazy->node));
  EXPECT_EQ(graph.get(lazy), 1);
  EXPECT_EQ(lazy->runs, 1);
  graph.set(one, 3);
  EXPECT_EQ(lazy->runs, 1);
  EXPECT_EQ(graph.get(lazy), 3);
}

TEST(Laziness, RefreshRunsAnAtomAgainThoughNoInputChanged) {
  Graph graph;
  long outside = 1;
  const auto impure = graph.derived("impure", [&](Reader&) { return outside; });
  const auto reader = graph.derived("reader", [&](Reader& get) { return get(impure); });
  EXPECT_EQ(graph.get(reader), 1);
  outside = 2;
  EXPECT_EQ(graph.get(reader), 1);
  graph.refresh(impure);
  EXPECT_EQ(impure->runs, 1) << "nobody looks";
  EXPECT_EQ(graph.get(reader), 2);
  auto handle = graph.subscribe(reader);
  outside = 3;
  graph.refresh(impure);
  EXPECT_EQ(graph.take_log(), (Log{"reader = 3"}));
  graph.refresh(impure);
  EXPECT_EQ(reader->runs, 3);
  handle.unsubscribe();
}

TEST(Laziness, StampsOfTwoChangesAreNeverEqual) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto two = graph.source("two", 1);
  graph.get(one);
  graph.get(two);
  EXPECT_NE(one->node->changed_at, two->node->changed_at);
  const Stamp before = one->node->changed_at;
  graph.set(one, 2);
  EXPECT_NE(one->node->changed_at, before);
  graph.set(two, 2);
  EXPECT_NE(one->node->changed_at, two->node->changed_at);
}

}  // namespace
}  // namespace halflife::plain
