// Types whose objects cannot be pickled or copied, because they belong to a store that is in use.
// They raise an error that says so: by default, Python would make empty objects of some types, and
// raise unhelpful errors for others.
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
