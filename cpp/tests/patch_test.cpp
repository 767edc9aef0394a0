// Patches: minimal, right both ways, and what they are refused for.
#include <gtest/gtest.h>

#include "core/draft/resolver.hpp"
#include "plain_recipe.hpp"

namespace halflife::plain {
namespace {

using draft::PatchList;
using draft::Refusal;

class Patches : public testing::Test {
 public:
  // Runs it, and gives the forward patches. Recipe::finish() checks that they are right.
  template <class Edit>
  Lines of(const std::string& base, Edit edit) {
    Recipe recipe(values, base);
    edit(recipe);
    last = recipe.finish();
    return last.patches;
  }

  std::string apply(const std::string& base, const Lines& lines) {
    return apply_to(values.read(base), lines);
  }
  std::string apply_to(Value base, const Lines& lines) {
    PatchList patches(values);
    read_patches(values, lines, &patches);
    const std::string shown = Values::show(base);
    failure = {};
    Value result = patched(values, base, patches, &failure);
    EXPECT_EQ(Values::show(base), shown) << "the base was changed";
    EXPECT_EQ(show(patches), lines) << "the patches were changed";
    applied = result;
    return result == nullptr ? "refused" : Values::show(result);
  }
  Refusal refusal(const std::string& base, const Lines& lines) {
    EXPECT_EQ(apply(base, lines), "refused");
    EXPECT_EQ(failure.patch, lines.size() - 1);
    return failure.refusal;
  }

