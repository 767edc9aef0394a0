#include "draft_recipe.hpp"

#include "../support/arguments.hpp"
#include "../support/function_check.hpp"
#include "../support/registry.hpp"
#include "draft_object.hpp"

namespace halflife::bindings {

namespace {

void raise_with(const std::string& subject, PyObject* returned) {
  PyErr_Format(registry().recipe_error,
               "%s edits its draft and returns another value, %s: which of them is meant? Return"
               " None after edits (`lambda d: d.pop(0)` returns what it popped: use a def), or only"
               " return the new value",
               subject.c_str(), described(returned).c_str());
}

}  // namespace

bool check_recipe(PyObject* recipe, const char* call) {
  // Functions and classes written in C are not checked: they are called soon, and their own
  // TypeError is as clear.
  if (PyCFunction_Check(recipe)) return true;
  if (PyType_Check(recipe) &&
      (reinterpret_cast<PyTypeObject*>(recipe)->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0) {
    return true;
  }
  return check_function(recipe, {call, "recipe", "the draft", 1, 1});
}

PyObject* call_recipe(PyObject* recipe, PyObject* argument) {
  Ref returned = Ref::take(PyObject_CallOneArg(recipe, argument));
  if (!returned) return nullptr;
  const bool is_coroutine = PyCoro_CheckExact(returned.get());
  if (!is_coroutine && !PyAsyncGen_CheckExact(returned.get())) return returned.release();
  if (is_coroutine) {  // else Python warns that the coroutine was never awaited
    Ref closed = Ref::take(PyObject_CallMethod(returned.get(), "close", nullptr));
    if (!closed) return nullptr;
  }
  PyErr_Format(PyExc_TypeError,
               "the recipe %s returned a coroutine: await first, then edit; or use draft() and"
               " finish(), with awaits in between",
               described(recipe).c_str());
  return nullptr;
}

void raise_edited_and_returned(PyObject* recipe, PyObject* returned) {
  raise_with("the recipe " + described(recipe), returned);
}

PyObject* check_not_edited(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 3) {
    PyErr_SetString(PyExc_TypeError, "check_not_edited() takes a part, its owner and a value");
    return nullptr;
  }
  PyObject* part = args[0];
  if (!is_draft(part)) Py_RETURN_NONE;
  Ref now = Ref::take(current_value(part));
  if (!now) return nullptr;
  if (now.get() == to_object(as_draft(part)->draft.base)) Py_RETURN_NONE;
  Ref owner = Ref::take(PyObject_Str(args[1]));
  const char* text = owner ? PyUnicode_AsUTF8(owner.get()) : nullptr;
  if (text != nullptr) raise_with(std::string("a recipe for ") + text, args[2]);
  return nullptr;
}

}  // namespace halflife::bindings
