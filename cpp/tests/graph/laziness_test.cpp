// Laziness: freshness, revisions and stamps, which decide whether a read must check its inputs.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

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
