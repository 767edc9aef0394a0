// Arguments of METH_FASTCALL | METH_KEYWORDS functions.
#pragma once

#include <string>

#include "python.hpp"

namespace halflife::bindings {

// Spreads arguments over `slots` by the parameter names (null-terminated list; the first
// `positional` of them may be given by position). Missing ones stay as they are. False: a TypeError
// is set that names the function and the argument.
bool parse_arguments(const char* function, const char* const* names, int positional,
                     PyObject* const* args, Py_ssize_t count, PyObject* kwnames, PyObject** slots);

// What was given instead, for a message: its repr, cut short; by its type where the repr fails.
std::string described(PyObject* object);

}  // namespace halflife::bindings
