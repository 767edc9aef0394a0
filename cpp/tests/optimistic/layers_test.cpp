// Layers: the visible value is the fold of the recipes over the base, and a layer that is rolled
// back leaves no trace.
#include <gtest/gtest.h>

#include "../draft/editor.hpp"
#include "../support/plain_layers.hpp"

namespace halflife::plain {
namespace {

class LayersTest : public testing::Test {
 public:
  // Recipes with one action.
  LayerRecipe set(const std::string& key, const std::string& text) {
    return [this, key, text](Value root) -> Value {
      DraftEditor(values).set(root, values.read(key), values.read(text));
      return nullptr;
    };
  }
  LayerRecipe append(const std::string& key, const std::string& text) {
    return [this, key, text](Value root) -> Value {
      DraftEditor editor(values);
      editor.append(editor.get(root, values.read(key)), values.read(text));
      return nullptr;
    };
  }
  // Sets a key in the container at another key, which must exist.
  LayerRecipe set_in(const std::string& key, const std::string& inner, const std::string& text) {
    return [this, key, inner, text](Value root) -> Value {
      DraftEditor editor(values);
      Value found = editor.get(root, values.read(key));
      if (found == nullptr) throw Raised{"no " + key};
      editor.set(found, values.read(inner), values.read(text));
      return nullptr;
    };
  }
  LayerRecipe erase(const std::string& key) {
    return [this, key](Value root) -> Value {
      DraftEditor(values).erase(root, values.read(key));
      return nullptr;
    };
  }
  LayerRecipe copy(const std::string& from, const std::string& to) {
    return [this, from, to](Value root) -> Value {
      DraftEditor editor(values);
      Value found = editor.get(root, values.read(from));
      if (found == nullptr) throw Raised{"no " + from};
      editor.set(root, values.read(to), found);
      return nullptr;
    };
  }

