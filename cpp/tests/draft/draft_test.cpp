// Drafts: what is read and written through them, and what comes out at the end.
#include <gtest/gtest.h>

#include "../support/plain_recipe.hpp"
#include "core/draft/finalizer.hpp"

namespace halflife::plain {
namespace {

using draft::Fault;
using draft::Finalizer;
using draft::Scope;

class Drafts : public testing::Test {
 public:
  Value item(Value container, const std::string& key) {
    if (values.kind(container) == draft::Kind::list) {
      return values.item(container, std::stoul(key));
    }
    Value found = nullptr;
    EXPECT_TRUE(values.find(container, values.read(key), &found));
    return found;
  }

  Values values;
};

TEST_F(Drafts, ARecipeThatEditsNothingGivesTheBaseItself) {
  Recipe recipe(values, "{a: [1, {b: 2}], s: <x>, t: (1, 2), r: P(x: 1)}");
  recipe.get("/a/1");
  recipe.get("/s");
  recipe.get("/r");
  EXPECT_FALSE(recipe.scope().edited());
  EXPECT_EQ(recipe.finish().value, recipe.base());
}

TEST_F(Drafts, WhatWasEditedAndSetBackIsTheBaseItself) {
  Recipe recipe(values, "{a: [1, {b: 2}], s: <x>, r: P(x: 1)}");
  recipe.set("/a/1/b", "3");
  recipe.set("/a/1/b", "2");
  recipe.include("/s", "y");
  recipe.include("/s", "y", false);
  recipe.set("/r/x", "5");
  recipe.set("/r/x", "1");
  recipe.insert("/a", 0, "0");
  recipe.pop("/a", 0);
  recipe.set("/new", "1");
  recipe.erase("/new");
  EXPECT_TRUE(recipe.scope().edited());
  EXPECT_EQ(recipe.finish().value, recipe.base());
}

TEST_F(Drafts, OnlyTheContainersOnTheWayToAnEditAreCopied) {
  Recipe recipe(values, "{a: {x: [1], y: [2]}, b: [3]}");
  recipe.append("/a/x", "5");
  const Produced produced = recipe.finish();
  EXPECT_EQ(produced.text, "{a: {x: [1, 5], y: [2]}, b: [3]}");
  EXPECT_EQ(item(produced.value, "b"), item(recipe.base(), "b"));
  EXPECT_EQ(item(item(produced.value, "a"), "y"), item(item(recipe.base(), "a"), "y"));
}

TEST_F(Drafts, AnEditCopiesWhatIsOnItsWayOnceAndNothingElse) {
  Value base = values.read("{a: {}}");
  Value inside = item(base, "a");
  for (long number = 0; number < 1000; ++number) {
    Value key = values.make_leaf(number);
    ASSERT_TRUE(values.put(inside, key, values.read("[1]")));
    values.release(key);
  }
  const long alive = Node::alive;
  Scope scope(values, false);
  draft::Draft* root = scope.open(base);
  Value face = nullptr;
  ASSERT_TRUE(scope.get(*root, values.read("a"), &face));
  ASSERT_TRUE(scope.set(*values.draft_of(face), values.read("5"), values.read("x")));
  Value result = nullptr;
  Finalizer finalizer(scope, true);
  ASSERT_TRUE(finalizer.finalize(root->face, &result));
  EXPECT_LT(Node::alive - alive, 20);
}

TEST_F(Drafts, EditsAreSeenThroughEveryDraftOfTheSamePlace) {
  Recipe recipe(values, "{a: {x: 1}}");
  Value early = recipe.get("/a");
  recipe.set("/a/x", "2");
  EXPECT_EQ(recipe.get("/a"), early);
  EXPECT_EQ(recipe.show("/a"), "{x: 2}");
  EXPECT_EQ(recipe.show(), "{a: {x: 2}}");
}

TEST_F(Drafts, ADraftAtTwoPlacesIsEqualAtBothWithLaterEdits) {
  Recipe recipe(values, "{a: {x: 1}}");
  Value face = recipe.get("/a");
  recipe.set("/b", face);
  recipe.set("/a/x", "2");
  recipe.set("/b/y", "3");
  const Produced produced = recipe.finish();
  EXPECT_EQ(produced.text, "{a: {x: 2, y: 3}, b: {x: 2, y: 3}}");
  EXPECT_EQ(item(produced.value, "a"), item(produced.value, "b"));
}

TEST_F(Drafts, OneObjectAtTwoPlacesOfTheBaseIsTwoDrafts) {
  Value shared = values.read("{x: 1}");
  Value base = values.read("{}");
  ASSERT_TRUE(values.put(base, values.read("a"), shared));
  ASSERT_TRUE(values.put(base, values.read("b"), shared));
  Recipe recipe(values, base);
  recipe.set("/a/x", "2");
  EXPECT_EQ(recipe.finish().text, "{a: {x: 2}, b: {x: 1}}");
}

TEST_F(Drafts, DraftsInsidePlainContainersThatArePutInAreResolved) {
  Recipe recipe(values, "{a: {x: 1}, l: []}");
  Value list = values.read("[0]");
  Value tuple = values.read("(0)");
  ASSERT_TRUE(values.put_item(list, 0, recipe.get("/a")));
  ASSERT_TRUE(values.put_item(tuple, 0, recipe.get("/a")));
  recipe.set("/b", list);
  recipe.set("/t", tuple);
  recipe.insert("/l", 0, tuple);
  recipe.set("/a/x", "2");
  EXPECT_EQ(recipe.finish().text, "{a: {x: 2}, l: [({x: 2})], b: [{x: 2}], t: ({x: 2})}");
  ASSERT_TRUE(values.put_item(list, 0, values.read("0")));
  ASSERT_TRUE(values.put_item(tuple, 0, values.read("0")));
}

TEST_F(Drafts, AValueThatWasPutInAndEditedIsNotChangedItself) {
  Recipe recipe(values, "{}");
  Value list = values.read("[1, [2]]");
  recipe.set("/a", list);
  recipe.append("/a/1", "3");
  recipe.set("/a/0", "9");
  EXPECT_EQ(recipe.finish().text, "{a: [9, [2, 3]]}");
  EXPECT_EQ(Values::show(list), "[1, [2]]");
}

TEST_F(Drafts, ADraftThatWasTakenOutAndThrownAwayLeavesNoTrace) {
  Recipe recipe(values, "{a: {x: [1]}, b: 1}");
  Value face = recipe.get("/a/x");
  recipe.erase("/a");
  ASSERT_TRUE(recipe.scope().append(*values.draft_of(face), values.read("2")));
  EXPECT_EQ(recipe.finish().text, "{b: 1}");
}

TEST_F(Drafts, ElementsKeepTheirDraftsWhenPositionsMove) {
  Recipe recipe(values, "[{n: 1}, {n: 2}, {n: 3}]");
  Value first = recipe.get("/0");
  recipe.arrange("", {2, 1, 0});
  EXPECT_EQ(recipe.get("/2"), first);
  recipe.set("/2/n", "10");
  recipe.set("/0/n", "30");
  EXPECT_EQ(recipe.finish().text, "[{n: 30}, {n: 2}, {n: 10}]");
}

TEST_F(Drafts, KeysThatAreErasedAndSetAgainStandAtTheEnd) {
  Recipe recipe(values, "{a: 1, b: 2, c: 3}");
  recipe.erase("/a");
  recipe.set("/d", "4");
  recipe.set("/a", "1");
  EXPECT_EQ(recipe.finish().text, "{b: 2, c: 3, d: 4, a: 1}");
}

TEST_F(Drafts, KeysAndMembersOfAnotherTypeAreNoticedThoughTheyAreEqual) {
  Recipe map(values, "{1: a}");
  map.erase("/1");
  map.set("/true", "a");
  EXPECT_EQ(map.finish().text, "{true: a}");
  Recipe set(values, "{s: <1>}");
  set.include("/s", "1", false);
  set.include("/s", "true");
  EXPECT_EQ(set.finish().text, "{s: <true>}");
}

TEST_F(Drafts, ADraftOfAnotherScopeIsRefused) {
  Recipe one(values, "{a: {}}");
  Recipe other(values, "{b: {}}");
  Value foreign = other.get("/b");
  EXPECT_FALSE(one.scope().set(one.root(), values.read("x"), foreign));
  Value list = values.read("[0]");
  ASSERT_TRUE(values.put_item(list, 0, foreign));
  ASSERT_TRUE(one.scope().set(one.root(), values.read("x"), list));
  EXPECT_EQ(one.finish().value, nullptr);
  EXPECT_EQ(values.faults, (std::vector<Fault>{Fault::foreign_draft, Fault::foreign_draft}));
  ASSERT_TRUE(values.put_item(list, 0, values.read("0")));
  other.finish();
}

TEST_F(Drafts, AValueThatWouldContainItselfIsRefused) {
  Recipe map(values, "{a: {b: {}}}");
  map.set("/a/b/c", map.get("/a"));
  EXPECT_EQ(map.finish().value, nullptr);
  Recipe list(values, "[[]]");
  list.append("/0", "0");
  list.set("/0/0", list.get("/0"));
  EXPECT_EQ(list.finish().value, nullptr);
  EXPECT_EQ(values.faults, (std::vector<Fault>{Fault::cyclic, Fault::cyclic}));
}

TEST_F(Drafts, AContainerThatHeldADraftOfItsOwnWayAndNoMoreIsFine) {
  Recipe recipe(values, "[{a: 1}]");
  Value list = values.read("[0, 3]");
  ASSERT_TRUE(values.put_item(list, 0, recipe.root().face));
  recipe.set("/0/b", list);
  recipe.pop("/0/b", 0);
  EXPECT_EQ(recipe.finish().text, "[{a: 1, b: [3]}]");
  ASSERT_TRUE(values.put_item(list, 0, values.read("0")));
}

TEST_F(Drafts, AClosedScopeRevokesItsDrafts) {
  Recipe recipe(values, "{a: []}");
  Value face = recipe.get("/a");
  values.own(face);
  recipe.scope().close();
  recipe.scope().close();
  EXPECT_EQ(values.draft_of(face)->scope, nullptr);
  values.release(face);
}

TEST_F(Drafts, ReadsAndWritesAreRecorded) {
  Value base = values.read("{a: {x: 1, y: 2}, l: [1, 2, 3], s: <m>}");
  Recipe recipe(values, base, true);
  recipe.get("/a/x");
  recipe.get("/l/1");
  recipe.set("/a/z", "1");
  recipe.include("/s", "n");
  const auto keys = [&](const std::string& place) {
    return recipe.at(place).touched == nullptr ? "" : Values::show(recipe.at(place).touched);
  };
  EXPECT_EQ(keys(""), "<a, l, s>");
  EXPECT_EQ(keys("/a"), "<x, z>");
  EXPECT_EQ(keys("/s"), "<n>");
  EXPECT_EQ(recipe.at("/l").touched_rows, std::vector<std::size_t>{1});
  EXPECT_FALSE(recipe.at("/l").read_structure);
  EXPECT_EQ(recipe.scope().size(recipe.at("/l")), 3u);
  EXPECT_TRUE(recipe.at("/l").read_structure);
  recipe.insert("/l", 0, "0");
  EXPECT_TRUE(recipe.at("/l").read_subtree);
  recipe.finish();
}

TEST_F(Drafts, ASnapshotInTheMiddleOfARecipeIsNotChangedByLaterEdits) {
  Recipe recipe(values, "{a: [1], b: {x: [2]}}");
  recipe.append("/a", "2");
  Value snapshot = nullptr;
  {
    Finalizer finalizer(recipe.scope(), false);
    ASSERT_TRUE(finalizer.finalize(recipe.root().face, &snapshot));
    values.own(snapshot);
  }
  recipe.append("/a", "3");
  recipe.set("/b/x/0", "9");
  EXPECT_EQ(Values::show(snapshot), "{a: [1, 2], b: {x: [2]}}");
  values.release(snapshot);
  EXPECT_EQ(recipe.finish().text, "{a: [1, 2, 3], b: {x: [9]}}");
}

}  // namespace
}  // namespace halflife::plain
