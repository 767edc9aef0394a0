// The grace period of single atoms among others without one. (In Python, a store has one grace
// period for all its atoms.)
#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

struct Tower {
  Graph graph;
  AtomPointer low = hook(graph.source("low", 1));
  AtomPointer middle = hook(graph.derived("middle", [this](Reader& get) { return get(low) + 1; }));
  AtomPointer high = hook(graph.derived("high", [this](Reader& get) { return get(middle) + 1; }));

  static AtomPointer hook(const AtomPointer& atom) {
    atom->on_mount = [] {};
    return atom;
  }
};

TEST(Mount, ADependencyWithGraceIsNotBouncedWhenItIsDroppedAndReadAgain) {
  Graph graph;
  const auto which = graph.source("which", 1);
  const auto left = Tower::hook(graph.source("left", 1));
  left->linger = true;
  const auto chosen =
      graph.derived("chosen", [&](Reader& get) { return get(which) == 1 ? get(left) : 0; });
  auto handle = graph.subscribe(chosen);
  graph.take_log();
  graph.set(which, 0);
  graph.set(which, 1);
  EXPECT_EQ(graph.take_log(), (Log{"chosen = 0", "chosen = 1"}));
  graph.expire(left);
  EXPECT_EQ(graph.take_log(), Log{});
  left->linger = false;
  handle.unsubscribe();
  EXPECT_EQ(graph.take_log(), (Log{"unmount left"}));
}

TEST(Mount, ALingeringDependencyIsAnInputOfAnotherNewcomer) {
  Tower t;
  t.middle->linger = true;
  auto handle = t.graph.subscribe(t.middle);
  handle.unsubscribe();
  t.graph.take_log();
  auto high = t.graph.subscribe(t.high);
  EXPECT_EQ(t.graph.take_log(), (Log{"mount high"}));
  t.graph.expire(t.middle);
  t.middle->linger = false;
  high.unsubscribe();
  EXPECT_EQ(t.graph.take_log(), (Log{"unmount high", "unmount middle", "unmount low"}));
}

TEST(Mount, ALingeringAtomIsHeldUntilItExpires) {
  Graph graph;
  auto one = graph.source("one", 1);
  one->linger = true;
  auto handle = graph.subscribe(one);
  handle.unsubscribe();
  std::weak_ptr<Atom> dropped = one;
  one.reset();
  ASSERT_FALSE(dropped.expired());
  graph.expire(dropped.lock());
  EXPECT_TRUE(dropped.expired());
}

}  // namespace
}  // namespace halflife::plain
