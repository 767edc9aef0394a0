// Batches: one flush at the end, or no trace at all.
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

TEST(Batch, ManySetsAreOneFlush) {
  Numbers n;
  auto handle = n.graph.subscribe(n.sum);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.set(n.two, 20);
    n.graph.set(n.one, 11);
    EXPECT_EQ(n.graph.take_log(), Log{});
  });
  EXPECT_EQ(n.graph.take_log(), (Log{"sum = 31"}));
  EXPECT_EQ(n.sum->runs, 2);
  handle.unsubscribe();
}

TEST(Batch, AReadInsideSeesTheNewValues) {
  Numbers n;
  auto handle = n.graph.subscribe(n.sum);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    EXPECT_EQ(n.graph.get(n.sum), 12);
    n.graph.set(n.two, 20);
    EXPECT_EQ(n.graph.get(n.sum), 30);
  });
  EXPECT_EQ(n.graph.take_log(), (Log{"sum = 30"}));
  handle.unsubscribe();
}

TEST(Batch, AValueSetAndSetBackTellsNobodyAndRunsNothing) {
  Numbers n;
  auto one = n.graph.subscribe(n.one);
  auto sum = n.graph.subscribe(n.sum);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.set(n.one, 1);
  });
  EXPECT_EQ(n.graph.take_log(), Log{});
  EXPECT_EQ(n.sum->runs, 1);
  one.unsubscribe();
  sum.unsubscribe();
}

TEST(Batch, AValueSetAndSetBackTellsNobodyThoughItWasReadInBetween) {
  Numbers n;
  auto one = n.graph.subscribe(n.one);
  auto sum = n.graph.subscribe(n.sum);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    EXPECT_EQ(n.graph.get(n.sum), 12);
    n.graph.set(n.one, 1);
    EXPECT_EQ(n.graph.get(n.sum), 3);
  });
  EXPECT_EQ(n.graph.take_log(), Log{});
  n.graph.set(n.one, 5);
  EXPECT_EQ(n.graph.take_log(), (Log{"one = 5", "sum = 7"}));
  one.unsubscribe();
  sum.unsubscribe();
}

TEST(Batch, OneThatFailsIsUndoneSilently) {
  Numbers n;
  auto one = n.graph.subscribe(n.one);
  auto sum = n.graph.subscribe(n.sum);
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.set(n.two, 20);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(n.graph.get(n.one), 1);
  EXPECT_EQ(n.graph.get(n.sum), 3);
  EXPECT_EQ(n.sum->runs, 1);
  EXPECT_EQ(n.graph.take_log(), Log{});
  n.graph.set(n.two, 3);
  EXPECT_EQ(n.graph.take_log(), (Log{"sum = 4"}));
  one.unsubscribe();
  sum.unsubscribe();
}

TEST(Batch, OneThatFailsAfterAReadIsUndoneSilentlyAndRunsNothingAgain) {
  Numbers n;
  n.sum->equal = [](long, long) { return false; };  // each result is another one
  auto handle = n.graph.subscribe(n.sum);
  const auto effect = n.graph.effect(
      "effect", [&](Reader& get) { n.graph.say("effect saw " + std::to_string(get(n.sum))); });
  n.graph.observe(effect);
  n.graph.take_log();
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    EXPECT_EQ(n.graph.get(n.sum), 12);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(n.graph.get(n.sum), 3);
  EXPECT_EQ(n.graph.take_log(), Log{});
  EXPECT_EQ(n.sum->runs, 2) << "what it was before the batch is still known";
  n.graph.set(n.one, 4);
  EXPECT_EQ(n.graph.take_log(), (Log{"effect saw 6", "sum = 6"}));
  n.graph.unobserve(effect);
  handle.unsubscribe();
}

TEST(Batch, OneThatFailsGivesBackTheDependenciesToo) {
  Graph graph;
  const auto which = graph.source("which", 0);
  const auto left = graph.source("left", 1);
  const auto right = graph.source("right", 2);
  left->on_mount = [] {};
  right->on_mount = [] {};
  const auto chosen = graph.derived(
      "chosen", [&](Reader& get) { return get(which) == 0 ? get(left) : get(right); });
  auto handle = graph.subscribe(chosen);
  graph.take_log();
  EXPECT_THROW(graph.batch([&] {
    graph.set(which, 1);
    EXPECT_EQ(graph.get(chosen), 2);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(graph.take_log(), Log{});
  graph.set(right, 3);
  EXPECT_EQ(chosen->runs, 2);
  graph.set(left, 5);
  EXPECT_EQ(graph.take_log(), (Log{"chosen = 5"}));
  handle.unsubscribe();
}

TEST(Batch, ANestedOneThatFailsUndoesItsOwnSetsOnly) {
  Numbers n;
  auto handle = n.graph.subscribe(n.sum);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    try {
      n.graph.batch([&] {
        n.graph.set(n.one, 100);
        n.graph.set(n.two, 200);
        throw Broken{};
      });
    } catch (const Broken&) {
    }
    EXPECT_EQ(n.graph.get(n.one), 10);
    EXPECT_EQ(n.graph.get(n.two), 2);
  });
  EXPECT_EQ(n.graph.take_log(), (Log{"sum = 12"}));
  handle.unsubscribe();
}

TEST(Batch, ANestedOneThatFailsAfterAReadDoesNotSwallowTheOuterChange) {
  Numbers n;
  const auto twice = n.graph.derived("twice", [&](Reader& get) { return get(n.sum) * 2; });
  auto handle = n.graph.subscribe(twice);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    try {
      n.graph.batch([&] {
        n.graph.set(n.two, 200);
        EXPECT_EQ(n.graph.get(twice), 420);
        throw Broken{};
      });
    } catch (const Broken&) {
    }
  });
  EXPECT_EQ(n.graph.take_log(), (Log{"twice = 24"}));
  handle.unsubscribe();
}

TEST(Batch, ANestedOneThatSucceedsIsUndoneWithTheOuter) {
  Numbers n;
  auto handle = n.graph.subscribe(n.sum);
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.batch([&] {
      n.graph.set(n.one, 100);
      n.graph.set(n.two, 200);
    });
    n.graph.set(n.one, 1000);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(n.graph.get(n.one), 1);
  EXPECT_EQ(n.graph.get(n.sum), 3);
  EXPECT_EQ(n.graph.take_log(), Log{});
  handle.unsubscribe();
}

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

TEST(Batch, AnAtomFirstUsedInsideOneThatFailsKeepsItsInitialValue) {
  Graph graph;
  const auto one = graph.source("one", 1);
  EXPECT_THROW(graph.batch([&] {
    graph.set(one, 2);
    throw Broken{};
  }),
               Broken);
  EXPECT_EQ(graph.get(one), 1);
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

TEST(Batch, AnEffectDoesNotRunForOneThatFailsOrForAValueSetBack) {
  Numbers n;
  const auto effect = n.graph.effect(
      "effect", [&](Reader& get) { n.graph.say("effect saw " + std::to_string(get(n.one))); });
  n.graph.observe(effect);
  n.graph.take_log();
  EXPECT_THROW(n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.get(n.sum);
    throw Broken{};
  }),
               Broken);
  n.graph.batch([&] {
    n.graph.set(n.one, 10);
    n.graph.get(n.sum);
    n.graph.set(n.one, 1);
  });
  EXPECT_EQ(n.graph.take_log(), Log{});
  n.graph.unobserve(effect);
}

}  // namespace
}  // namespace halflife::plain
