// produce(), draft(), finish() and what else is called on values and drafts.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_draft_functions(PyObject* module);

}  // namespace halflife::bindings
