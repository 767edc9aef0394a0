#include "layer_host.hpp"

#include <utility>

#include "../../core/draft/equality.hpp"
#include "../draft/draft_recipe.hpp"
#include "../support/arguments.hpp"
#include "../support/error_value.hpp"

namespace halflife::bindings {

draft::Model& LayerHost::model() { return python_model(); }

bool LayerHost::intern(Value key, std::uint64_t* id) {
  if (keys == nullptr && (keys = PyDict_New()) == nullptr) return false;
  PyObject* object = to_object(key);
  PyObject* known = PyDict_GetItemWithError(keys, object);
  if (known != nullptr) {
    *id = PyLong_AsUnsignedLongLong(known);
    return true;
  }
  if (PyErr_Occurred() != nullptr) return false;
  *id = static_cast<std::uint64_t>(PyDict_GET_SIZE(keys));
  Ref number = Ref::take(PyLong_FromUnsignedLongLong(*id));
  return number && PyDict_SetItem(keys, object, number.get()) == 0;
}

Value LayerHost::spelling(Value key) {
  if (spellings == nullptr && (spellings = PyDict_New()) == nullptr) return nullptr;
  Ref known = Ref::borrow(PyDict_GetItemWithError(spellings, to_object(key)));
  if (!known) {
    if (PyErr_Occurred() != nullptr) return nullptr;
    known = Ref::take(PyList_New(0));
    if (!known || PyDict_SetItem(spellings, to_object(key), known.get()) < 0) return nullptr;
  }
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(known.get()); ++index) {
    Value held = PyList_GET_ITEM(known.get(), index);
    bool same = false;
    if (!draft::equal(model(), held, key, true, &same)) return nullptr;
    if (same) return held;
  }
  return PyList_Append(known.get(), to_object(key)) == 0 ? key : nullptr;
}

void LayerHost::forget_keys() {
  Py_CLEAR(spellings);
  Py_CLEAR(keys);
}

bool LayerHost::call(Value recipe, Value argument, Value* returned, Value* error) {
  ++recipe_calls;
  *returned = call_recipe(to_object(recipe), to_object(argument));
  if (*returned != nullptr && !is_absent(*returned)) return true;
  if (*returned != nullptr) {
    Py_DECREF(to_object(std::exchange(*returned, nullptr)));
    PyErr_Format(PyExc_TypeError,
                 "the recipe %s returned ABSENT, which is no value; set_base(ABSENT) takes the base"
                 " away",
                 described(to_object(recipe)).c_str());
  }
  *error = take_error();
  return false;
}

Value LayerHost::absent_base_error() {
  return PyObject_CallFunction(
      PyExc_TypeError, "s",
      "edit_base: there is no data yet that could be edited; call set_base with data first");
}

Value LayerHost::edited_and_returned(Value recipe, Value returned) {
  raise_edited_and_returned(to_object(recipe), to_object(returned));
  return take_error();
}

Value LayerHost::take_error() {
  if (PyObject* error = bindings::take_error()) return error;
  return PyObject_CallFunction(PyExc_SystemError, "s", "an operation failed without an error");
}

void LayerHost::raise(Value error) {
  PyObject* object = to_object(error);
  PyErr_Restore(Py_NewRef(as_object(Py_TYPE(object))), Py_NewRef(object),
                PyException_GetTraceback(object));
}

bool LayerHost::is_interrupt(Value error) {
  PyObject* object = to_object(error);
  return PyErr_GivenExceptionMatches(object, PyExc_Exception) == 0 ||
         PyErr_GivenExceptionMatches(object, PyExc_MemoryError) != 0;
}

void LayerHost::conflicted(optimistic::Layer& layer, Value error, bool again) {
  PyObject* object = to_object(error);
  LayerObject* told = object_of(layer);
  if (!again) {
    conflicts.push_back(Ref::borrow(as_object(told)));
    conflicts.push_back(Ref::borrow(object));
  }
  Py_XSETREF(told->error, Py_NewRef(object));
}

Value LayerHost::error_of(const optimistic::Layer& layer) {
  return as_layer(to_object(layer.token))->error;
}

void LayerHost::set_error(optimistic::Layer& layer, Value error) {
  Py_XSETREF(object_of(layer)->error, Py_XNewRef(to_object(error)));
}

int LayerHost::traverse(visitproc visit, void* arg) const {
  Py_VISIT(keys);
  Py_VISIT(spellings);
  Py_VISIT(on_conflict);
  for (const Ref& ref : conflicts) Py_VISIT(ref.get());
  return 0;
}

void LayerHost::clear() {
  std::vector<Ref> dropped;
  dropped.swap(conflicts);
  forget_keys();
  Py_CLEAR(on_conflict);
}

void LayerHost::report_conflicts() {
  if (conflicts.empty()) return;
  SavedError pending;
  std::vector<Ref> told;
  told.swap(conflicts);
  if (on_conflict == nullptr) return;
  Ref function = Ref::borrow(on_conflict);
  for (std::size_t index = 0; index + 1 < told.size(); index += 2) {
    PyObject* args[] = {told[index].get(), told[index + 1].get()};
    Ref done = Ref::take(PyObject_Vectorcall(function.get(), args, 2, nullptr));
    if (!done) PyErr_WriteUnraisable(function.get());
  }
}

}  // namespace halflife::bindings
