// The wall: atoms and AsyncValues are not values. Using one like a value (iterating, unpacking,
// indexing, len(), truth, arithmetic, ordering) raises a TypeError, and an unknown attribute raises
// an AttributeError; the message names the atom and says how to get its value. Without the wall, a
// forgotten `await` would give an empty list or a condition that is always true.
#pragma once

#include <vector>

#include "../support/python.hpp"

namespace halflife::bindings {

// The slots that raise, for the type specs of Atom and AsyncValue.
void add_wall_slots(std::vector<PyType_Slot>& slots);

// Sets a TypeError that says that the object cannot be used in this way, and returns null.
PyObject* refuse(PyObject* object, const char* use);

// Adds the methods that raise and that Python looks up by name. Called once, with the finished
// type.
int add_wall_methods(PyObject* type);

}  // namespace halflife::bindings
