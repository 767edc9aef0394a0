// Patches as JSON, RFC 6902: lists of dicts whose paths are JSON pointers.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_json_patch(PyObject* module);

}  // namespace halflife::bindings
