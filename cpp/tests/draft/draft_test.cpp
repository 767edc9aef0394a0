// Drafts, as far as Python tests cannot see them: copies, recorded reads and writes, closed scopes.
// The examples that users see are in tests/drafts/test_drafts.py.
#include <gtest/gtest.h>

#include "../support/plain_recipe.hpp"
#include "core/draft/finalizer.hpp"

namespace halflife::plain {
namespace {

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

TEST_F(Drafts, AnEditCopiesTheContainersOnItsPathOnceAndNothingElse) {
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

TEST_F(Drafts, AContainerThatNoLongerHoldsADraftOfItsOwnPathIsFine) {
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
  const auto keys = [&](const std::string& pointer) {
    return recipe.at(pointer).touched == nullptr ? "" : Values::show(recipe.at(pointer).touched);
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

}  // namespace
}  // namespace halflife::plain
