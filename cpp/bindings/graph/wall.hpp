// The wall: an atom and an AsyncValue are no values. Whatever a value would be used for (to be
// iterated, unpacked, indexed, measured, tested, calculated with, ordered) raises a TypeError, and
// an unknown attribute an AttributeError, which names the atom and says how to come by its value.
// Without it a forgotten `await` gives an empty list or a condition that always holds.
#pragma once

#include <vector>

#include "../support/python.hpp"

namespace halflife::bindings {

// The slots that refuse, for the type spec of Atom and of AsyncValue.
void add_wall_slots(std::vector<PyType_Slot>& slots);

// Sets a TypeError that says that the object cannot be used in this way, and returns null.
PyObject* refuse(PyObject* object, const char* use);

// The methods that refuse: what Python looks up by name. Called once with the finished type.
int add_wall_methods(PyObject* type);

}  // namespace halflife::bindings
