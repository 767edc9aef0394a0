// The order in which a cache forgets, beside a naive model of it.
#include "core/policy/lru.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace halflife::policy {
namespace {

TEST(Lru, TheOldestIsForgottenFirst) {
  Lru lru;
  EXPECT_EQ(lru.victim(), std::nullopt);
  const auto first = lru.add();
  const auto second = lru.add();
  EXPECT_NE(first, second);
  EXPECT_EQ(lru.victim(), first);
  lru.touch(first);
  EXPECT_EQ(lru.victim(), second);
  lru.remove(second);
  EXPECT_EQ(lru.victim(), first);
  lru.remove(first);
  EXPECT_EQ(lru.victim(), std::nullopt);
  EXPECT_EQ(lru.size(), 0U);
}

TEST(Lru, APinnedEntryIsNotForgottenAndIsTheNewestAfterItsLastPin) {
  Lru lru;
  const auto first = lru.add();
  const auto second = lru.add();
  lru.pin(first);
  lru.pin(first);
  EXPECT_EQ(lru.victim(), second);
  lru.unpin(first);
  EXPECT_TRUE(lru.pinned(first));
  EXPECT_EQ(lru.pinned_count(), 1U);
  lru.touch(first);
  EXPECT_EQ(lru.victim(), second);
  lru.unpin(first);
  EXPECT_FALSE(lru.pinned(first));
  EXPECT_EQ(lru.victim(), second);
  lru.touch(second);
  EXPECT_EQ(lru.victim(), first);
  lru.unpin(first);  // one too many changes nothing
  EXPECT_EQ(lru.victim(), first);
  EXPECT_EQ(lru.pinned_count(), 0U);
}

TEST(Lru, WhenAllArePinnedNothingIsForgotten) {
  Lru lru;
  const auto only = lru.add();
  lru.pin(only);
  EXPECT_EQ(lru.victim(), std::nullopt);
  lru.remove(only);
  EXPECT_EQ(lru.size(), 0U);
  EXPECT_EQ(lru.pinned_count(), 0U);
}

TEST(Lru, AHandleThatWasRemovedIsGivenAgainAndIsNotContainedUntilThen) {
  Lru lru;
  const auto first = lru.add();
  EXPECT_TRUE(lru.contains(first));
  EXPECT_FALSE(lru.contains(0));
  EXPECT_FALSE(lru.contains(first + 1));
  lru.pin(first);
  lru.remove(first);
  EXPECT_FALSE(lru.contains(first));
  EXPECT_EQ(lru.add(), first);
  EXPECT_FALSE(lru.pinned(first));
  EXPECT_EQ(lru.victim(), first);
}

// The naive model: a vector in the order of use, and pins by handle.
class Model {
 public:
  void add(Lru::Handle handle) { order_.push_back(handle), pins_[handle] = 0; }
  void remove(Lru::Handle handle) { take(handle), pins_.erase(handle); }
  void touch(Lru::Handle handle) {
    if (pins_[handle] == 0) take(handle), order_.push_back(handle);
  }
  void pin(Lru::Handle handle) {
    if (pins_[handle]++ == 0) take(handle);
  }
  void unpin(Lru::Handle handle) {
    if (pins_[handle] > 0 && --pins_[handle] == 0) order_.push_back(handle);
  }
  std::optional<Lru::Handle> victim() const {
    return order_.empty() ? std::nullopt : std::optional(order_.front());
  }
  const std::map<Lru::Handle, int>& pins() const { return pins_; }

 private:
  void take(Lru::Handle handle) { std::erase(order_, handle); }

  std::vector<Lru::Handle> order_;
  std::map<Lru::Handle, int> pins_;
};

TEST(Lru, ItAgreesWithANaiveModel) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Lru lru;
    Model model;
    for (int step = 0; step < 400; ++step) {
      const auto& known = model.pins();
      if (known.empty() || random() % 4 == 0) {
        const auto handle = lru.add();
        ASSERT_FALSE(known.contains(handle));
        model.add(handle);
      } else {
        auto chosen = known.begin();
        std::advance(chosen, random() % known.size());
        const auto handle = chosen->first;
        switch (random() % 5) {
          case 0:
            lru.remove(handle), model.remove(handle);
            break;
          case 1:
            lru.pin(handle), model.pin(handle);
            break;
          case 2:
            lru.unpin(handle), model.unpin(handle);
            break;
          default:
            lru.touch(handle), model.touch(handle);
            break;
        }
      }
      ASSERT_EQ(lru.victim(), model.victim()) << "seed " << seed << " step " << step;
      ASSERT_EQ(lru.size(), model.pins().size());
      const auto pinned = std::ranges::count_if(model.pins(), [](auto& one) { return one.second; });
      ASSERT_EQ(lru.pinned_count(), static_cast<std::size_t>(pinned));
    }
  }
}

}  // namespace
}  // namespace halflife::policy
