// The loading state: views, deferred notifications, streams, adopted values, and atoms that are
// asynchronous only at times.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

struct Page {
  Graph graph;
  AtomPointer input = graph.source("input", 1);
  AtomPointer fetch = graph.asynchronous("fetch", [this] { graph.get_in_run(fetch, input); });
  AtomPointer page = graph.view("page", fetch);

  ~Page() { fetch->on_start = {}; }
};

TEST(Loading, WithoutALoopItIsToldAtOnce) {
  Page p;
  auto handle = p.graph.subscribe(p.page);
  p.graph.resolve(p.fetch, 10);
  p.graph.take_log();
  p.graph.has_loop = false;
  p.graph.set(p.input, 2);
  EXPECT_EQ(p.graph.take_log(), (Log{"page = 1000010"}));
  handle.unsubscribe();
}

TEST(Loading, TheEndOfThePassIsAskedForOnce) {
  Page p;
  const auto second = p.graph.view("second", p.fetch);
  auto one = p.graph.subscribe(p.page);
  auto two = p.graph.subscribe(second);
  p.graph.resolve(p.fetch, 10);
  p.graph.take_log();
  p.graph.set(p.input, 2);
  p.graph.set(p.input, 3);
  EXPECT_EQ(p.graph.deferred, 1);
  p.graph.end_tick();
  EXPECT_EQ(p.graph.take_log(), (Log{"start fetch", "cancel fetch", "start fetch", "page = 1000010",
                                     "second = 1000010"}));
  one.unsubscribe();
  two.unsubscribe();
}

TEST(Loading, AViewUnsubscribedBeforeTheEndOfThePassIsNotTold) {
  Page p;
  auto handle = p.graph.subscribe(p.page);
  p.graph.resolve(p.fetch, 10);
  p.graph.set(p.input, 2);
  handle.unsubscribe();
  p.graph.take_log();
  p.graph.end_tick();
  EXPECT_EQ(p.graph.take_log(), Log{});
}

TEST(Loading, AFailedBatchTellsAViewNothing) {
  Page p;
  auto handle = p.graph.subscribe(p.page);
  p.graph.resolve(p.fetch, 10);
  p.graph.take_log();
  EXPECT_THROW(p.graph.batch([&] {
    p.graph.set(p.input, 2);
    EXPECT_EQ(p.graph.show(p.page), "1000010");
    throw Refused("broken");
  }),
               Refused);
  EXPECT_EQ(p.graph.show(p.page), "10");
  p.graph.end_tick();
  EXPECT_EQ(p.graph.take_log(), Log{});
  handle.unsubscribe();
}

TEST(Loading, WhatASupersededStreamPublishesIsIgnored) {
  Page p;
  auto handle = p.graph.subscribe(p.page);
  const Generation old = p.graph.generation(p.fetch);
  p.graph.set(p.input, 2);
  p.graph.take_log();
  EXPECT_TRUE(p.graph.store.publish(*p.fetch->node, old, static_cast<Object*>(new Number(7))));
  EXPECT_EQ(p.graph.take_log(), Log{});
  handle.unsubscribe();
}

TEST(Loading, AWaiterOfAPromisedSourceIsWokenByASet) {
  Graph graph;
  const auto user = graph.source("user", 1);
  graph.promise(user, "later");
  graph.wait(user);
  graph.take_log();
  graph.set(user, 8);
  EXPECT_EQ(graph.take_log(), (Log{"wake user", "cancel user"}));
  graph.stop_waiting(user);
}

// A plain read that gives a promise while `offline` is 0.
struct Mixed {
  Graph graph;
  AtomPointer input = graph.source("input", 1);
  AtomPointer offline = graph.source("offline", 0);
  AtomPointer mixed = graph.derived("mixed", [this](Reader& get) -> long {
    const long value = get(input);
    if (get(offline) != 0) return -value;
    throw Promised{"promise"};
  });
  AtomPointer page = graph.view("page", mixed);
};

TEST(Loading, APlainReadMayGiveAPromise) {
  Mixed m;
  auto handle = m.graph.subscribe(m.page);
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed"}));
  m.graph.resolve(m.mixed, 10);
  EXPECT_EQ(m.graph.take_log(), (Log{"page = 10"}));
  m.graph.set(m.input, 2);
  EXPECT_EQ(m.mixed->node->runs, 3U) << "two reads, and one promise kept";
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed"}));
  m.graph.set(m.offline, 1);
  EXPECT_EQ(m.graph.take_log(), (Log{"cancel mixed", "page = -2"}));
  EXPECT_FALSE(m.graph.pending(m.mixed));
  m.graph.set(m.offline, 0);
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed"}));
  m.graph.resolve(m.mixed, 20);
  EXPECT_EQ(m.graph.take_log(), (Log{"page = 20"}));
  handle.unsubscribe();
}

