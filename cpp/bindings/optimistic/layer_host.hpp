// What the core's log of layers asks of Python: calls to recipes, errors as values, numbers of
// keys. One per log; its Python objects are visited by the log that it is part of.
#pragma once

#include <cstddef>
#include <vector>

#include "../../core/optimistic/host.hpp"
#include "layer_object.hpp"

namespace halflife::bindings {

class LayerHost final : public optimistic::Host {
 public:
  draft::Model& model() override;
  bool intern(Value key, std::uint64_t* id) override;
  Value spelling(Value key) override;
  void forget_keys() override;
  bool call(Value recipe, Value argument, Value* returned, Value* error) override;
  bool is_nothing(Value returned) override { return returned == Py_None; }
  Value edited_and_returned(Value recipe) override;
  Value take_error() override;
  void raise(Value error) override;
  bool is_interrupt(Value error) override;
  void conflicted(optimistic::Layer& layer, Value error, bool again) override;
  Value error_of(const optimistic::Layer& layer) override;
  void set_error(optimistic::Layer& layer, Value error) override;

  PyObject* keys = nullptr;         // dict: key -> its number
  PyObject* spellings = nullptr;    // dict: key -> list of the equal keys that differ in type
  PyObject* on_conflict = nullptr;  // or null
  std::size_t recipe_calls = 0;
  bool busy = false;           // an operation is under way
  std::vector<Ref> conflicts;  // layers and errors by turns, to be told at the end

  int traverse(visitproc visit, void* arg) const;
  void clear();
  // Tells on_conflict what happened. An error of its own goes to sys.unraisablehook.
  void report_conflicts();
};

}  // namespace halflife::bindings
