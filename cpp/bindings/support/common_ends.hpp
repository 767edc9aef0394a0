// How far two tuples agree, from their beginnings and then from their ends.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

int add_common_ends(PyObject* module);

}  // namespace halflife::bindings
