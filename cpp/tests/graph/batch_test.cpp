// Batches that fail or set values back, with subscriptions and reads made inside them.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

struct Broken {};

struct Numbers {
  Graph graph;
  AtomPointer one = graph.source("one", 1);
  AtomPointer two = graph.source("two", 2);
  AtomPointer sum = graph.derived("sum", [this](Reader& get) { return get(one) + get(two); });
};

TEST(Batch, OneInASubscriberThatFailsDoesNotSwallowWhatWasSetBefore) {
  Numbers n;
  const auto trigger = n.graph.source("trigger", 0);
  auto handle = n.graph.subscribe(n.sum);
  auto first = n.graph.subscribe(trigger, [&](long) {
    n.graph.set(n.one, 10);
    n.graph.say("sum is " + std::to_string(n.graph.get(n.sum)));
    try {
      n.graph.batch([&] {
        n.graph.set(n.two, 20);
        EXPECT_EQ(n.graph.get(n.sum), 30);
        throw Broken{};
      });
    } catch (const Broken&) {
    }
  });
  n.graph.set(trigger, 1);
  EXPECT_EQ(n.graph.take_log(), (Log{"sum is 12", "sum = 12"}));
  handle.unsubscribe();
  first.unsubscribe();
}

TEST(Batch, OneInASubscriberThatSetsBackDoesNotSwallowWhatWasSetBefore) {
  Numbers n;
  const auto trigger = n.graph.source("trigger", 0);
  auto handle = n.graph.subscribe(n.one);
  auto sum = n.graph.subscribe(n.sum);
  auto first = n.graph.subscribe(trigger, [&](long) {
    n.graph.set(n.one, 10);
    EXPECT_EQ(n.graph.get(n.sum), 12);
    n.graph.batch([&] {
      n.graph.set(n.one, 11);
      EXPECT_EQ(n.graph.get(n.sum), 13);
      n.graph.set(n.one, 10);
    });
  });
  n.graph.set(trigger, 1);
  EXPECT_EQ(n.graph.take_log(), (Log{"one = 10", "sum = 12"}));
  handle.unsubscribe();
  sum.unsubscribe();
  first.unsubscribe();
}

TEST(Batch, AnUnobservedAtomReadInsideIsRightAfterwards) {
  Numbers n;
  EXPECT_EQ(n.graph.get(n.sum), 3);
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    EXPECT_EQ(n.graph.get(n.sum), 12);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(n.graph.get(n.sum), 3);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    EXPECT_EQ(n.graph.get(n.sum), 12);
    n.graph.set(n.one, 1);
  });
  EXPECT_EQ(n.graph.get(n.sum), 3);
}

TEST(Batch, ASubscriptionMadeInsideOneThatFailsIsCurrentAfterwards) {
  Numbers n;
  Handle handle;
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    handle = n.graph.subscribe(n.sum);
    n.graph.set(n.one, 20);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(n.graph.get(n.sum), 3);
  n.graph.set(n.two, 3);
  EXPECT_EQ(n.graph.get(n.sum), 4);
  handle.unsubscribe();
}

TEST(Batch, ASubscriptionMadeInsideHearsOfAValueThatIsSetBack) {
  Numbers n;
  auto first = n.graph.subscribe(n.sum, [&](long) { n.graph.say("first"); });
  Handle second;
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    second = n.graph.subscribe(n.sum);  // when it was 12
    n.graph.set(n.one, 1);
  });
  EXPECT_EQ(n.graph.take_log(), (Log{"sum = 3"}));
  first.unsubscribe();
  second.unsubscribe();
}

TEST(Batch, AnAtomThatDiesInsideOneThatFailsIsForgotten) {
  Graph graph;
  auto one = graph.source("one", 1);
  EXPECT_THROW(graph.batch([&] {
    graph.set(one, 2);
    one.reset();
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(graph.store.nodes().size(), 0U);
}

TEST(Batch, AnUnsubscriptionInsideOneThatFailsStands) {
  Numbers n;
  auto handle = n.graph.subscribe(n.sum);
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.get(n.sum);
    handle.unsubscribe();
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(n.graph.take_log(), Log{});
  EXPECT_EQ(n.graph.get(n.sum), 3);
}

}  // namespace
}  // namespace halflife::plain
