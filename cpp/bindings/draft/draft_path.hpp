// The path of a draft from the root of its recipe.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_draft_path(PyObject* module);

}  // namespace halflife::bindings
