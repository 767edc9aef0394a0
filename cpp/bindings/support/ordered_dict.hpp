// The entries of an OrderedDict in its own order, which is not that of the dict below it once
// move_to_end() was called. The C API has no way to walk them without an iterator object.
#pragma once

#include <cstddef>

#include "python.hpp"

namespace halflife::bindings {

// As Model::next: the cursor starts at 0; what is found is borrowed.
bool next_ordered(PyObject* dict, std::size_t* cursor, PyObject** key, PyObject** value);

}  // namespace halflife::bindings
