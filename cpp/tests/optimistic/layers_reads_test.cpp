// Dependencies of layers without an explicit read: the contents of an object that is written back
// at its own path, and the items of a tuple that was read as a whole.
#include <gtest/gtest.h>

#include "../support/plain_layers.hpp"
#include "layer_script.hpp"

namespace halflife::plain {
namespace {

class LayersReadsTest : public testing::Test {
 public:
  // Parts of a path, separated by slashes.
  std::vector<Value> path(const std::string& text) {
    std::vector<Value> parts;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('/', at), text.size());
      parts.push_back(values.read(text.substr(at, end - at)));
      at = end + 1;
    }
    return parts;
  }
  LayerRecipe recipe(const Script& script) {
    return [this, script](Value root) -> Value {
      DraftEditor editor(values);
      return run_script(script, editor, root);
    };
  }
  LayerRecipe put(const std::string& slot, Value value) {
    return recipe({{Action::Kind::set, path(slot), {}, value}});
  }
  LayerRecipe put(const std::string& slot, const std::string& text) {
    return put(slot, values.read(text));
  }
  LayerRecipe copy(const std::string& slot, const std::string& other) {
    return recipe({{Action::Kind::copy, path(slot), path(other)}});
  }
  Value found(Value root, const std::string& slot) {
    PlainEditor editor(values);
    for (Value part : path(slot)) root = editor.get(root, part);
    return root;
  }

  Values values;
};

struct Kept {
  const char* base;
  const char* slot;   // the object's path
  const char* inner;  // a path inside the object
  const char* after;  // the base with a 5 at `inner`
};

constexpr Kept kKept[] = {
    {"{c: {d: 1}, e: 0}", "c", "c/d", "{c: {d: 5}, e: 0}"},
    {"{b: {c: {d: {e: 1}}}}", "b/c", "b/c/d/e", "{b: {c: {d: {e: 5}}}}"},
    {"P(f: {d: 1}, g: 0)", "f", "f/d", "P(f: {d: 5}, g: 0)"},
    {"{c: P(f: 1, g: 0)}", "c", "c/f", "{c: P(f: 5, g: 0)}"},
    {"[{d: 1}, 0]", "0", "0/d", "[{d: 5}, 0]"},
    {"{c: [1, 2]}", "c", "c/0", "{c: [5, 2]}"},
    {"{c: ({d: 1})}", "c", "c/0/d", "{c: ({d: 5})}"},
};

TEST_F(LayersReadsTest, AnObjectWrittenBackUnchangedIsWrittenAgainOverAnotherBase) {
  for (const Kept& kept : kKept) {
    for (const bool refetched : {false, true}) {
      Value base = values.read(kept.base);
      Layers layers(values, base);
      layers.apply(put(kept.slot, found(base, kept.slot)));
      if (refetched) {
        ASSERT_TRUE(layers.set_base(values.read(kept.after)));
      } else {
        ASSERT_TRUE(layers.edit_base(put(kept.inner, "5")));
      }
      EXPECT_EQ(layers.base(), kept.after);
      EXPECT_EQ(layers.visible(), kept.base);
      ASSERT_TRUE(layers.commit_all());
      EXPECT_EQ(layers.base(), kept.base);
    }
  }
}

TEST_F(LayersReadsTest, AnObjectMadeByAnOlderLayerAndWrittenBackSurvivesItsRollback) {
  for (const Kept& kept : kKept) {
    Layers layers(values, values.read(kept.base));
    Layer* older = layers.apply(put(kept.inner, "5"));
    layers.apply(put(kept.slot, found(layers.log.visible(), kept.slot)));
    ASSERT_TRUE(layers.rollback(*older));
    EXPECT_EQ(layers.base(), kept.base);
    EXPECT_EQ(layers.visible(), kept.after);
  }
}

