// List scripts: always correct, and compared in length with the shortest scripts, which a search
// finds.
#include "core/draft/patch/list_diff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <random>
#include <set>

namespace halflife::draft {
namespace {

using List = std::vector<std::size_t>;

List played(const List& before, const List& now, const ListScript& script) {
  List list = before;
  for (const ListStep& step : script.steps) {
    const auto at = list.begin() + static_cast<long>(step.at);
    if (step.op == Op::remove) {
      EXPECT_EQ(*at, before[step.before]);
      list.erase(at);
    } else if (step.op == Op::replace) {
      EXPECT_EQ(*at, before[step.before]);
      *at = now[step.now];
    } else if (step.op == Op::add) {
      list.insert(at, now[step.now]);
    } else {
      const std::size_t moved = list[step.from];
      EXPECT_EQ(moved, before[step.before]);
      list.erase(list.begin() + static_cast<long>(step.from));
      list.insert(list.begin() + static_cast<long>(step.at), moved);
    }
  }
  return list;
}

std::size_t length(const List& before, const List& now) {
  const ListScript script = list_diff(before, now);
  EXPECT_EQ(played(before, now, script), now) << testing::PrintToString(before);
  return script.steps.size();
}

List numbers(std::size_t count) {
  List list(count);
  std::iota(list.begin(), list.end(), 0);
  return list;
}

// The fewest steps from one list to every other list that can be reached, by a breadth-first
// search.
std::map<List, std::size_t> distances(const List& from, std::size_t kinds, std::size_t longest) {
  std::map<List, std::size_t> known{{from, 0}};
  std::queue<List> left;
  left.push(from);
  while (!left.empty()) {
    const List list = left.front();
    left.pop();
    const std::size_t distance = known[list];
    const auto reach = [&](const List& next) {
      if (next.size() <= longest && known.emplace(next, distance + 1).second) left.push(next);
    };
    for (std::size_t at = 0; at <= list.size(); ++at) {
      for (std::size_t kind = 0; kind < kinds; ++kind) {
        List next = list;
        next.insert(next.begin() + static_cast<long>(at), kind);
        reach(next);
        if (at == list.size()) continue;
        next = list;
        next[at] = kind;
        reach(next);
      }
      if (at == list.size()) continue;
      List without = list;
      without.erase(without.begin() + static_cast<long>(at));
      reach(without);
      for (std::size_t to = 0; to <= without.size(); ++to) {
        List next = without;
        next.insert(next.begin() + static_cast<long>(to), list[at]);
        reach(next);
      }
    }
  }
  return known;
}

TEST(ListDiff, OneEditOfAnyKindIsOneStep) {
  const List base = numbers(50);
  for (std::size_t at = 0; at < base.size(); ++at) {
    List list = base;
    list.erase(list.begin() + static_cast<long>(at));
    EXPECT_EQ(length(base, list), 1u);
    EXPECT_EQ(length(list, base), 1u);
    const std::size_t moved = base[at];
    for (std::size_t to = 0; to <= list.size(); ++to) {
      List next = list;
      next.insert(next.begin() + static_cast<long>(to), moved);
      EXPECT_EQ(length(base, next), to == at ? 0u : 1u);
    }
    list = base;
    list[at] = 99;
    EXPECT_EQ(length(base, list), 1u);
  }
}

TEST(ListDiff, OneMoveAmongManyEqualElementsIsOneStep) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    List base(2 + random() % 12);
    for (std::size_t& number : base) number = random() % 3;
    List list = base;
    const std::size_t from = random() % list.size();
    const std::size_t moved = list[from];
    list.erase(list.begin() + static_cast<long>(from));
    list.insert(list.begin() + static_cast<long>(random() % (list.size() + 1)), moved);
    EXPECT_LE(length(base, list), 1u) << testing::PrintToString(base);
  }
}

TEST(ListDiff, NoScriptOfDifferentElementsIsLongerThanTheShortestByMoreThanOneStep) {
  const List base = numbers(4);
  std::size_t longer = 0;
  std::size_t all = 0;
  for (const auto& [list, shortest] : distances(base, 5, 5)) {
    const std::size_t steps = length(base, list);
    const bool unique = std::set<std::size_t>(list.begin(), list.end()).size() == list.size();
    if (!unique) continue;
    ++all;
    longer += steps > shortest ? 1 : 0;
    EXPECT_LE(steps, shortest + 1) << testing::PrintToString(list);
  }
  EXPECT_LT(longer * 10, all) << "of " << all;
}

TEST(ListDiff, RandomListsWithAndWithoutEqualElementsComeOutRight) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    const std::size_t kinds = 1 + random() % 9;
    List before(random() % 9);
    List now(random() % 9);
    for (std::size_t& number : before) number = random() % kinds;
    for (std::size_t& number : now) number = random() % kinds;
    const bool alike = before.size() == now.size();
    EXPECT_LE(length(before, now), alike ? now.size() : before.size() + now.size());
  }
}

TEST(ListDiff, AShuffleLeavesTheLongestIncreasingRunAlone) {
  std::mt19937 random(3);
  for (const std::size_t count : {10u, 1000u, 20000u}) {
    List list = numbers(count);
    std::shuffle(list.begin(), list.end(), random);
    List ends;
    for (const std::size_t number : list) {
      const auto found = std::lower_bound(ends.begin(), ends.end(), number);
      if (found == ends.end()) {
        ends.push_back(number);
      } else {
        *found = number;
      }
    }
    EXPECT_EQ(length(numbers(count), list), count - ends.size());
  }
}

TEST(ListDiff, LargeListsOfEqualElementsTakeNoTimeThatGrowsWithTheSquare) {
  std::mt19937 random(5);
  List before(60000);
  List now(60000);
  for (std::size_t& number : before) number = random() % 50;
  for (std::size_t& number : now) number = random() % 50;
  EXPECT_LE(length(before, now), before.size());
  std::reverse(before.begin(), before.end());
  EXPECT_LE(length(before, now), before.size());
}

}  // namespace
}  // namespace halflife::draft
