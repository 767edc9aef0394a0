// Frames that an error keeps: its traceback holds those that it came through, and each holds the
// values of its variables for as long.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

int add_frames(PyObject* module);

}  // namespace halflife::bindings
