// Names of atoms that were made without one. The name of the atom's function is taken immediately.
// Without a function, only the calling code and the offset in it are stored, and
// halflife._support.naming finds the name there when it is needed, because most names never are.
#pragma once

#include "../support/python.hpp"
#include "atom_object.hpp"

namespace halflife::bindings {

// For a new atom without a name: sets `name` to a str, or to the calling code, or leaves it null.
void note_definition(AtomObject* atom);

// (code, offset), or None if the atom has a name or no Python code made it.
PyObject* definition_place(AtomObject* atom);

}  // namespace halflife::bindings
