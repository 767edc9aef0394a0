// The module's functions on values and drafts: produce(), draft(), finish() and others.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_draft_functions(PyObject* module);

}  // namespace halflife::bindings
