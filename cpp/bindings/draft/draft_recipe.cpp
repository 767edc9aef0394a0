#include "draft_recipe.hpp"

#include "../support/arguments.hpp"
#include "../support/function_check.hpp"
#include "../support/registry.hpp"

namespace halflife::bindings {

bool check_recipe(PyObject* recipe, const char* what) {
  // What is written in C is called at once, and then says itself what it does not take.
  if (PyCFunction_Check(recipe) || PyType_Check(recipe)) return true;
  return check_function(recipe, {what, "recipe", "the draft", 1, 1});
}

PyObject* call_recipe(PyObject* recipe, PyObject* argument) {
  Ref returned = Ref::take(PyObject_CallOneArg(recipe, argument));
  if (!returned) return nullptr;
  const bool is_coroutine = PyCoro_CheckExact(returned.get());
  if (!is_coroutine && !PyAsyncGen_CheckExact(returned.get())) return returned.release();
  if (is_coroutine) {  // or Python warns that it was never awaited
    Ref closed = Ref::take(PyObject_CallMethod(returned.get(), "close", nullptr));
    if (!closed) return nullptr;
  }
  PyErr_Format(PyExc_TypeError,
               "the recipe %s returned a coroutine: await first, then edit; or use draft() and"
               " finish(), which may lie an await apart",
               described(recipe).c_str());
  return nullptr;
}

void raise_edited_and_returned(PyObject* returned) {
  PyErr_Format(registry().recipe_error,
               "the recipe edits its draft and returns another value, %s: which of them is meant?"
               " Return None after edits (`lambda d: d.pop(0)` returns what it popped: use a def),"
               " or only return the new value",
               described(returned).c_str());
}

}  // namespace halflife::bindings
