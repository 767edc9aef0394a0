// The patches of recipes: few, and correct in both directions. Recipe::finish() checks the latter.
// More examples are in tests/drafts/test_patches.py.
#include <gtest/gtest.h>

#include "../support/plain_recipe.hpp"
#include "core/draft/finalizer.hpp"

namespace halflife::plain {
namespace {

using draft::PatchList;

class Patches : public testing::Test {
 public:
  // Runs the recipe and returns its forward patches.
  template <class Edit>
  Lines of(const std::string& base, Edit edit) {
    Recipe recipe(values, base);
    edit(recipe);
    last = recipe.finish();
    return last.patches;
  }

  Values values;
  Produced last;
};

// --- maps

TEST_F(Patches, AnEditedContainerThatIsAssignedToItsOwnKeyIsNotReplaced) {
  EXPECT_EQ(of("{a: [1, 2, 3]}",
               [](Recipe& r) {
                 Value face = r.get("/a");
                 r.append("/a", "4");
                 r.set("/a", face);
               }),
            Lines{"add /a/3 = 4"});
  EXPECT_EQ(of("{a: {x: 1, y: 2}}",
               [](Recipe& r) {
                 Value face = r.get("/a");
                 r.set("/a", "5");
                 r.set("/a", face);
                 r.set("/a/x", "3");
               }),
            Lines{"replace /a/x = 3"});
}

TEST_F(Patches, KeysThatWerePutBackAreRemovedAndAddedIfTheirOrderChanged) {
  EXPECT_EQ(of("{a: 1, b: 2, c: 3}",
               [](Recipe& r) {
                 r.erase("/b");
                 r.set("/b", "2");
               }),
            (Lines{"remove /b", "add /b = 2"}));
  EXPECT_EQ(last.text, "{a: 1, c: 3, b: 2}");
  EXPECT_EQ(last.inverse, Lines{});
  EXPECT_EQ(of("{a: 1, b: 2, c: 3}",
               [](Recipe& r) {
                 r.erase("/c");
                 r.set("/c", "4");
                 r.set("/d", "5");
               }),
            (Lines{"replace /c = 4", "add /d = 5"}));
}

TEST_F(Patches, PatchesGiveTheOrderOfKeysToo) {
  const auto check = [&](const std::string& base, auto edit) {
    PatchList patches(values);
    read_patches(values, of(base, edit), &patches);
    EXPECT_EQ(Values::show(patched(values, values.read(base), patches)), last.text);
  };
  check("{a: 1, b: 2, c: 3}", [](Recipe& r) {
    r.set("/n", "1");
    r.erase("/a");
    r.erase("/c");
    r.set("/c", "3");
    r.set("/m", "2");
    r.set("/a", "9");
  });
  check("{a: 1}", [](Recipe& r) {
    r.set("/x", "1");
    r.set("/y", "2");
    r.erase("/x");
    r.set("/x", "3");
  });
}

TEST_F(Patches, AContainerMovedToAnotherKeyIsRemovedAndAddedAsItIsAtTheEnd) {
  EXPECT_EQ(of("{a: {x: 1}, b: 2}",
               [](Recipe& r) {
                 Value face = r.get("/a");
                 r.set("/c", face);
                 r.erase("/a");
                 r.set("/c/x", "5");
               }),
            (Lines{"remove /a", "add /c = {x: 5}"}));
}

TEST_F(Patches, OneDraftInTwoPositionsIsCompleteInBoth) {
  EXPECT_EQ(of("{a: {x: 1}}",
               [](Recipe& r) {
                 r.set("/b", r.get("/a"));
                 r.set("/b/x", "5");
               }),
            (Lines{"add /b = {x: 5}", "replace /a/x = 5"}));
}

// --- lists

TEST_F(Patches, AnElementThatWasEditedBehindAnInsertIsEditedAtItsNewPosition) {
  EXPECT_EQ(of("[{n: 1}, {n: 2}]",
               [](Recipe& r) {
                 r.set("/1/n", "20");
                 r.insert("", 0, "{n: 0}");
               }),
            (Lines{"add /0 = {n: 0}", "replace /2/n = 20"}));
}

TEST_F(Patches, AReplacedElementIsOneReplace) {
  EXPECT_EQ(of("[{n: 1}, {n: 2}, 3]",
               [](Recipe& r) {
                 r.set("/1", "{n: 5}");
                 r.set("/2", "4");
               }),
            (Lines{"replace /1 = {n: 5}", "replace /2 = 4"}));
  EXPECT_EQ(of("[{n: 1}, {n: 2}, 3]",
               [](Recipe& r) {
                 r.pop("", 1);
                 r.insert("", 1, "{n: 5}");
               }),
            Lines{"replace /1 = {n: 5}"});
}

TEST_F(Patches, TwoContainersThatSwappedPositionsMove) {
  EXPECT_EQ(of("[{n: 1}, {n: 2}, {n: 3}]",
               [](Recipe& r) {
                 Value first = r.get("/0");
                 r.set("/0", r.get("/1"));
                 r.set("/1", first);
                 r.set("/1/n", "5");
               }),
            (Lines{"move /1 -> /0", "replace /1/n = 5"}));
  EXPECT_EQ(of("[1, 2, 3]",
               [](Recipe& r) {
                 r.set("/0", "3");
                 r.set("/2", "1");
               }),
            (Lines{"replace /0 = 3", "replace /2 = 1"}));
}

TEST_F(Patches, AContainerThatWasReplacedAndAppendedHasMoved) {
  EXPECT_EQ(of("[{n: 1}, {n: 2}]",
               [](Recipe& r) {
                 Value first = r.get("/0");
                 r.set("/0", "{n: 9}");
                 EXPECT_TRUE(r.scope().append(r.root(), first));
                 r.set("/2/n", "10");
               }),
            (Lines{"add /0 = {n: 9}", "move /2 -> /1", "replace /2/n = 10"}));
  EXPECT_EQ(of("[{n: 1}, {n: 2}]",
               [this](Recipe& r) {
                 r.set("/0/n", "5");
                 EXPECT_TRUE(r.scope().append(r.root(), values.read("{n: 3}")));
                 r.set("/2/n", "4");
               }),
            (Lines{"add /2 = {n: 4}", "replace /0/n = 5"}));
}

TEST_F(Patches, PatchListsAreMovedNotCopied) {
  PatchList one(values);
  one.add(draft::Op::add, {values.read("a")}, values.read("[1]"));
  PatchList other(values);
  other.add(draft::Op::remove, {values.read("b")});
  other = std::move(one);
  EXPECT_EQ(show(other), Lines{"add /a = [1]"});
  const PatchList third(std::move(other));
  EXPECT_EQ(show(third), Lines{"add /a = [1]"});
}

TEST_F(Patches, ListsInListsAreFollowed) {
  EXPECT_EQ(of("[[1, 2], [3, 4]]",
               [](Recipe& r) {
                 r.insert("/1", 0, "9");
                 r.insert("", 0, "[]");
                 r.pop("/1", 0);
               }),
            (Lines{"add /0 = []", "remove /1/0", "add /2/0 = 9"}));
}

TEST_F(Patches, EqualObjectsInAListAreToldApartByPosition) {
  Value part = values.read("{n: 1}");
  Value base = values.read("[]");
  for (std::size_t index = 0; index < 3; ++index) {
    ASSERT_TRUE(values.insert_item(base, index, part));
  }
  Recipe recipe(values, base);
  recipe.set("/1/n", "2");
  recipe.pop("", 0);
  const Produced produced = recipe.finish();
  EXPECT_EQ(produced.text, "[{n: 2}, {n: 1}]");
}

TEST_F(Patches, AnInsertIntoATenThousandElementsReadsNothingElse) {
  Value base = values.read("[]");
  for (std::size_t index = 0; index < 10000; ++index) {
    Value part = values.make_leaf(static_cast<long>(index % 100));
    ASSERT_TRUE(values.insert_item(base, index, part));
    values.release(part);
  }
  Recipe recipe(values, base);
  recipe.insert("", 5000, "x");
  values.calls = 0;
  EXPECT_EQ(recipe.finish().patches, Lines{"add /5000 = x"});
  EXPECT_LT(values.calls, 60000);
}

TEST_F(Patches, AHundredThousandLevelsAreNoTrouble) {
  Value base = new Node(draft::Kind::map);
  Value key = values.read("k");
  ASSERT_TRUE(values.put(base, key, values.read("1")));
  for (int level = 0; level < 100000; ++level) {
    Value outer = new Node(draft::Kind::map);
    ASSERT_TRUE(values.put(outer, key, base));
    values.release(base);
    base = outer;
  }
  draft::Scope scope(values, false);
  draft::Draft* at = scope.open(base);
  for (Value face = nullptr; scope.get(*at, key, &face) && values.draft_of(face) != nullptr;) {
    at = values.draft_of(face);
  }
  ASSERT_TRUE(scope.set(*at, key, values.read("2")));
  PatchList patches(values);
  PatchList inverse(values);
  {
    draft::Finalizer finalizer(scope, true);
    ASSERT_TRUE(draft::diff(scope, finalizer, *scope.drafts().front(), &patches, &inverse));
  }
  scope.close();
  ASSERT_EQ(patches.size(), 1u);
  EXPECT_EQ(patches[0].path.size(), 100001u);
  EXPECT_NE(patched(values, base, patches), nullptr);
  values.release(base);
}

}  // namespace
}  // namespace halflife::plain
