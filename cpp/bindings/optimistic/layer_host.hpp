// LayerHost is the host of a log of layers over Python values: it calls recipes, keeps exceptions
// as values, and gives ids to keys. Each LayerLog has one and shows its Python objects to the
// garbage collector.
#pragma once

#include <cstddef>
#include <vector>

#include "../../core/optimistic/host.hpp"
#include "../support/registry.hpp"
#include "layer_object.hpp"

namespace halflife::bindings {

class LayerHost final : public optimistic::Host {
 public:
  draft::Model& model() override;
  bool intern(Value key, std::uint64_t* id) override;
  Value spelling(Value key) override;
  void forget_keys() override;
  bool is_absent(Value base) override { return base == registry().absent; }
  Value absent_base_error() override;
  bool call(Value recipe, Value argument, Value* returned, Value* error) override;
  bool is_nothing(Value returned) override { return returned == Py_None; }
  Value edited_and_returned(Value recipe, Value returned) override;
  Value take_error() override;
  void raise(Value error) override;
  bool is_interrupt(Value error) override;
  void conflicted(optimistic::Layer& layer, Value error, bool again) override;
  Value error_of(const optimistic::Layer& layer) override;
  void set_error(optimistic::Layer& layer, Value error) override;

  PyObject* keys = nullptr;         // dict: key -> its id
  PyObject* spellings = nullptr;    // dict: key -> list of the equal keys that differ in type
  PyObject* on_conflict = nullptr;  // or null
  std::size_t recipe_calls = 0;
  bool busy = false;           // an operation is under way
  std::vector<Ref> conflicts;  // layer, error, layer, error, ...: for report_conflicts()

  int traverse(visitproc visit, void* arg) const;
  void clear();
  // Calls on_conflict for each new conflict. Errors that it raises go to sys.unraisablehook.
  void report_conflicts();
};

}  // namespace halflife::bindings
