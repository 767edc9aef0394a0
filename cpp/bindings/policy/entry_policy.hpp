// The Python type EntryPolicy: the policy of one cache entry.
#pragma once

#include <pybind11/pybind11.h>

namespace halflife::bindings {

void bind_entry_policy(pybind11::module_& module);

}  // namespace halflife::bindings
