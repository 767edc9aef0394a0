// The recompute heap against a model: queued nodes may rise, fall and leave; the others come out
// once each, lowest height first.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>

#include "core/graph/heap.hpp"

namespace halflife::graph {
namespace {

class Nodes {
 public:
  explicit Nodes(unsigned seed) : random_(seed) {
    for (int index = 0; index < 40; ++index) nodes_.push_back(std::make_unique<Node>());
    for (const auto& node : nodes_) node->height = somewhere();
  }

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      Node& node = *nodes_[random_() % nodes_.size()];
      switch (random_() % 6) {
        case 0:
        case 1:
          heap_.push(node);
          queued_.insert(&node);
          break;
        case 2:  // raising a node does not touch the heap
          node.height += static_cast<Height>(random_() % (random_() % 4 == 0 ? 3'000 : 3));
          break;
        case 3:
          node.height -= static_cast<Height>(random_() % (random_() % 4 == 0 ? 3'000 : 3));
          if (node.is(flag::queued)) heap_.push(node);
          break;
        case 4:
          node.clear_flag(flag::queued);
          queued_.erase(&node);
          break;
        default:
          pop();
      }
    }
    while (!queued_.empty() && !testing::Test::HasFailure()) pop();
    EXPECT_EQ(heap_.pop(orphans_), nullptr);
    EXPECT_TRUE(heap_.empty());
    EXPECT_TRUE(orphans_.empty());
  }

 private:
  Height somewhere() {
    const auto offset = static_cast<Height>(random_() % 200);
    return random_() % 3 == 0 ? offset * 50 - 5'000 : offset - 100;
  }

  void pop() {
    Height least = 0;
    for (const Node* node : queued_) {
      least = node == *queued_.begin() ? node->height : std::min(least, node->height);
    }
    if (!queued_.empty()) {
      EXPECT_FALSE(heap_.none_below(least + 1));
    }
    Node* node = heap_.pop(orphans_);
    if (queued_.empty()) {
      EXPECT_EQ(node, nullptr);
      return;
    }
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(queued_.erase(node), 1U);
    EXPECT_EQ(node->height, least);
    EXPECT_FALSE(node->is(flag::queued));
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::set<Node*> queued_;
  Heap heap_;
  std::vector<Node*> orphans_;
};

TEST(Heap, NodesComeOutLowestFirstWhateverTheirHeightsDid) {
  for (unsigned seed = 0; seed < 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Nodes(seed).run(400);
  }
}

}  // namespace
}  // namespace halflife::graph
