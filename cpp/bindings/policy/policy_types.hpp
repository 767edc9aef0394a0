// The policies of core/policy as Python classes: retries, breakers and caches in halflife/query
// drive them with their clock's time.
#pragma once

#include <pybind11/pybind11.h>

namespace halflife::bindings {

void bind_policies(pybind11::module_& module);

}  // namespace halflife::bindings
