// How an atom that is given no name gets one. The name of its function is taken when it is made.
// Without one, the place where it is made is noted (a pointer to the code and an offset) and read
// by halflife._support.naming when somebody asks, because most names are never asked for.
#pragma once

#include "../support/python.hpp"
#include "atom_object.hpp"

namespace halflife::bindings {

// A new atom without a name: sets `name` to a str, or to the code of its place, or leaves it null.
void note_definition(AtomObject* atom);

// (code, offset), or None if the atom has a name or no Python code made it.
PyObject* definition_place(AtomObject* atom);

}  // namespace halflife::bindings
