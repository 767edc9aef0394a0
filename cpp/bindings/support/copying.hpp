// What takes part in something that is under way cannot be pickled or copied, and says so: left to
// itself, Python makes objects around nothing of some, and of others it gives errors that explain
// nothing.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// {"__reduce_ex__", refuse_copy, METH_O, nullptr}
PyObject* refuse_copy(PyObject* self, PyObject*);

// Adds such a method to a finished type. Throws.
void refuse_copies(PyObject* type);

// For a type without other methods.
extern PyMethodDef methods_without_copies[];

}  // namespace halflife::bindings
