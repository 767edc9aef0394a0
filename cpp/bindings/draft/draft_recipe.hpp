// A recipe is a plain function that edits a draft: what is checked of it before it is called, and
// of what it returns.
#pragma once

#include "../support/python.hpp"
#include "python_model.hpp"

namespace halflife::bindings {

// Is it a callable, and not async? Else a TypeError is set that begins with `what`.
bool check_recipe(PyObject* recipe, const char* what);

// recipe(argument): a new reference; null if it raised, or returned a coroutine.
PyObject* call_recipe(PyObject* recipe, PyObject* argument);

// RecipeError: the recipe edits its draft and returns another value too.
void raise_edited_and_returned(PyObject* returned);

}  // namespace halflife::bindings
