// Structural sharing of two plain values, and their deep equality.
#include "core/draft/share.hpp"

#include <gtest/gtest.h>

#include "../support/plain_values.hpp"
#include "core/draft/equality.hpp"

namespace halflife::plain {
namespace {

using draft::Kind;

class Sharing : public testing::Test {
 public:
  Value share(const std::string& before, const std::string& now) {
    return share(values.read(before), values.read(now));
  }
  Value share(Value before, Value now) {
    const std::string shown_before = Values::show(before);
    const std::string shown = Values::show(now);
    before_ = before;
    now_ = now;
    Value result = values.keep(draft::share(values, before, now, draft::Leaves::alike));
    EXPECT_EQ(Values::show(before), shown_before);
    EXPECT_EQ(Values::show(now), shown);
    EXPECT_TRUE(Values::agree(result, now));
    return result;
  }
  Value item(Value list, std::size_t index) { return values.item(list, index); }
  Value at(Value map, const std::string& key) {
    Value found = nullptr;
    EXPECT_TRUE(values.find(map, values.read(key), &found));
    return found;
  }
  bool equal(const std::string& one, const std::string& other, bool ordered) {
    bool result = false;
    EXPECT_TRUE(draft::equal(values, values.read(one), values.read(other), ordered, &result));
    return result;
  }

