// A log of layers over plain values, with C++ functions as recipes. It has the interface that users
// of the Python package see.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/optimistic/log.hpp"
#include "plain_values.hpp"

namespace halflife::plain {

using optimistic::Layer;
using optimistic::LayerStatus;

// Gets the face of a draft, or a leaf; throws Raised; returns its result (borrowed), or null.
using LayerRecipe = std::function<Value(Value argument)>;

class Layers : public optimistic::Host {
  Values& values_;  // used by the log's constructor

 public:
  // Without a base, it is absent.
  Layers(Values& values, Value base, bool always = false);
  ~Layers() override;

  // Each returns false (null) if it was refused; `error` says why.
  Layer* apply(LayerRecipe recipe);
  Layer* update(LayerRecipe recipe);  // confirmed at once; its result counts as the new value
  Layer* replace(Value whole, bool pending = false);
  bool rollback(Layer& layer) { return said(log.rollback(layer)); }
  bool commit(Layer& layer, const LayerRecipe& server = {}, const LayerRecipe& then = {});
  bool set_base(Value base, bool shared = true) { return said(log.set_base(base, shared)); }
  bool edit_base(LayerRecipe recipe);
  bool rollback_all() { return said(log.rollback_all()); }
  bool commit_all() { return said(log.commit_all()); }

  std::string visible() { return Values::show(log.visible()); }
  std::string base() { return Values::show(log.base()); }

  Value absent;  // kept by the values
  optimistic::Log log;
  std::string error;
  std::vector<std::string> conflicts;  // the errors of layers that became conflicted
  std::size_t calls = 0;               // calls of recipes
  long interrupt_in = -1;              // the number of calls before an interrupt; negative: none

  // --- Host
  draft::Model& model() override { return values_; }
  bool intern(Value key, std::uint64_t* id) override;
  Value spelling(Value key) override { return key; }  // keys of the plain host differ in all ways
  void forget_keys() override { keys_.clear(); }
  bool is_absent(Value base) override { return base == absent; }
  Value absent_base_error() override { return values_.make_leaf(std::string("no base")); }
  bool call(Value recipe, Value argument, Value* returned, Value* raised) override;
  bool is_nothing(Value returned) override { return returned == nothing_; }
  Value edited_and_returned(Value recipe, Value returned) override;
  Value take_error() override;
  void raise(Value raised) override { error = Values::show(raised); }
  bool is_interrupt(Value raised) override { return Values::show(raised) == "interrupted"; }
  void conflicted(Layer& layer, Value raised, bool again) override;
  Value error_of(const Layer& layer) override;
  void set_error(Layer& layer, Value raised) override;

 private:
  bool said(bool ok);
  Value recipe_of(LayerRecipe recipe);  // owned by the caller
  Layer* enter(optimistic::LayerBody body, bool confirmed);

  Value nothing_;
  std::vector<Value> tokens_;  // owned
  std::unordered_map<std::string, std::uint64_t> keys_;
  std::unordered_map<const Layer*, Value> errors_;  // owned
};

}  // namespace halflife::plain
