// The Python type LayerLog: the core's log of layers over Python values. Private; the package wraps
// it as Layers.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_layer_log_type(PyObject* module);

}  // namespace halflife::bindings