TEST(Loading, APromiseThatWasCancelledIsAskedForAgainByRunningTheRead) {
  Mixed m;
  m.graph.get(m.mixed);
  EXPECT_EQ(m.mixed->runs, 1);
  m.graph.set(m.input, 2);
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed", "cancel mixed"}));
  m.graph.set(m.input, 1);
  m.graph.get(m.mixed);
  EXPECT_EQ(m.mixed->runs, 2) << "the promise was used up";
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed"}));
  m.graph.store.abandon(*m.mixed->node);
  m.graph.check();
  m.graph.get(m.mixed);
  EXPECT_EQ(m.mixed->runs, 3);
  m.graph.resolve(m.mixed, 10);
  EXPECT_EQ(m.graph.show(m.mixed), "10");
}

TEST(Loading, AnObservedPromiseThatWasCancelledFromOutsideIsAskedForAgainByARead) {
  Mixed m;
  auto handle = m.graph.subscribe(m.page);
  m.graph.halt(m.mixed);
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed", "page = -1"}));
  m.graph.get(m.page);
  EXPECT_EQ(m.mixed->runs, 2);
  EXPECT_EQ(m.graph.take_log(), (Log{"start mixed"}));
  m.graph.resolve(m.mixed, 4);
  EXPECT_EQ(m.graph.take_log(), (Log{"page = 4"}));
  handle.unsubscribe();
}

TEST(Loading, ABatchThatFailsLeavesAPromiseInFlightAlone) {
  Mixed m;
  auto handle = m.graph.subscribe(m.page);
  m.graph.take_log();
  EXPECT_THROW(m.graph.batch([&] {
    m.graph.set(m.input, 2);
    m.graph.get(m.page);
    m.graph.set(m.offline, 1);
    EXPECT_EQ(m.graph.show(m.page), "-2");
    throw Refused("broken");
  }),
               Refused);
  EXPECT_EQ(m.graph.take_log(), Log{});
  EXPECT_TRUE(m.graph.pending(m.mixed));
  m.graph.resolve(m.mixed, 10);
  EXPECT_EQ(m.graph.take_log(), (Log{"page = 10"}));
  handle.unsubscribe();
}

TEST(Loading, AnAdoptedValueCountsAsSettledUntilAnInputChanges) {
  Page p;
  p.graph.get(p.input);
  graph::Node* inputs[] = {p.input->node};
  const Stamp seen[] = {p.input->node->changed_at};
  p.graph.store.adopt(p.graph.node_of(*p.fetch), static_cast<Object*>(new Number(42)), inputs,
                      seen);
  p.graph.check();
  EXPECT_EQ(p.graph.show(p.fetch), "42");
  EXPECT_FALSE(p.graph.pending(p.fetch));
  auto handle = p.graph.subscribe(p.page);
  EXPECT_EQ(p.graph.show(p.page), "42");
  EXPECT_EQ(p.graph.take_log(), Log{});
  p.graph.set(p.input, 2);
  EXPECT_EQ(p.graph.take_log(), (Log{"start fetch"}));
  handle.unsubscribe();
}

TEST(Loading, AnAdoptedValueOfAPlainAtomIsNotComputed) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto sum = graph.derived("sum", [&](Reader& get) { return get(input) + 1; });
  graph.get(input);
  graph::Node* inputs[] = {input->node};
  const Stamp seen[] = {input->node->changed_at};
  graph.store.adopt(graph.node_of(*sum), static_cast<Object*>(new Number(42)), inputs, seen);
  EXPECT_EQ(graph.get(sum), 42);
  graph.set(input, 5);
  EXPECT_EQ(graph.get(sum), 6);
}

TEST(Loading, AnInputThatChangedBeforeTheAdoptionOutdatesTheValue) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto sum = graph.derived("sum", [&](Reader& get) { return get(input) + 1; });
  graph.get(input);
  graph::Node* inputs[] = {input->node};
  const Stamp seen[] = {input->node->changed_at};
  graph.set(input, 5);
  graph.store.adopt(graph.node_of(*sum), static_cast<Object*>(new Number(42)), inputs, seen);
  EXPECT_EQ(graph.get(sum), 6);
}

TEST(Loading, AReadAfterTheRunRegistersToo) {
  Graph graph;
  const auto input = graph.source("input", 1);
  const auto late = graph.source("late", 1);
  const auto sum = graph.derived("sum", [&](Reader& get) { return get(input); });
  auto handle = graph.subscribe(sum);
  EXPECT_TRUE(graph.store.record_late(*sum->node, graph.node_of(*late)));
  graph.check();
  graph.set(late, 2);
  EXPECT_EQ(sum->node->runs, 2U);
  graph.set(late, 3);
  EXPECT_EQ(sum->node->runs, 2U) << "the new run has not read it";
  EXPECT_TRUE(graph.store.record_late(*sum->node, *sum->node)) << "no circle is closed";
  graph.check();
  handle.unsubscribe();
}

}  // namespace
}  // namespace halflife::plain
