// A recipe is a plain function that edits a draft. It is checked before its first call, and its
// return value after each call.
#pragma once

#include "../support/python.hpp"
#include "python_model.hpp"

namespace halflife::bindings {

// Is the recipe a callable for one argument, and not async? False: a TypeError is set that names
// `call`, the user's call that got the recipe.
bool check_recipe(PyObject* recipe, const char* call);

// recipe(argument). New reference; null if the recipe raised, or returned a coroutine.
PyObject* call_recipe(PyObject* recipe, PyObject* argument);

// RecipeError: the recipe edited its draft, and returned another value too.
void raise_edited_and_returned(PyObject* recipe, PyObject* returned);

// _core.check_not_edited(part, owner, returned): raises the same error if the recipe for a part of
// `owner` edited its draft `part`, and returned `returned`.
PyObject* check_not_edited(PyObject* module, PyObject* const* args, Py_ssize_t count);

}  // namespace halflife::bindings
