// A recipe over plain values that a test performs step by step through drafts. Paths are JSON
// pointers. finish() checks the laws of patches: they give the new value, and their inverse the old
// one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/draft/patch/apply.hpp"
#include "core/draft/patch/diff.hpp"
#include "plain_values.hpp"

namespace halflife::plain {

using Lines = std::vector<std::string>;

struct Produced {
  Value value = nullptr;  // null: something failed
  std::string text;
  Lines patches;
  Lines inverse;
};

class Recipe {
 public:
  Recipe(Values& values, Value base, bool recording = false);
  Recipe(Values& values, const std::string& base) : Recipe(values, values.read(base)) {}

  Value base() const { return base_; }
  draft::Scope& scope() { return scope_; }
  draft::Draft& root() { return *root_; }

  // The leaf or face at a JSON pointer, and the draft.
  Value get(const std::string& pointer);
  draft::Draft& at(const std::string& pointer) { return *values_.draft_of(get(pointer)); }

  void set(const std::string& pointer, Value value);
  void set(const std::string& pointer, const std::string& text) {
    set(pointer, values_.read(text));
  }
  void erase(const std::string& pointer);
  void include(const std::string& pointer, const std::string& member, bool included = true);

  // Lists.
  void insert(const std::string& list, std::size_t index, Value value);
  void insert(const std::string& list, std::size_t index, const std::string& text) {
    insert(list, index, values_.read(text));
  }
  void append(const std::string& list, const std::string& text);
  void pop(const std::string& list, std::size_t index);

  // Ends the recipe. Only the model may fail; without failures the laws must hold.
  Produced finish(bool steal = true);

 private:
  std::pair<draft::Draft*, Value> entry_at(const std::string& pointer);

  Values& values_;
  Value base_;
  std::string before_;
  draft::Scope scope_;
  draft::Draft* root_;
};

// The value after the patches, kept by `values`; null: refused, and `failure` says why.
Value patched(Values& values, Value base, const draft::PatchList& patches,
              draft::ApplyFailure* failure = nullptr);
// Each as "replace /a/0 = 1", "move /0 -> /1".
Lines show(const draft::PatchList& patches);
// The reverse of show().
void read_patches(Values& values, const Lines& lines, draft::PatchList* patches);

}  // namespace halflife::plain