  Values values;
  Value before_ = nullptr;
  Value now_ = nullptr;
};

TEST_F(Sharing, AnEqualValueIsTheOldOne) {
  for (const char* text : {"{a: 1, b: [1, 2, {c: <x, y>}]}", "[]", "{}", "(1, [2])", "P(x: [1])"}) {
    EXPECT_EQ(share(text, text), before_) << text;
  }
}

TEST_F(Sharing, AValueThatDiffersInEveryPartIsTheNewOne) {
  EXPECT_EQ(share("{a: [1], b: [2]}", "{a: [3], b: [4]}"), now_);
  EXPECT_EQ(share("[1, 2]", "[1, 3]"), now_);
  EXPECT_EQ(share("[1]", "{a: 1}"), now_);
}

TEST_F(Sharing, PartsThatAreEqualAreTheOldOnesInACopyOfTheNewValue) {
  Value result =
      share("{a: [1], b: [2], c: {d: [3], e: 4}}", "{a: [1], b: [5], c: {d: [3], e: 5}}");
  EXPECT_NE(result, now_);
  EXPECT_EQ(at(result, "a"), at(before_, "a"));
  EXPECT_EQ(at(result, "b"), at(now_, "b"));
  EXPECT_EQ(at(at(result, "c"), "d"), at(at(before_, "c"), "d"));
}

TEST_F(Sharing, AnotherOrderOfKeysIsAnotherValueButItsPartsAreShared) {
  Value result = share("{a: [1], b: [2]}", "{b: [2], a: [1]}");
  EXPECT_EQ(Values::show(result), "{b: [2], a: [1]}");
  EXPECT_NE(result, before_);
  EXPECT_EQ(at(result, "a"), at(before_, "a"));
  EXPECT_EQ(at(result, "b"), at(before_, "b"));
}

TEST_F(Sharing, AListThatGotLongerSharesFromTheFrontAndFromTheEnd) {
  Value result = share("[[1], [2], [3]]", "[[1], [9], [2], [3]]");
  EXPECT_EQ(item(result, 0), item(before_, 0));
  EXPECT_EQ(item(result, 2), item(before_, 1));
  EXPECT_EQ(item(result, 3), item(before_, 2));
}

TEST_F(Sharing, AListThatGotShorterSharesFromTheFrontAndFromTheEnd) {
  Value result = share("[[1], [2], [3], [4]]", "[[1], [3], [4]]");
  EXPECT_EQ(item(result, 0), item(before_, 0));
  EXPECT_EQ(item(result, 1), item(before_, 2));
  EXPECT_EQ(item(result, 2), item(before_, 3));
}

TEST_F(Sharing, AnElementThatWasEditedKeepsItsOtherParts) {
  Value result = share("[{a: [1], b: 1}, [0]]", "[{a: [1], b: 2}, [5], [0]]");
  EXPECT_EQ(at(item(result, 0), "a"), at(item(before_, 0), "a"));
  EXPECT_EQ(item(result, 2), item(before_, 1));
}

TEST_F(Sharing, TypesCountInValuesAndInKeys) {
  EXPECT_EQ(share("[1]", "[true]"), now_);
  EXPECT_EQ(share("{1: a}", "{true: a}"), now_);
  EXPECT_EQ(share("{(1, 2): a}", "{(1, 2): a}"), before_);
  EXPECT_EQ(share("{(1, 2): a}", "{(true, 2): a}"), now_);
  EXPECT_EQ(share("P(x: 1)", "Q(x: 1)"), now_);
  EXPECT_EQ(share("<1, 2>", "<true, 2>"), now_);
  EXPECT_EQ(share("<1, 2>", "<2, 1>"), before_);
  EXPECT_EQ(share("(1, 2)", "[1, 2]"), now_);
}

TEST_F(Sharing, RecordsAndTuplesAreRebuiltAroundSharedParts) {
  Value result = share("P(x: [1], y: 1)", "P(x: [1], y: 2)");
  EXPECT_EQ(values.kind(result), Kind::record);
  EXPECT_EQ(at(result, "x"), at(before_, "x"));
  result = share("([1], 1)", "([1], 2)");
  EXPECT_EQ(values.kind(result), Kind::fixed);
  EXPECT_EQ(item(result, 0), item(before_, 0));
}

TEST_F(Sharing, PartsThatAreTheSameObjectAreNotLookedInto) {
  Value part = values.read("{a: {b: {c: 1}}}");
  Value before = values.read("{}");
  Value now = values.read("{}");
  Value key = values.read("k");
  ASSERT_TRUE(values.put(before, key, part) && values.put(now, key, part));
  ASSERT_TRUE(values.put(now, values.read("other"), key));
  values.calls = 0;
  EXPECT_EQ(share(before, now), now);
  EXPECT_LE(values.calls, 1);
}

// Each level contains the next one twice, so there are 2^60 paths to the innermost part.
TEST_F(Sharing, PartsThatOccurOftenAreComparedOnce) {
  const auto nest = [&] {
    Value inner = values.read("[1]");
    for (int level = 0; level < 60; ++level) {
      Value outer = values.read("[]");
      EXPECT_TRUE(values.insert_item(outer, 0, inner) && values.insert_item(outer, 1, inner));
      inner = outer;
    }
    return inner;
  };
  Value before = nest();
  Value result = draft::share(values, before, nest(), draft::Leaves::same);
  EXPECT_EQ(result, before);
  values.release(result);
}

TEST_F(Sharing, AValueThatContainsItselfIsTheOldOneIfItIsEqual) {
  const auto knot = [&](const char* text) {
    Value list = values.read(text);
    EXPECT_TRUE(values.insert_item(list, 1, list));
    return list;
  };
  Value before = knot("[1, [2]]");
  Value now = knot("[1, [2]]");
  Value other = knot("[3, [2]]");
  Value result = draft::share(values, before, now, draft::Leaves::alike);
  EXPECT_EQ(result, before);
  values.release(result);
  result = draft::share(values, before, other, draft::Leaves::alike);
  EXPECT_EQ(item(result, 1), other);
  EXPECT_EQ(item(result, 2), item(before, 2));
  values.release(result);
  bool same = false;
  EXPECT_TRUE(draft::equal(values, before, now, true, &same));
  EXPECT_TRUE(same);
  for (Value list : {before, now, other}) ASSERT_TRUE(values.erase_item(list, 1));
}

TEST_F(Sharing, AnOldPartAtAnotherPositionKeepsItsObject) {
  Value before = values.read("[{a: [1], b: 1}, {a: [1], b: 2}]");
  Value now = values.read("[]");
  ASSERT_TRUE(values.insert_item(now, 0, item(before, 1)));
  ASSERT_TRUE(values.insert_item(now, 1, item(before, 0)));
  Value result = share(before, now);
  EXPECT_EQ(item(result, 0), item(before, 1));
  EXPECT_EQ(item(result, 1), item(before, 0));
}

TEST_F(Sharing, AnOldPartThatWasTakenIsNotReplacedAgain) {
  Value before = values.read("{a: [1], b: [2]}");
  Value shown = values.read("{a: [1], b: [3]}");
  draft::Objects taken;
  Value first = values.keep(
      draft::share(values, before, values.read("{a: [1], b: [3]}"), draft::Leaves::alike, &taken));
  Value second =
      values.keep(draft::share(values, shown, first, draft::Leaves::same, nullptr, &taken));
  EXPECT_EQ(at(second, "a"), at(before, "a"));
  EXPECT_EQ(at(second, "b"), at(shown, "b"));
}

TEST_F(Sharing, AHundredThousandLevelsAreNoTrouble) {
  const auto nest = [&](const char* core) {
    Value inner = values.read(core);
    values.own(inner);
    for (int level = 0; level < 100000; ++level) {
      Value outer = new Node(Kind::list);
      EXPECT_TRUE(values.insert_item(outer, 0, inner));
      values.release(inner);
      inner = outer;
    }
    return inner;
  };
  Value before = nest("[1, {a: [2]}]");
  Value same = nest("[1, {a: [2]}]");
  Value other = nest("[3, {a: [2]}]");
  Value result = draft::share(values, before, same, draft::Leaves::same);
  EXPECT_EQ(result, before);
  values.release(result);
  result = draft::share(values, before, other, draft::Leaves::same);
  EXPECT_NE(result, other);
  for (Value value : {result, before, same, other}) values.release(value);
}

TEST_F(Sharing, NothingLeaksWhenTheHostFails) {
  Value before = values.read("{a: [1], b: ([2], {c: <1>}), c: P(x: [1], y: 3), d: [[1], [2]]}");
  Value now = values.read("{b: ([2], {c: <1>}), a: [1], c: P(x: [1], y: 4), d: [[2]]}");
  const long alive = Node::alive;
  for (long n = 0;; ++n) {
    values.fail_in = n;
    Value result = draft::share(values, before, now, draft::Leaves::alike);
    const bool failed = values.fail_in < 0;
    EXPECT_EQ(result == nullptr, failed && values.failed);
    if (result != nullptr) values.release(result);
    EXPECT_EQ(Node::alive, alive) << n;
    values.failed = false;
    if (result != nullptr) break;
  }
  values.fail_in = -1;
}

TEST_F(Sharing, EqualityComparesOrderOnlyOnRequest) {
  EXPECT_TRUE(equal("{a: 1, b: [2]}", "{a: 1, b: [2]}", true));
  EXPECT_FALSE(equal("{a: 1, b: [2]}", "{b: [2], a: 1}", true));
  EXPECT_TRUE(equal("{a: 1, b: [2]}", "{b: [2], a: 1}", false));
  EXPECT_FALSE(equal("{a: 1, b: [2]}", "{b: [2], c: 1}", false));
  EXPECT_FALSE(equal("{a: 1}", "{a: 1, b: 2}", false));
  EXPECT_FALSE(equal("[1]", "[true]", false));
  EXPECT_FALSE(equal("P(x: 1)", "Q(x: 1)", false));
  EXPECT_TRUE(equal("<a, b>", "<b, a>", true));
  EXPECT_FALSE(equal("<a, b>", "<a, c>", true));
  EXPECT_FALSE(equal("[[1], [2]]", "[[1], [3]]", true));
}

}  // namespace
}  // namespace halflife::plain
