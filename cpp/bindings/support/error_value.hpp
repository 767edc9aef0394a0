// An error value is an error as the value of an atom, with its original traceback, so that raising
// it again does not make the traceback grow.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// The error set now, as a normalized exception, which is cleared; null if none is set.
PyObject* take_error();

PyObject* make_error_value(PyObject* error);  // steals; never null unless out of memory
PyObject* error_of(PyObject* error_value);    // borrowed
PyObject* raise_error_value(PyObject* error_value);

int add_error_values(PyObject* module);

}  // namespace halflife::bindings
