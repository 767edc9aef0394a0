// Glitch-freedom: nobody ever sees two inputs from different moments, and nothing runs twice.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Consistency, ADerivedAtomFollowsItsSource) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto doubled = graph.derived("doubled", [&](Reader& get) { return get(one) * 2; });
  EXPECT_EQ(graph.get(doubled), 2);
  graph.set(one, 5);
  EXPECT_EQ(graph.get(doubled), 10);
  EXPECT_EQ(doubled->runs, 2);
}

TEST(Consistency, AnObservedDiamondRunsEachAtomOnceAndTellsOnce) {
  Graph graph;
  const auto top = graph.source("top", 1);
  const auto left = graph.derived("left", [&](Reader& get) { return get(top) + 1; });
  const auto right = graph.derived("right", [&](Reader& get) { return get(top) * 10; });
  const auto bottom = graph.derived("bottom", [&](Reader& get) { return get(left) + get(right); });
  auto handle = graph.subscribe(bottom);
  graph.set(top, 2);
  EXPECT_EQ(graph.take_log(), (Log{"bottom = 23"}));
  EXPECT_EQ(left->runs, 2);
  EXPECT_EQ(right->runs, 2);
  EXPECT_EQ(bottom->runs, 2);
  handle.unsubscribe();
}

TEST(Consistency, AnUnobservedDiamondRunsEachAtomOncePerRead) {
  Graph graph;
  const auto top = graph.source("top", 1);
  const auto left = graph.derived("left", [&](Reader& get) { return get(top) + 1; });
  const auto right = graph.derived("right", [&](Reader& get) { return get(top) * 10; });
  const auto bottom = graph.derived("bottom", [&](Reader& get) { return get(left) + get(right); });
  EXPECT_EQ(graph.get(bottom), 12);
  graph.set(top, 2);
  EXPECT_EQ(graph.get(bottom), 23);
  EXPECT_EQ(left->runs + right->runs + bottom->runs, 6);
}

TEST(Consistency, ALadderOfDiamondsRunsInLinearTime) {
  Graph graph;
  const auto top = graph.source("top", 1);
  std::vector<AtomPointer> steps{top};
  for (int index = 0; index < 40; ++index) {
    const auto below = steps.back();
    const auto left = graph.derived("left", [below](Reader& get) { return get(below); });
    const auto right = graph.derived("right", [below](Reader& get) { return get(below); });
    steps.push_back(graph.derived(
        "step", [left, right](Reader& get) { return (get(left) + get(right)) % 1000 + 1; }));
  }
  auto handle = graph.subscribe(steps.back());
  graph.set(top, 2);
  for (std::size_t index = 1; index < steps.size(); ++index) {
    EXPECT_EQ(steps[index]->node->runs, 2U);
  }
  handle.unsubscribe();
}

TEST(Consistency, APathOfAnotherLengthSeesTheSameMoment) {
  Graph graph;
  const auto now = graph.source("now", 1);
  const auto far = graph.derived("far", [&](Reader& get) { return get(now); });
  const auto farther = graph.derived("farther", [&](Reader& get) { return get(far); });
  const auto both = graph.derived("both", [&](Reader& get) {
    const long difference = get(now) - get(farther);
    EXPECT_EQ(difference, 0);
    return get(now);
  });
  auto handle = graph.subscribe(both);
  for (long value = 2; value < 6; ++value) graph.set(now, value);
  EXPECT_EQ(both->runs, 5);
  handle.unsubscribe();
}

TEST(Consistency, ADependencyFoundInTheMiddleOfAFlushIsCurrent) {
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

TEST(Consistency, SubscribersAndEffectsSeeAllAtomsOfOneMoment) {
  Graph graph;
  const auto now = graph.source("now", 0);
  const auto plus = graph.derived("plus", [&](Reader& get) { return get(now) + 1; });
  const auto minus = graph.derived("minus", [&](Reader& get) { return get(now) - 1; });
  int looks = 0;
  const auto look = [&](long) {
    ++looks;
    EXPECT_EQ(graph.get(plus) - graph.get(minus), 2);
    EXPECT_EQ(graph.get(now), graph.get(plus) - 1);
  };
  auto one = graph.subscribe(plus, look);
  auto two = graph.subscribe(minus, look);
  const auto effect = graph.effect("effect", [&](Reader& get) {
    ++looks;
    EXPECT_EQ(get(plus) - get(minus), 2);
  });
  graph.observe(effect);
  graph.set(now, 1);
  graph.set(now, 2);
  EXPECT_EQ(looks, 7);
  graph.unobserve(effect);
  one.unsubscribe();
  two.unsubscribe();
}

TEST(Consistency, AnAtomReadTwiceInOneRunIsOneDependency) {
  Graph graph;
  const auto one = graph.source("one", 1);
  const auto two = graph.source("two", 1);
  const auto sum =
      graph.derived("sum", [&](Reader& get) { return get(one) + get(two) + get(one) + get(two); });
  EXPECT_EQ(graph.get(sum), 4);
  EXPECT_EQ(sum->node->inputs.size(), 2U);
  graph.set(two, 2);
  EXPECT_EQ(graph.get(sum), 6);
  EXPECT_EQ(sum->node->inputs.size(), 2U);
}

}  // namespace
}  // namespace halflife::plain
