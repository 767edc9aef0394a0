// The functions that make atoms.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_factories(PyObject* module);

}  // namespace halflife::bindings
