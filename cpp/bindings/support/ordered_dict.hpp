// The entries of an OrderedDict in its own order, which differs from the order of the underlying
// dict after move_to_end(). The C API cannot walk them without an iterator object.
#pragma once

#include <cstddef>

#include "python.hpp"

namespace halflife::bindings {

// Like Model::next: the cursor starts at 0, and the entry is borrowed.
bool next_ordered(PyObject* dict, std::size_t* cursor, PyObject** key, PyObject** value);

}  // namespace halflife::bindings
