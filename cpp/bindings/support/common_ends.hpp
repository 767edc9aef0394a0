// The common ends of two tuples: how many items are the same at the beginning, and how many of the
// rest at the end.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

int add_common_ends(PyObject* module);

}  // namespace halflife::bindings
