// The growth of the cost of one operation among n: the tests count the steps of walks at one size
// and at its double. (Lists that an operation must not search have no steps to count; `make bench`
// times these.)
#include "../support/plain_host.hpp"
#include "core/graph/steps.hpp"

namespace halflife::plain {
namespace {

constexpr std::size_t kSize = 500;

std::uint64_t steps_of(const std::function<void()>& operation) {
  const std::uint64_t before = graph::steps_taken;
  operation();
  return graph::steps_taken - before;
}

void expect_linear(const std::function<std::uint64_t(std::size_t)>& steps_at) {
  const auto once = static_cast<double>(steps_at(kSize));
  const auto twice = static_cast<double>(steps_at(2 * kSize));
  EXPECT_GT(once, 0.0) << "nothing was counted";
  EXPECT_LE(twice, 2.2 * once) << once << " steps at half the size";
}

// Each layer has two atoms that read both atoms of the layer below.
struct Ladder {
  std::vector<AtomPointer> atoms;

  Ladder(Graph& graph, AtomPointer bottom, std::size_t layers) : atoms{std::move(bottom)} {
    for (std::size_t layer = 0; layer < layers; ++layer) {
      Atom* below = atoms.back().get();
      atoms.push_back(graph.derived("side", [below](Reader& get) { return get(*below) % 7; }));
      Atom* side = atoms.back().get();
      atoms.push_back(graph.derived(
          "top", [below, side](Reader& get) { return (get(*below) + get(*side)) % 7; }));
    }
  }
  const AtomPointer& top() const { return atoms.back(); }
};

TEST(Growth, ObservingAComputedLadderIsLinear) {
  expect_linear([](std::size_t size) {
    Graph graph;
    graph.checks = false;
    Ladder ladder(graph, graph.source("bottom", 1), size);
    graph.get(ladder.top());
    Handle handle;
    const auto steps = steps_of([&] { handle = graph.subscribe(ladder.top()); });
    graph.check();
    handle.unsubscribe();
    return steps;
  });
}

TEST(Growth, ALadderWhoseBottomSwitchesToADeepAtomThatIsObservedRisesOnce) {
  expect_linear([](std::size_t size) {
    Graph graph;
    graph.checks = false;
    const auto which = graph.source("which", 0);
    Ladder deep(graph, graph.source("bottom", 1), size);
    const auto bottom =
        graph.derived("switch", [&](Reader& get) { return get(which) == 0 ? 0 : get(deep.top()); });
    Ladder ladder(graph, bottom, size);
    Handle one = graph.subscribe(ladder.top());
    Handle other = graph.subscribe(deep.top());
    const auto steps = steps_of([&] { graph.set(which, 1); });
    graph.check();
    one.unsubscribe();
    other.unsubscribe();
    return steps;
  });
}

TEST(Growth, AChainOfRunsThatIsDiscoveredFromItsTopIsLinear) {
  expect_linear([](std::size_t size) {
    Graph graph;
    graph.checks = false;
    std::vector<AtomPointer> chain;
    for (std::size_t index = 0; index < size; ++index) {
      chain.push_back(graph.asynchronous("step"));
    }
    const auto config = graph.source("config", 1);
    auto handle = graph.subscribe(chain.back());
    const auto steps = steps_of([&] {
      for (std::size_t index = size - 1; index > 0; --index) {
        graph.get_in_run(chain[index], config);
        graph.get_in_run(chain[index], chain[index - 1]);
      }
    });
    graph.check();
    for (const AtomPointer& atom : chain) {
      if (graph.pending(atom)) graph.resolve(atom, 1);
    }
    graph.check();
    handle.unsubscribe();
    return steps;
  });
}

TEST(Growth, ARunMayReadManyAtoms) {
  expect_linear([](std::size_t size) {
    Graph graph;
    graph.checks = false;
    std::vector<AtomPointer> sources;
    for (std::size_t index = 0; index < size; ++index) sources.push_back(graph.source("source"));
    const auto total = graph.asynchronous("total");
    graph.get(total);
    const auto steps = steps_of([&] {
      for (int time = 0; time < 2; ++time) {
        for (const AtomPointer& source : sources) graph.get_in_run(total, source);
      }
    });
    EXPECT_EQ(total->node->inputs.size(), size) << "each is an input once";
    graph.check();
    graph.resolve(total, 1);
    graph.set(sources.back(), 5);
    EXPECT_TRUE(graph.pending(total) || !graph.store.fresh(*total->node));
    return steps;
  });
}

TEST(Growth, ASetOfAnAtomThatIsReadLowAndHighPassesFewEmptyHeights) {
  Graph graph;
  graph.checks = false;
  const auto one = graph.source("one", 1);
  Ladder ladder(graph, graph.source("bottom", 1), 5'000);
  const auto low = graph.derived("low", [&](Reader& get) { return get(one); });
  const auto high =
      graph.derived("high", [&](Reader& get) { return get(one) + get(ladder.top()); });
  Handle handles[] = {graph.subscribe(low), graph.subscribe(high)};
  EXPECT_LT(steps_of([&] { graph.set(one, 2); }), 200U);
  for (Handle& handle : handles) handle.unsubscribe();
}

TEST(Growth, AReadOfAnUnchangedAtomTakesNoNoticeOfRunsThatWait) {
  Graph graph;
  graph.checks = false;
  const auto base = graph.source("base", 1);
  const auto unchanged = graph.derived("unchanged", [&](Reader& get) { return get(base); });
  std::vector<AtomPointer> halted;
  for (std::size_t index = 0; index < kSize; ++index) {
    halted.push_back(graph.asynchronous("halted"));
    graph.get(halted.back());
    graph.halt(halted.back());
  }
  graph.get(unchanged);
  EXPECT_EQ(steps_of([&] { graph.get(unchanged); }), 0U);
  auto handle = graph.subscribe(unchanged);
  graph.get(unchanged);
  EXPECT_EQ(steps_of([&] { graph.get(unchanged); }), 0U);
  graph.set(base, 2);
  graph.get(unchanged);
  EXPECT_EQ(steps_of([&] { graph.get(unchanged); }), 0U);
  graph.check();
  handle.unsubscribe();
}

// When a run becomes due, the mark that nothing below is due is cleared in all dependents.
TEST(Growth, ARunThatWaitsIsStartedByAReadOfWhatDependsOnIt) {
  Graph graph;
  const auto fetch = graph.asynchronous("fetch");
  const auto near = graph.view("near", fetch);
  const auto far = graph.derived("far", [&](Reader& get) { return get(near); });
  const auto other = graph.asynchronous("other");
  graph.get(other);
  graph.halt(other);
  for (const bool observed : {false, true}) {
    Handle handle;
    if (observed) handle = graph.subscribe(far);
    graph.get(far);
    if (graph.pending(fetch)) graph.resolve(fetch, 1);
    graph.get(far);
    graph.get(far);
    graph.refresh(fetch);
    graph.halt(fetch);
    graph.take_log();
    graph.get(far);
    EXPECT_EQ(graph.take_log().front(), "start fetch") << (observed ? "observed" : "not observed");
    graph.resolve(fetch, 2);
    if (observed) handle.unsubscribe();
  }
}

TEST(Growth, AtomsSetAndDroppedInOneBatchAreForgottenInLinearTime) {
  expect_linear([](std::size_t size) {
    Graph graph;
    graph.checks = false;
    const auto kept = graph.source("kept", 1);
    std::vector<AtomPointer> sources;
    for (std::size_t index = 0; index < size; ++index) {
      sources.push_back(graph.source("source"));
      graph.get(sources.back());
    }
    return steps_of([&] {
      try {
        graph.batch([&] {
          graph.set(kept, 2);
          for (const AtomPointer& source : sources) graph.set(source, 1);
          try {
            graph.batch([&] {
              graph.set(kept, 3);
              for (const AtomPointer& source : sources) graph.set(source, 2);
              sources.clear();
              graph.check();
              throw Interrupt{};
            });
          } catch (const Interrupt&) {
            EXPECT_EQ(graph.get(kept), 2);
          }
          throw Interrupt{};
        });
      } catch (const Interrupt&) {
        EXPECT_EQ(graph.get(kept), 1);
      }
      graph.check();
    });
  });
}

TEST(Growth, SubscriptionsEndInAnyOrderAndTheOthersAreToldInOrder) {
  Graph graph;
  const auto one = graph.source("one");
  std::vector<Handle> handles;
  Log told;
  for (int index = 0; index < 9; ++index) {
    handles.push_back(
        graph.subscribe(one, [&told, index](long) { told.push_back(std::to_string(index)); }));
  }
  for (const int index : {4, 0, 8, 1, 7}) handles[static_cast<std::size_t>(index)].unsubscribe();
  graph.check();
  graph.set(one, 1);
  EXPECT_EQ(told, (Log{"2", "3", "5", "6"}));
  for (Handle& handle : handles) handle.unsubscribe();
  graph.check();
}

}  // namespace
}  // namespace halflife::plain