  Values values;
};

TEST_F(LayersTest, TheVisibleValueIsTheFoldAndTheBaseStaysUnchanged) {
  Layers layers(values, values.read("{a: 1}"));
  layers.apply(set("a", "2"));
  layers.apply(set("b", "3"));
  EXPECT_EQ(layers.visible(), "{a: 2, b: 3}");
  EXPECT_EQ(layers.base(), "{a: 1}");
  EXPECT_EQ(layers.log.pending(), 2u);
}

TEST_F(LayersTest, ALayerThatIsRolledBackLeavesNoTrace) {
  Layers layers(values, values.read("{a: 1, l: [x]}"));
  Layer* first = layers.apply(append("l", "y"));
  layers.apply(append("l", "z"));
  Layer* third = layers.apply(set("a", "2"));
  ASSERT_TRUE(layers.rollback(*first));
  EXPECT_EQ(layers.visible(), "{a: 2, l: [x, z]}");
  EXPECT_EQ(first->status, LayerStatus::rolled_back);
  ASSERT_TRUE(layers.rollback(*third));
  EXPECT_EQ(layers.visible(), "{a: 1, l: [x, z]}");
}

TEST_F(LayersTest, TwoEditsOfOneFieldFailOneByOne) {
  Layers layers(values, values.read("{n: 1}"));
  Layer* first = layers.apply(set("n", "2"));
  Layer* second = layers.apply(set("n", "3"));
  ASSERT_TRUE(layers.rollback(*first));
  EXPECT_EQ(layers.visible(), "{n: 3}");
  ASSERT_TRUE(layers.rollback(*second));
  EXPECT_EQ(layers.visible(), "{n: 1}");
  EXPECT_EQ(layers.log.visible(), layers.log.base());
}

TEST_F(LayersTest, OnlyTheLayersThatReadWhatChangedRunAgain) {
  Layers layers(values, values.read("{a: 1, b: 2}"));
  Layer* first = layers.apply(set("a", "10"));
  for (int other = 0; other < 50; ++other) {
    layers.apply(set_in("box", "x", "1"));  // raises: there is no box
    layers.apply(set("k" + std::to_string(other), "1"));
  }
  layers.apply(copy("a", "copy"));
  const std::size_t calls = layers.calls;
  ASSERT_TRUE(layers.rollback(*first));
  EXPECT_EQ(layers.calls, calls + 1);
  Value found = nullptr;
  ASSERT_TRUE(values.find(layers.log.visible(), values.read("copy"), &found));
  EXPECT_EQ(Values::show(found), "1");
}

TEST_F(LayersTest, FailingTheNewestAndConfirmingTheOldestCallNoRecipe) {
  Layers layers(values, values.read("{}"));
  std::vector<Layer*> made;
  for (int count = 0; count < 100; ++count) {
    made.push_back(layers.apply(set("k" + std::to_string(count), "1")));
  }
  const std::size_t calls = layers.calls;
  ASSERT_TRUE(layers.rollback(*made.back()));
  ASSERT_TRUE(layers.commit(*made.front()));
  EXPECT_EQ(made.front()->status, LayerStatus::folded);
  EXPECT_EQ(layers.calls, calls);
  EXPECT_EQ(layers.base(), "{k0: 1}");
}

TEST_F(LayersTest, AConfirmedLayerKeepsItsPlaceUntilOlderOnesAreSettled) {
  Layers layers(values, values.read("{n: 0}"));
  Layer* older = layers.apply(set("n", "1"));
  Layer* newer = layers.apply(set("n", "2"));
  ASSERT_TRUE(layers.commit(*newer));
  EXPECT_EQ(newer->status, LayerStatus::confirmed);
  EXPECT_EQ(layers.base(), "{n: 0}");
  EXPECT_EQ(layers.visible(), "{n: 2}");
  ASSERT_TRUE(layers.rollback(*older));
  EXPECT_EQ(newer->status, LayerStatus::folded);
  EXPECT_EQ(layers.base(), "{n: 2}");
}

TEST_F(LayersTest, ALayerThatCannotBeAppliedContributesNothingAndIsTriedAgain) {
  Layers layers(values, values.read("{}"));
  Layer* makes = layers.apply(set("box", "{}"));
  Layer* needs = layers.apply(set_in("box", "x", "1"));
  EXPECT_EQ(layers.visible(), "{box: {x: 1}}");
  ASSERT_TRUE(layers.rollback(*makes));
  EXPECT_EQ(needs->status, LayerStatus::conflicted);
  EXPECT_EQ(layers.conflicts, std::vector<std::string>{"no box"});
  EXPECT_EQ(layers.visible(), "{}");
  ASSERT_TRUE(layers.set_base(values.read("{box: {}}")));
  EXPECT_EQ(needs->status, LayerStatus::pending);
  EXPECT_EQ(layers.visible(), "{box: {x: 1}}");
}

TEST_F(LayersTest, ARecipeThatRaisesIsNotRecorded) {
  Layers layers(values, values.read("{}"));
  EXPECT_EQ(layers.apply(set_in("box", "x", "1")), nullptr);
  EXPECT_EQ(layers.error, "no box");
  EXPECT_EQ(layers.log.size(), 0u);
}

TEST_F(LayersTest, TheServersAnswerTakesTheRecipesPlaceUnderLaterLayers) {
  Layers layers(values, values.read("{}"));
  Layer* made = layers.apply(set("t", "temporary"));
  layers.apply(copy("t", "seen"));
  ASSERT_TRUE(layers.commit(*made, set("t", "real")));
  EXPECT_EQ(layers.visible(), "{t: real, seen: real}");
  EXPECT_EQ(layers.base(), "{t: real}");
}

TEST_F(LayersTest, ARecipeAfterTheServersWholeValueEditsThatValue) {
  Layers layers(values, values.read("{a: 1}"));
  Layer* made = layers.apply(set("a", "2"));
  const LayerRecipe whole = [this](Value) { return values.read("{b: 5}"); };
  ASSERT_TRUE(layers.commit(*made, whole, set("c", "6")));
  EXPECT_EQ(layers.visible(), "{b: 5, c: 6}");
}

TEST_F(LayersTest, AnAnswerThatRaisesChangesNothing) {
  Layers layers(values, values.read("{}"));
  Layer* made = layers.apply(set("t", "1"));
  EXPECT_FALSE(layers.commit(*made, set_in("box", "x", "1")));
  EXPECT_FALSE(layers.commit(*made, {}, set_in("box", "x", "1")));
  EXPECT_EQ(made->status, LayerStatus::pending);
  EXPECT_EQ(layers.visible(), "{t: 1}");
}

TEST_F(LayersTest, NewDataFromTheServerGoesBelowPendingLayersAndTakesConfirmedOnesAway) {
  Layers layers(values, values.read("{a: 1, b: 1}"));
  layers.apply(set("a", "2"));
  Layer* confirmed = layers.apply(set("b", "2"));
  ASSERT_TRUE(layers.commit(*confirmed));
  ASSERT_TRUE(layers.set_base(values.read("{a: 7, b: 7, c: 7}")));
  EXPECT_EQ(confirmed->status, LayerStatus::superseded);
  EXPECT_EQ(layers.visible(), "{a: 2, b: 7, c: 7}");
}

TEST_F(LayersTest, EqualNewDataIsTheOldObject) {
  Layers layers(values, values.read("{a: [1], b: 2}"));
  Value before = layers.log.visible();
  ASSERT_TRUE(layers.set_base(values.read("{a: [1], b: 2}")));
  EXPECT_EQ(layers.log.visible(), before);
}

TEST_F(LayersTest, AnEditOfTheBaseIsSeenByAllLayers) {
  Layers layers(values, values.read("{a: 1}"));
  layers.apply(copy("a", "b"));
  ASSERT_TRUE(layers.edit_base(set("a", "5")));
  EXPECT_EQ(layers.visible(), "{a: 5, b: 5}");
}

TEST_F(LayersTest, UntouchedPartsStayTheSameObjectsThroughARebase) {
  Layers layers(values, values.read("{a: {x: [1]}, b: {y: [2]}}"));
  const auto part = [&](const char* key) {
    Value found = nullptr;
    EXPECT_TRUE(values.find(layers.log.visible(), values.read(key), &found));
    return found;
  };
  Layer* first = layers.apply(set_in("a", "x", "5"));
  layers.apply(set_in("b", "z", "6"));
  Value b = part("b");
  ASSERT_TRUE(layers.rollback(*first));
  EXPECT_EQ(part("b"), b);
  EXPECT_EQ(Values::show(part("a")), "{x: [1]}");
}

TEST_F(LayersTest, KeysStandInTheOrderOfTheLayersNotOfTheirSettlement) {
  Layers layers(values, values.read("{}"));
  Layer* first = layers.apply(set("a", "1"));
  layers.apply(set("b", "1"));
  ASSERT_TRUE(layers.commit(*first, set("c", "1")));
  EXPECT_EQ(layers.visible(), "{c: 1, b: 1}");
}

TEST_F(LayersTest, AllAreRolledBackOrCommittedAtOnce) {
  Layers layers(values, values.read("{}"));
  layers.apply(set("a", "1"));
  Layer* confirmed = layers.apply(set("b", "2"));
  layers.apply(set("c", "3"));
  ASSERT_TRUE(layers.commit(*confirmed));
  ASSERT_TRUE(layers.rollback_all());
  EXPECT_EQ(layers.visible(), "{b: 2}");
  EXPECT_EQ(layers.log.size(), 0u);
  layers.apply(set("d", "4"));
  ASSERT_TRUE(layers.commit_all());
  EXPECT_EQ(layers.base(), "{b: 2, d: 4}");
}

// Only success counts, in every order of settling, also for a layer confirmed while in conflict.
TEST_F(LayersTest, ALayerThatIsConfirmedWhileInConflictIsTriedAgain) {
  for (const bool always : {false, true}) {
    for (const bool first : {false, true}) {
      Layers layers(values, values.read("{k: 0}"), always);
      Layer* oldest = layers.apply(erase("k"));
      Layer* second = layers.apply(set("k", "1"));
      Layer* last = layers.apply(copy("k", "c"));
      ASSERT_TRUE(layers.rollback(*second));
      EXPECT_EQ(last->status, LayerStatus::conflicted);
      if (first) {
        ASSERT_TRUE(layers.commit(*last));
      }
      ASSERT_TRUE(layers.rollback(*oldest));
      if (!first) {
        ASSERT_TRUE(layers.commit(*last));
      }
      EXPECT_EQ(layers.visible(), "{k: 0, c: 0}");
      EXPECT_EQ(layers.log.visible(), layers.log.base());
      EXPECT_EQ(layers.conflicts.size(), 1u);
    }
  }
}

TEST_F(LayersTest, RestoringASnapshotBringsItsStateBack) {
  Layers layers(values, values.read("{}"));
  Layer* kept = layers.apply(set("a", "1"));
  Value shown = layers.log.visible();
  const optimistic::Journal::Mark saved = layers.log.save();
  Layer* undone = layers.apply(set("b", "2"));
  ASSERT_TRUE(layers.commit(*kept));
  layers.log.restore(saved);
  layers.log.release(saved);
  EXPECT_EQ(layers.log.visible(), shown);
  EXPECT_EQ(layers.base(), "{}");
  EXPECT_EQ(kept->status, LayerStatus::pending);
  EXPECT_EQ(undone->status, LayerStatus::rolled_back);
}

TEST_F(LayersTest, NestedSnapshotsAreRestoredInnermostFirst) {
  Layers layers(values, values.read("{}"));
  const optimistic::Journal::Mark outer = layers.log.save();
  Layer* first = layers.apply(set("a", "1"));
  const optimistic::Journal::Mark inner = layers.log.save();
  layers.apply(set("b", "2"));
  ASSERT_TRUE(layers.commit(*first));
  layers.log.restore(inner);
  EXPECT_EQ(layers.visible(), "{a: 1}");
  layers.apply(set("c", "3"));
  layers.log.release(inner);
  EXPECT_EQ(layers.visible(), "{a: 1, c: 3}");
  layers.log.restore(outer);
  layers.log.release(outer);
  EXPECT_EQ(layers.visible(), "{}");
  EXPECT_EQ(layers.log.size(), 0u);
}

TEST_F(LayersTest, AnInterruptedRebaseHasNotBegun) {
  Layers layers(values, values.read("{a: 1}"));
  Layer* first = layers.apply(set("a", "2"));
  layers.apply(copy("a", "b"));
  layers.apply(copy("b", "c"));
  Value shown = layers.log.visible();
  for (const long call : {0, 1}) {
    layers.interrupt_in = call;
    EXPECT_FALSE(layers.rollback(*first));
    EXPECT_EQ(layers.error, "interrupted");
    EXPECT_EQ(first->status, LayerStatus::pending);
    EXPECT_EQ(layers.log.visible(), shown);
    EXPECT_EQ(layers.log.pending(), 3u);
  }
  ASSERT_TRUE(layers.rollback(*first));
  EXPECT_EQ(layers.visible(), "{a: 1, b: 1, c: 1}");
}

TEST_F(LayersTest, AnAnswerWhoseReplayWasInterruptedIsNotTaken) {
  for (const bool always : {false, true}) {
    for (long call = 0; call < 8; ++call) {
      Layers layers(values, values.read("{a: 1}"), always);
      layers.apply(set("a", "2"));
      Layer* made = layers.apply(copy("a", "b"));
      layers.apply(copy("b", "c"));
      layers.interrupt_in = call;
      const bool ok = layers.commit(*made, {}, copy("b", "d"));
      layers.interrupt_in = -1;
      EXPECT_EQ(made->status == LayerStatus::confirmed, ok);
      EXPECT_EQ(layers.visible(), ok ? "{a: 2, b: 2, d: 2, c: 2}" : "{a: 2, b: 2, c: 2}") << call;
      ASSERT_TRUE(layers.commit_all());
      EXPECT_EQ(layers.base(), layers.visible());
    }
  }
}

TEST_F(LayersTest, WherePendingLayersWriteCanBeAsked) {
  Layers layers(values, values.read("{a: {x: 1}, l: [1, 2]}"));
  Layer* made = layers.apply(set_in("a", "x", "2"));
  layers.apply(append("l", "3"));
  const auto pending = [&](std::vector<const char*> path) {
    std::vector<Value> parts;
    for (const char* part : path) parts.push_back(values.read(part));
    return layers.log.is_pending_at(parts);
  };
  EXPECT_EQ(pending({}), 1);
  EXPECT_EQ(pending({"a"}), 1);
  EXPECT_EQ(pending({"a", "x"}), 1);
  EXPECT_EQ(pending({"a", "y"}), 0);
  EXPECT_EQ(pending({"l"}), 1);
  ASSERT_TRUE(layers.commit(*made));
  EXPECT_EQ(pending({"a"}), 0);
}

}  // namespace
}  // namespace halflife::plain
