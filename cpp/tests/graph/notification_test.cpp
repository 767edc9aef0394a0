// A subscription releases its atom and callback when it ends, also during a notification.
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

TEST(Notification, ASubscriberMayUnsubscribeItselfAndItsAtomMayDie) {
  Graph graph;
  const auto now = graph.source("now", 0);
  auto reader = graph.derived("reader", [&](Reader& get) { return get(now); });
  Handle handle;
  handle = graph.subscribe(reader, [&](long value) {
    graph.say("told " + std::to_string(value));
    handle.unsubscribe();
  });
  std::weak_ptr<Atom> dropped = reader;
  reader.reset();
  graph.set(now, 1);
  graph.set(now, 2);
  EXPECT_EQ(graph.take_log(), (Log{"told 1"}));
  EXPECT_TRUE(dropped.expired());
}

TEST(Notification, AnEndlessLoopHoldsNothingAfterwards) {
  Graph graph;
  auto now = graph.source("now", 0);
  auto handle = graph.subscribe(now, [atom = std::weak_ptr<Atom>(now), &graph](long value) {
    graph.set(atom.lock(), value + 1);
  });
  EXPECT_THROW(graph.set(now, 1), Refused);
  handle.unsubscribe();
  std::weak_ptr<Atom> dropped = now;
  now.reset();
  EXPECT_TRUE(dropped.expired());
}

}  // namespace
}  // namespace halflife::plain
