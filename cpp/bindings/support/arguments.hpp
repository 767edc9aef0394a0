// Arguments of METH_FASTCALL | METH_KEYWORDS functions.
#pragma once

#include <string>

#include "python.hpp"

namespace halflife::bindings {

// Parses arguments into `slots`, one for each parameter name (null-terminated list; the first
// `positional` parameters may be given by position). Slots of missing arguments stay unchanged.
// False: a TypeError is set that names the function and the argument.
bool parse_arguments(const char* function, const char* const* names, int positional,
                     PyObject* const* args, Py_ssize_t count, PyObject* kwnames, PyObject** slots);

// Describes a wrong argument in a message: its repr, shortened, or its type if the repr fails.
std::string described(PyObject* object);

}  // namespace halflife::bindings
