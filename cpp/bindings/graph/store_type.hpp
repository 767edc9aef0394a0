// StoreBase and Subscription as Python sees them.
#pragma once

#include <pybind11/pybind11.h>

namespace halflife::bindings {

void bind_store(pybind11::module_& module);
void bind_subscription(pybind11::module_& module);

}  // namespace halflife::bindings