  Values values;
  Produced last;
  Value applied = nullptr;
  draft::ApplyFailure failure;
};

// --- diff: maps

TEST_F(Patches, EachKeyThatChangedIsOnePatch) {
  EXPECT_EQ(of("{a: 1, b: 2, c: 3}",
               [](Recipe& r) {
                 r.set("/a", "10");
                 r.erase("/b");
                 r.set("/d", "4");
                 r.set("/e", "5");
               }),
            (Lines{"replace /a = 10", "remove /b", "add /d = 4", "add /e = 5"}));
  EXPECT_EQ(last.text, "{a: 10, c: 3, d: 4, e: 5}");
  EXPECT_EQ(last.inverse, (Lines{"remove /e", "remove /d", "add /b = 2", "replace /a = 1"}));
}

TEST_F(Patches, WhatIsSetBackLeavesNone) {
  EXPECT_EQ(of("{a: 1, b: [1]}",
               [](Recipe& r) {
                 r.set("/a", "2");
                 r.set("/a", "1");
                 r.set("/c", "1");
                 r.erase("/c");
                 r.append("/b", "2");
                 r.pop("/b", 1);
               }),
            Lines{});
}

TEST_F(Patches, OnlyTheLastOfSeveralWritesToAPlaceCounts) {
  EXPECT_EQ(of("{a: 1}",
               [](Recipe& r) {
                 r.set("/a", "2");
                 r.set("/a", "3");
                 r.set("/b", "1");
                 r.set("/b", "2");
                 r.set("/c", "1");
                 r.erase("/c");
               }),
            (Lines{"replace /a = 3", "add /b = 2"}));
}

TEST_F(Patches, AnEditDeepInsideIsOnePatchWithItsWholePath) {
  EXPECT_EQ(of("{a: {b: [0, {c: P(x: 1, y: 2)}]}, z: [1]}",
               [](Recipe& r) { r.set("/a/b/1/c/y", "3"); }),
            Lines{"replace /a/b/1/c/y = 3"});
}

TEST_F(Patches, AnEditInsideSomethingThatWasPutInIsPartOfItsValue) {
  EXPECT_EQ(of("{a: {x: 1}}",
               [](Recipe& r) {
                 r.set("/a", "{y: [1]}");
                 r.append("/a/y", "2");
                 r.set("/b", "{}");
                 r.set("/b/c", "1");
               }),
            (Lines{"replace /a = {y: [1, 2]}", "add /b = {c: 1}"}));
}

TEST_F(Patches, AnEditedContainerThatIsAssignedToItsOwnPlaceIsNotReplaced) {
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
    const Lines lines = of(base, edit);
    EXPECT_EQ(apply(base, lines), last.text);
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

TEST_F(Patches, TheSameDraftAtTwoPlacesIsWholeInBoth) {
  EXPECT_EQ(of("{a: {x: 1}}",
               [](Recipe& r) {
                 r.set("/b", r.get("/a"));
                 r.set("/b/x", "5");
               }),
            (Lines{"add /b = {x: 5}", "replace /a/x = 5"}));
}

TEST_F(Patches, RecordsHaveReplacementsOfFieldsOnly) {
  EXPECT_EQ(of("P(x: 1, y: [1], z: 3)",
               [](Recipe& r) {
                 r.set("/x", "2");
                 r.append("/y", "2");
                 r.set("/z", "3");
               }),
            (Lines{"replace /x = 2", "add /y/1 = 2"}));
}

TEST_F(Patches, MembersOfSetsAreTheLastPartOfThePath) {
  EXPECT_EQ(of("{s: <a, b>}",
               [](Recipe& r) {
                 r.include("/s", "c");
                 r.include("/s", "a", false);
                 r.include("/s", "b", false);
                 r.include("/s", "b");
               }),
            (Lines{"add /s/c = c", "remove /s/a"}));
  EXPECT_EQ(last.inverse, (Lines{"add /s/a = a", "remove /s/c"}));
}

// --- diff: lists

TEST_F(Patches, OneInsertIsOneAddAndOnePopIsOneRemove) {
  EXPECT_EQ(of("[1, 2, 3]", [](Recipe& r) { r.insert("", 0, "9"); }), Lines{"add /0 = 9"});
  EXPECT_EQ(last.inverse, Lines{"remove /0"});
  EXPECT_EQ(of("[1, 2, 3]", [](Recipe& r) { r.pop("", 0); }), Lines{"remove /0"});
  EXPECT_EQ(last.inverse, Lines{"add /0 = 1"});
  EXPECT_EQ(of("[1, 1, 1]", [](Recipe& r) { r.pop("", 0); }).size(), 1u);
  EXPECT_EQ(of("[]", [](Recipe& r) { r.append("", "[]"); }), Lines{"add /0 = []"});
}

TEST_F(Patches, OneMoveIsOneMove) {
  EXPECT_EQ(of("[{n: 1}, {n: 2}, {n: 3}, {n: 4}]", [](Recipe& r) { r.move("", 0, 2); }),
            Lines{"move /0 -> /2"});
  EXPECT_EQ(last.inverse, Lines{"move /2 -> /0"});
  EXPECT_EQ(of("[1, 2, 3, 4]", [](Recipe& r) { r.arrange("", {3, 0, 1, 2}); }),
            Lines{"move /3 -> /0"});
  EXPECT_EQ(of("[1, 2, 1, 3, 1]", [](Recipe& r) { r.move("", 0, 4); }).size(), 1u);
}

TEST_F(Patches, AnElementThatMovedAndWasEditedIsMovedAndThenEdited) {
  EXPECT_EQ(of("[{n: 1}, {n: 2}, {n: 3}]",
               [](Recipe& r) {
                 r.set("/0/n", "10");
                 r.move("", 0, 2);
                 r.set("/0/n", "20");
               }),
            (Lines{"move /0 -> /2", "replace /0/n = 20", "replace /2/n = 10"}));
}

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

TEST_F(Patches, TwoContainersThatChangedPlacesMove) {
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
    draft::Resolver resolver(scope, true);
    ASSERT_TRUE(draft::diff(scope, resolver, *scope.drafts().front(), &patches, &inverse));
  }
  scope.close();
  ASSERT_EQ(patches.size(), 1u);
  EXPECT_EQ(patches[0].path.size(), 100001u);
  EXPECT_NE(patched(values, base, patches), nullptr);
  values.release(base);
}

TEST_F(Patches, ARootThatIsReplacedIsOnePatchWithAnEmptyPath) {
  PatchList patches(values);
  PatchList inverse(values);
  draft::diff_replaced(values, values.read("1"), values.read("[2]"), &patches, &inverse);
  EXPECT_EQ(show(patches), Lines{"replace  = [2]"});
  EXPECT_EQ(show(inverse), Lines{"replace  = 1"});
  EXPECT_EQ(Values::show(patched(values, values.read("1"), patches)), "[2]");
  draft::diff_replaced(values, values.read("1"), values.read("1"), &patches, &inverse);
  EXPECT_EQ(patches.size(), 1u);
}

// --- apply

TEST_F(Patches, EveryOperationOfTheStandardIsUnderstood) {
  EXPECT_EQ(apply("{a: 1}", {"add /b = [1]", "add /b/0 = 0", "add /b/- = 2", "add /b/3 = 3"}),
            "{a: 1, b: [0, 1, 2, 3]}");
  EXPECT_EQ(apply("{a: 1}", {"add /a = 2"}), "{a: 2}");
  EXPECT_EQ(apply("{a: [1, 2], b: 3}", {"remove /a/0", "remove /b"}), "{a: [2]}");
  EXPECT_EQ(apply("{a: [1, 2]}", {"replace /a/1 = 5", "replace /a/0 = {}"}), "{a: [{}, 5]}");
  EXPECT_EQ(apply("{a: [1, 2], b: {}}", {"move /a/0 -> /b/x"}), "{a: [2], b: {x: 1}}");
  EXPECT_EQ(apply("[1, 2, 3]", {"move /0 -> /2", "move /0 -> /0"}), "[2, 3, 1]");
  EXPECT_EQ(apply("{a: [1], b: {}}", {"copy /a -> /b/x", "add /a/- = 2", "test /b/x = [1]"}),
            "{a: [1, 2], b: {x: [1]}}");
  EXPECT_EQ(apply("{a: {x: 1, y: [2]}}", {"test /a = {y: [2], x: 1}", "test /a/y/0 = 2"}),
            "{a: {x: 1, y: [2]}}");
  EXPECT_EQ(apply("P(x: 1)", {"replace /x = 2", "add /x = 3"}), "P(x: 3)");
  EXPECT_EQ(apply("<a, b>", {"add /c = c", "remove /a", "replace /b = d"}), "<c, d>");
}

TEST_F(Patches, TheRootCanBeReplacedAndPatchedOn) {
  EXPECT_EQ(apply("{a: [1]}", {"replace  = [5]", "add /- = 6"}), "[5, 6]");
  EXPECT_EQ(apply("{a: [1]}", {"add  = 7"}), "7");
  EXPECT_EQ(apply("7", {"test  = 7", "replace  = {}", "add /a = 1"}), "{a: 1}");
  EXPECT_EQ(apply("{a: [1]}", {"move /a -> ", "add /- = 2"}), "[1, 2]");
  EXPECT_EQ(apply("{a: [1]}", {"copy  -> /b", "add /a/- = 2"}), "{a: [1, 2], b: {a: [1]}}");
}

TEST_F(Patches, WhatAppliesToNothingIsRefusedWithItsPosition) {
  EXPECT_EQ(refusal("{a: 1}", {"test /a = 1", "replace /b = 1"}), Refusal::missing);
  EXPECT_EQ(refusal("{a: 1}", {"remove /b"}), Refusal::missing);
  EXPECT_EQ(refusal("{a: 1}", {"add /b/c = 1"}), Refusal::missing);
  EXPECT_EQ(refusal("{a: 1}", {"add /a/c = 1"}), Refusal::not_container);
  EXPECT_EQ(refusal("7", {"add /a = 1"}), Refusal::not_container);
  EXPECT_EQ(refusal("{a: (1, 2)}", {"replace /a/0 = 1"}), Refusal::not_container);
  EXPECT_EQ(refusal("P(x: 1)", {"add /y = 1"}), Refusal::missing);
  EXPECT_EQ(refusal("P(x: 1)", {"remove /x"}), Refusal::not_removable);
  EXPECT_EQ(refusal("[1]", {"remove "}), Refusal::not_removable);
  EXPECT_EQ(refusal("<a>", {"remove /b"}), Refusal::missing);
  EXPECT_EQ(refusal("<a>", {"add /a/b = 1"}), Refusal::not_container);
  EXPECT_EQ(refusal("{a: 1}", {"move /b -> /c"}), Refusal::missing);
  EXPECT_EQ(refusal("{a: 1}", {"copy /b -> /c"}), Refusal::missing);
}

TEST_F(Patches, PositionsAreThoseOfTheList) {
  for (const char* patch : {"add /3 = 1", "add /x = 1", "add /01 = 1", "remove /2", "remove /-",
                            "replace /2 = 1", "replace /- = 1", "test /2 = 1", "move /2 -> /0",
                            "add /true = 1", "copy /- -> /0"}) {
    if (std::string(patch) == "add /01 = 1") continue;  // reads as the number 1 here
    EXPECT_EQ(refusal("[1, 2]", {patch}), Refusal::bad_index) << patch;
  }
}

TEST_F(Patches, AMoveIntoItselfIsRefused) {
  EXPECT_EQ(refusal("{a: {b: {}}}", {"move /a -> /a/b"}), Refusal::into_itself);
  EXPECT_EQ(refusal("{a: {b: {}}}", {"move  -> /a"}), Refusal::into_itself);
  EXPECT_EQ(apply("{a: {b: {}}}", {"move /a -> /a", "move  -> "}), "{a: {b: {}}}");
  EXPECT_EQ(apply("{a: {b: {}}}", {"move /a/b -> /a"}), "{a: {}}");
}

TEST_F(Patches, ATestComparesTypesToo) {
  EXPECT_EQ(refusal("{a: 1}", {"test /a = true"}), Refusal::different);
  EXPECT_EQ(refusal("{a: [1]}", {"test /a = (1)"}), Refusal::different);
  EXPECT_EQ(refusal("{a: [1]}", {"add /a/- = 2", "test /a = [1]"}), Refusal::different);
}

TEST_F(Patches, PatchesThatChangeNothingGiveTheBaseItself) {
  Value base = values.read("{a: [1, {b: 2}], s: <x>}");
  apply_to(base, {"replace /a/0 = 1", "add /s/x = x", "test /a/1/b = 2", "move /a -> /a"});
  EXPECT_EQ(applied, base);
  apply_to(base, {"add /c = 1", "remove /c", "add /a/0 = 7", "remove /a/0"});
  EXPECT_EQ(applied, base);
}

TEST_F(Patches, WhatNoPatchTouchesStaysTheSameObject) {
  Value base = values.read("{a: {x: 1}, b: {y: [1]}}");
  apply_to(base, {"replace /a/x = 2"});
  Value key = values.read("b");
  Value before = nullptr;
  Value now = nullptr;
  ASSERT_TRUE(values.find(base, key, &before) && values.find(applied, key, &now));
  EXPECT_EQ(before, now);
}

TEST_F(Patches, AValueThatWasPutInAndPatchedFurtherIsNotChangedInThePatch) {
  EXPECT_EQ(apply("{}", {"add /a = {b: [1]}", "add /a/b/- = 2", "copy /a -> /c", "remove /a/b/0"}),
            "{a: {b: [2]}, c: {b: [1, 2]}}");
}

}  // namespace
}  // namespace halflife::plain
