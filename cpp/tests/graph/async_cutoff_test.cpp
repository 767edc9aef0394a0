// Chains of asynchronous atoms: a run is outdated when a value that it received is replaced by a
// different one. While an input is pending, its dependents are pending, too.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

// `low` reads `input`; `high` awaits `low`, and reads `other` at its start.
struct Stairs {
  Graph graph;
  AtomPointer input = graph.source("input", 1);
  AtomPointer other = graph.source("other", 1);
  AtomPointer low = graph.asynchronous("low", [this] { graph.get_in_run(low, input); });
  AtomPointer high = graph.asynchronous("high", [this] {
    graph.get_in_run(high, other);
    graph.get_in_run(high, low);
  });

  // Does the work of a driver: the awaited value arrives, then the run ends.
  void finish_low(long value) { graph.resolve(low, value); }
  void finish_high(long value) {
    graph.receive(high, low);
    graph.resolve(high, value);
  }
  ~Stairs() { low->on_start = high->on_start = {}; }
};

TEST(AsyncCutOff, PendingTravelsUpAndDownAChain) {
  Stairs s;
  const auto top = s.graph.asynchronous("top");
  top->on_start = [&] { s.graph.get_in_run(top, s.high); };
  auto handle = s.graph.subscribe(top);
  s.finish_low(10);
  s.finish_high(100);
  s.graph.receive(top, s.high);
  s.graph.resolve(top, 1000);
  EXPECT_EQ(s.graph.store.pending_runs(), 0U);
  s.graph.set(s.input, 2);
  for (const auto& atom : {s.low, s.high, top}) EXPECT_TRUE(s.graph.pending(atom));
  EXPECT_EQ(s.graph.store.pending_runs(), 3U);
  s.graph.take_log();
  s.finish_low(10);
  for (const auto& atom : {s.low, s.high, top}) EXPECT_FALSE(s.graph.pending(atom));
  EXPECT_EQ(s.graph.take_log(), Log{});
  EXPECT_EQ(s.graph.store.pending_runs(), 0U);
  handle.unsubscribe();
  top->on_start = {};
}

TEST(AsyncCutOff, OneCancelledWhileAReceivedInputIsPendingStartsAgainAtTheNextRead) {
  for (const bool read_meanwhile : {false, true}) {
    Stairs s;
    s.graph.get(s.high);
    s.finish_low(10);
    s.graph.receive(s.high, s.low);
    s.graph.set(s.input, 2);
    s.graph.get(s.low);
    s.graph.halt(s.high);
    s.graph.take_log();
    if (read_meanwhile) {
      EXPECT_EQ(s.graph.show(s.high), "nothing");
      EXPECT_EQ(s.graph.take_log(), (Log{"start high"})) << "its end is dropped";
    }
    s.finish_low(10);
    EXPECT_EQ(s.graph.show(s.high), read_meanwhile ? "nothing" : "error: run cancelled");
    EXPECT_EQ(s.graph.take_log(), read_meanwhile ? Log{} : (Log{"start high"}));
    s.finish_high(100);
    EXPECT_EQ(s.graph.show(s.high), "100");
  }
}

TEST(AsyncCutOff, AFailedInputThatRecoversRunsItsDependents) {
  Stairs s;
  auto handle = s.graph.subscribe(s.high);
  s.graph.reject(s.low, "no server");
  EXPECT_THROW(s.graph.receive(s.high, s.low), Failed);
  s.graph.reject(s.high, "no server either");
  s.graph.take_log();
  s.graph.refresh(s.low);
  s.finish_low(10);
  EXPECT_EQ(s.graph.take_log(), (Log{"start low", "start high"}));
  s.finish_high(100);
  EXPECT_EQ(s.graph.take_log(), (Log{"high = 100"}));
  handle.unsubscribe();
}

TEST(AsyncCutOff, AWaiterOfTheTopDrivesTheWholeChain) {
  Stairs s;
  s.graph.wait(s.high);
  s.finish_low(10);
  s.graph.set(s.input, 2);
  s.finish_low(20);
  s.finish_high(200);
  EXPECT_EQ(s.graph.take_log(), (Log{"start high", "start low", "start low", "wake high"}));
  s.graph.stop_waiting(s.high);
}

TEST(AsyncCutOff, ALateReadRegistersWithTheCurrentRunOnly) {
  Stairs s;
  auto handle = s.graph.subscribe(s.high);
  const Generation old = s.graph.generation(s.high);
  s.graph.set(s.other, 2);
  EXPECT_FALSE(s.graph.store.is_current(*s.high->node, old));
  EXPECT_FALSE(s.graph.store.received(*s.high->node, old, *s.low->node));
  EXPECT_TRUE(s.graph.store.is_current(*s.high->node, s.graph.generation(s.high)));
  handle.unsubscribe();
}

TEST(AsyncCutOff, ARunThatAwaitsItselfIsACycle) {
  Graph graph;
  AtomPointer one, two;
  std::string met;
  one = graph.asynchronous("one", [&] { graph.get_in_run(one, two); });
  two = graph.asynchronous("two", [&] {
    try {
      graph.get_in_run(two, one);
    } catch (const Refused& refused) {
      met = refused.text;
    }
  });
  auto handle = graph.subscribe(one);
  EXPECT_EQ(met, "cycle: two -> one -> two");
  graph.resolve(two, 2);
  graph.receive(one, two);
  graph.resolve(one, 1);
  EXPECT_EQ(graph.show(one), "1");
  handle.unsubscribe();
  one->on_start = two->on_start = {};
}

TEST(AsyncCutOff, ARunThatReadsItsOwnAtomIsACycle) {
  Graph graph;
  AtomPointer self;
  self = graph.asynchronous("self", [&] { graph.get_in_run(self, self); });
  try {
    graph.get(self);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.text, "cycle: self -> self");
  }
  self->on_start = {};
}

TEST(AsyncCutOff, ADeepChainOfPendingAtomsNeedsNoStack) {
  Graph graph;
  graph.checks = false;
  const auto input = graph.source("input", 1);
  std::vector<AtomPointer> steps;
  for (std::size_t index = 0; index < 1000; ++index) {
    steps.push_back(graph.asynchronous("step"));
    steps.back()->on_start = [&, index] {
      graph.get_in_run(steps[index], index == 0 ? input : steps[index - 1]);
    };
  }
  for (std::size_t index = 0; index < steps.size(); ++index) {
    graph.get(steps[index]);
    graph.resolve(steps[index], 1);
  }
  auto handle = graph.subscribe(steps.back());
  graph.set(input, 2);
  EXPECT_TRUE(graph.pending(steps.back()));
  graph.resolve(steps.front(), 1);
  EXPECT_FALSE(graph.pending(steps.back()));
  const char* broken = graph.store.invariant();
  EXPECT_EQ(broken, nullptr) << broken;
  handle.unsubscribe();
  for (const auto& step : steps) step->on_start = {};
}

}  // namespace
}  // namespace halflife::plain
