// The life of one run: late results, missing and closed loops, and restarts.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

// An asynchronous atom that reads `input` as it starts, like `async def read(get): get(input) ...`.
struct Fetch {
  Graph graph;
  AtomPointer input = graph.source("input", 1);
  AtomPointer fetch = graph.asynchronous("fetch", [this] { graph.get_in_run(fetch, input); });

  ~Fetch() { fetch->on_start = {}; }
};

TEST(AsyncRun, ALateResultIsIgnoredWhateverItIs) {
  Fetch f;
  auto handle = f.graph.subscribe(f.fetch);
  const Generation old = f.graph.generation(f.fetch);
  f.graph.set(f.input, 2);
  f.graph.take_log();
  f.graph.resolve_run(f.fetch, old, 111);
  EXPECT_EQ(f.graph.show(f.fetch), "nothing");
  f.graph.resolve(f.fetch, 20);
  f.graph.resolve_run(f.fetch, old, 222);
  f.graph.resolve_run(f.fetch, f.graph.generation(f.fetch), 333);
  EXPECT_EQ(f.graph.show(f.fetch), "20");
  EXPECT_EQ(f.graph.take_log(), (Log{"fetch = 20"}));
  handle.unsubscribe();
}

TEST(AsyncRun, BeingObservedStartsWhatIsOutOfDate) {
  Fetch f;
  auto handle = f.graph.subscribe(f.fetch);
  f.graph.resolve(f.fetch, 10);
  handle.unsubscribe();
  f.graph.set(f.input, 2);
  f.graph.take_log();
  auto again = f.graph.subscribe(f.fetch);
  EXPECT_EQ(f.graph.take_log(), (Log{"start fetch"}));
  f.graph.resolve(f.fetch, 20);
  EXPECT_EQ(f.graph.take_log(), (Log{"fetch = 20"}));
  again.unsubscribe();
}

TEST(AsyncRun, ARunInFlightHoldsItsAtom) {
  Fetch f;
  f.graph.get(f.fetch);
  std::weak_ptr<Atom> dropped = f.fetch;
  f.fetch->on_start = {};
  f.fetch.reset();
  ASSERT_FALSE(dropped.expired());
  f.graph.resolve(dropped.lock(), 1);
  EXPECT_TRUE(dropped.expired());
  f.fetch = f.graph.asynchronous("unused");
}

TEST(AsyncRun, WithoutALoopAReadThatMustStartOneIsRefused) {
  Fetch f;
  f.graph.has_loop = false;
  EXPECT_EQ(f.graph.show(f.fetch), "error: no event loop for fetch");
  EXPECT_EQ(f.graph.show(f.fetch), "error: no event loop for fetch");
  f.graph.has_loop = true;
  f.graph.get(f.fetch);
  f.graph.resolve(f.fetch, 10);
  f.graph.has_loop = false;
  EXPECT_EQ(f.graph.show(f.fetch), "10") << "settled values need no loop";
}

TEST(AsyncRun, WithoutALoopAnObservedAtomIsLeftOutOfDateUntilItIsRead) {
  Fetch f;
  const auto above = f.graph.view("above", f.fetch);
  auto handle = f.graph.subscribe(above);
  f.graph.resolve(f.fetch, 10);
  f.graph.take_log();
  f.graph.has_loop = false;
  f.graph.set(f.input, 2);
  EXPECT_EQ(f.graph.take_log(), (Log{"above = 1000010"}));
  EXPECT_EQ(f.graph.store.pending_runs(), 0U);
  EXPECT_EQ(f.graph.show(above), "error: no event loop for fetch");
  f.graph.has_loop = true;
  EXPECT_EQ(f.graph.show(above), "1000010");
  EXPECT_EQ(f.graph.take_log(), (Log{"start fetch"}));
  f.graph.resolve(f.fetch, 20);
  EXPECT_EQ(f.graph.take_log(), (Log{"above = 20"}));
  handle.unsubscribe();
}

TEST(AsyncRun, OneWhoseLoopWasClosedIsStartedByTheNextRead) {
  Fetch f;
  auto handle = f.graph.subscribe(f.fetch);
  f.graph.take_log();
  f.graph.store.abandon(*f.fetch->node);
  f.graph.check();
  EXPECT_TRUE(f.graph.pending(f.fetch));
  f.graph.get(f.fetch);
  EXPECT_EQ(f.graph.take_log(), (Log{"start fetch"}));
  f.graph.resolve(f.fetch, 10);
  EXPECT_EQ(f.graph.take_log(), (Log{"fetch = 10"}));
  handle.unsubscribe();
}

TEST(AsyncRun, OneCancelledFromOutsideStartsAgainAtTheNextExplicitReadOnly) {
  Fetch f;
  const auto above = f.graph.view("above", f.fetch);
  auto handle = f.graph.subscribe(above);
  f.graph.take_log();
  f.graph.halt(f.fetch);
  EXPECT_EQ(f.graph.take_log(), (Log{"above = -1"}));
  const auto other = f.graph.source("other", 1);
  f.graph.set(other, 2);
  EXPECT_EQ(f.graph.take_log(), Log{});
  f.graph.get(above);
  EXPECT_EQ(f.graph.take_log(), (Log{"start fetch"}));
  f.graph.end_tick();
  EXPECT_EQ(f.graph.take_log(), (Log{"above = 1000000"}));
  f.graph.resolve(f.fetch, 5);
  EXPECT_EQ(f.graph.take_log(), (Log{"above = 5"}));
  handle.unsubscribe();
}

TEST(AsyncRun, RefreshSupersedesTheRunAndKeepsTheValueUntilTheNewOne) {
  Fetch f;
  auto handle = f.graph.subscribe(f.fetch);
  f.graph.resolve(f.fetch, 10);
  f.graph.refresh(f.fetch);
  EXPECT_EQ(f.graph.show(f.fetch), "10");
  EXPECT_TRUE(f.graph.pending(f.fetch));
  f.graph.refresh(f.fetch);
  EXPECT_EQ(f.graph.take_log(),
            (Log{"start fetch", "fetch = 10", "start fetch", "cancel fetch", "start fetch"}));
  f.graph.resolve(f.fetch, 10);
  EXPECT_EQ(f.graph.take_log(), Log{}) << "an equal result is no news";
  handle.unsubscribe();
}

TEST(AsyncRun, AChangeOfWhatOnlyTheLastRunReadDoesNotSupersedeThisOne) {
  Graph graph;
  const auto trigger = graph.source("trigger", 1);
  const auto config = graph.source("config", 1);
  AtomPointer fetch;
  fetch = graph.asynchronous("fetch", [&] { graph.get_in_run(fetch, trigger); });
  auto handle = graph.subscribe(fetch);
  graph.get_in_run(fetch, config);
  graph.resolve(fetch, 1);
  graph.set(trigger, 2);
  graph.take_log();
  graph.set(config, 2);
  EXPECT_EQ(graph.take_log(), Log{}) << "this run has not read it yet";
  graph.get_in_run(fetch, config);
  graph.set(config, 3);
  EXPECT_EQ(graph.take_log(), (Log{"cancel fetch", "start fetch"}));
  handle.unsubscribe();
  fetch->on_start = {};
}

}  // namespace
}  // namespace halflife::plain
