#include "draft_recipe.hpp"

#include "arguments.hpp"
#include "atom_object.hpp"
#include "registry.hpp"

namespace halflife::bindings {

namespace {

// 1: calling it gives a coroutine; 0: it does not; -1: an error is set.
int is_async(PyObject* recipe) {
  constexpr int kAsync = CO_COROUTINE | CO_ASYNC_GENERATOR;
  PyObject* function = PyMethod_Check(recipe) ? PyMethod_GET_FUNCTION(recipe) : recipe;
  if (PyFunction_Check(function)) {
    auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
    return (code->co_flags & kAsync) != 0 ? 1 : 0;
  }
  if (PyCFunction_Check(function) || PyType_Check(function)) return 0;
  Ref answer = Ref::take(PyObject_CallOneArg(registry().is_async, recipe));
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

}  // namespace

bool check_recipe(PyObject* recipe, const char* what) {
  if (!is_function(recipe)) {
    PyErr_Format(PyExc_TypeError, "%s takes a recipe, a function of the draft, not %s", what,
                 described(recipe).c_str());
    return false;
  }
  const int async = is_async(recipe);
  if (async > 0) {
    PyErr_Format(PyExc_TypeError,
                 "%s takes a plain function, and %s is async: await first, then edit; or use"
                 " draft() and finish(), which may lie an await apart",
                 what, described(recipe).c_str());
  }
  return async == 0;
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
