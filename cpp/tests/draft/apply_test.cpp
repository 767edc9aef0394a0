// Patches that are applied: what each operation does, what is shared, and what is refused.
#include <gtest/gtest.h>

#include "../support/plain_recipe.hpp"

namespace halflife::plain {
namespace {

using draft::PatchList;
using draft::Refusal;

class Applying : public testing::Test {
 public:
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
  Value applied = nullptr;
  draft::ApplyFailure failure;
};

TEST_F(Applying, EveryOperationOfTheStandardIsUnderstood) {
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

TEST_F(Applying, TheRootCanBeReplacedAndPatchedOn) {
  EXPECT_EQ(apply("{a: [1]}", {"replace  = [5]", "add /- = 6"}), "[5, 6]");
  EXPECT_EQ(apply("{a: [1]}", {"add  = 7"}), "7");
  EXPECT_EQ(apply("7", {"test  = 7", "replace  = {}", "add /a = 1"}), "{a: 1}");
  EXPECT_EQ(apply("{a: [1]}", {"move /a -> ", "add /- = 2"}), "[1, 2]");
  EXPECT_EQ(apply("{a: [1]}", {"copy  -> /b", "add /a/- = 2"}), "{a: [1, 2], b: {a: [1]}}");
}

TEST_F(Applying, WhatAppliesToNothingIsRefusedWithItsPosition) {
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

TEST_F(Applying, PositionsAreThoseOfTheList) {
  for (const char* patch :
       {"add /3 = 1", "add /x = 1", "add /01 = 1", "remove /2", "remove /-", "replace /2 = 1",
        "replace /- = 1", "test /2 = 1", "move /2 -> /0", "add /true = 1", "copy /- -> /0"}) {
    if (std::string(patch) == "add /01 = 1") continue;  // reads as the number 1 here
    EXPECT_EQ(refusal("[1, 2]", {patch}), Refusal::bad_index) << patch;
  }
}

TEST_F(Applying, AMoveIntoItselfIsRefused) {
  EXPECT_EQ(refusal("{a: {b: {}}}", {"move /a -> /a/b"}), Refusal::into_itself);
  EXPECT_EQ(refusal("{a: {b: {}}}", {"move  -> /a"}), Refusal::into_itself);
  EXPECT_EQ(apply("{a: {b: {}}}", {"move /a -> /a", "move  -> "}), "{a: {b: {}}}");
  EXPECT_EQ(apply("{a: {b: {}}}", {"move /a/b -> /a"}), "{a: {}}");
}

TEST_F(Applying, ATestComparesTypesToo) {
  EXPECT_EQ(refusal("{a: 1}", {"test /a = true"}), Refusal::different);
  EXPECT_EQ(refusal("{a: [1]}", {"test /a = (1)"}), Refusal::different);
  EXPECT_EQ(refusal("{a: [1]}", {"add /a/- = 2", "test /a = [1]"}), Refusal::different);
}

TEST_F(Applying, PatchesThatChangeNothingGiveTheBaseItself) {
  Value base = values.read("{a: [1, {b: 2}], s: <x>}");
  apply_to(base, {"replace /a/0 = 1", "add /s/x = x", "test /a/1/b = 2", "move /a -> /a"});
  EXPECT_EQ(applied, base);
  apply_to(base, {"add /c = 1", "remove /c", "add /a/0 = 7", "remove /a/0"});
  EXPECT_EQ(applied, base);
}

TEST_F(Applying, WhatNoPatchTouchesStaysTheSameObject) {
  Value base = values.read("{a: {x: 1}, b: {y: [1]}}");
  apply_to(base, {"replace /a/x = 2"});
  Value key = values.read("b");
  Value before = nullptr;
  Value now = nullptr;
  ASSERT_TRUE(values.find(base, key, &before) && values.find(applied, key, &now));
  EXPECT_EQ(before, now);
}

TEST_F(Applying, AValueThatWasPutInAndPatchedFurtherIsNotChangedInThePatch) {
  EXPECT_EQ(apply("{}", {"add /a = {b: [1]}", "add /a/b/- = 2", "copy /a -> /c", "remove /a/b/0"}),
            "{a: {b: [2]}, c: {b: [1, 2]}}");
}

}  // namespace
}  // namespace halflife::plain