// The case in which the oracle found the bug: a refetch has brought the edit that is pending.
TEST_F(LayersReadsTest, AnEditThatARefetchHasBroughtIsStillMade) {
  Layers layers(values, values.read("{}"));
  layers.apply(put("c", "{d: 1}"));
  ASSERT_TRUE(layers.set_base(values.read("{c: {d: 1}}")));
  ASSERT_TRUE(layers.edit_base(put("c/d", "5")));
  EXPECT_EQ(layers.base(), "{c: {d: 5}}");
  EXPECT_EQ(layers.visible(), "{c: {d: 1}}");
}

TEST_F(LayersReadsTest, WritingAnObjectOverItsOwnAliasDependsOnBothPaths) {
  Value base = values.read("{a: {d: 1}, b: 0}");
  ASSERT_TRUE(values.put(base, values.read("b"), found(base, "a")));
  Layers layers(values, base);
  layers.apply(recipe({{Action::Kind::alias, path("a"), path("b")}}));
  ASSERT_TRUE(layers.edit_base(put("b/d", "5")));
  EXPECT_EQ(layers.base(), "{a: {d: 1}, b: {d: 5}}");
  EXPECT_EQ(layers.visible(), "{a: {d: 1}, b: {d: 1}}");
}

TEST_F(LayersReadsTest, NoOtherLayerRunsAgainForAnObjectWrittenBack) {
  Value base = values.read("{c: {d: 1}, e: {f: 1}}");
  Layers layers(values, base);
  layers.apply(put("c", found(base, "c")));
  layers.apply(put("c/x", "2"));
  layers.apply(put("e/g", "2"));
  const std::size_t calls = layers.calls;
  ASSERT_TRUE(layers.edit_base(put("e/f", "5")));  // calls the recipe of the edit itself, too
  EXPECT_EQ(layers.calls, calls + 1);
  ASSERT_TRUE(layers.edit_base(put("c/d", "5")));
  EXPECT_EQ(layers.visible(), "{c: {d: 1, x: 2}, e: {f: 5, g: 2}}");
}

struct Tuple {
  const char* before;
  const char* now;
  const char* slot;  // the path that is read
  const char* read;  // the value at the path afterwards
};

constexpr Tuple kTuples[] = {
    {"(1, 2)", "(1, 3)", "t", "(1, 3)"},
    {"(1, 2)", "(1, 2, 3)", "t", "(1, 2, 3)"},
    {"()", "(1)", "t", "(1)"},
    {"((1, 2))", "((1, 3))", "t/0", "(1, 3)"},
    {"((1, 2), {})", "((1, 3), {})", "t/0", "(1, 3)"},
    {"(1, 2)", "(1, {})", "t", "(1, {})"},
    {"(1, {})", "(1, 2)", "t", "(1, 2)"},
    {"(1, {a: 1})", "(1, {a: 2})", "t/1", "{a: 2}"},
    {"(1, {a: 1})", "(2, {a: 1})", "t", "(2, {a: 1})"},
};

TEST_F(LayersReadsTest, ALayerThatReadATupleRunsAgainWhenTheBaseHoldsAnother) {
  for (const Tuple& tuple : kTuples) {
    const auto with = [&](const char* text, const char* read) {
      return "{t: " + std::string(text) + ", e: " + read + "}";
    };
    for (const bool refetched : {false, true}) {
      Layers layers(values, values.read(with(tuple.before, "0")));
      layers.apply(copy(tuple.slot, "e"));
      if (refetched) {
        ASSERT_TRUE(layers.set_base(values.read(with(tuple.now, "0"))));
      } else {
        ASSERT_TRUE(layers.edit_base(put("t", tuple.now)));
      }
      EXPECT_EQ(layers.visible(), with(tuple.now, tuple.read));
    }
  }
}

TEST_F(LayersReadsTest, ALayerThatEditsInATupleDoesNotRunAgainForOtherItems) {
  Layers layers(values, values.read("{t: (1, {a: 1}, {b: 1})}"));
  layers.apply(put("t/1/a", "2"));
  const std::size_t calls = layers.calls;
  ASSERT_TRUE(layers.edit_base(put("t/2/b", "5")));
  EXPECT_EQ(layers.calls, calls + 1);
  EXPECT_EQ(layers.visible(), "{t: (1, {a: 2}, {b: 5})}");
}

}  // namespace
}  // namespace halflife::plain
