// Which thread is this? Asked by every call. The number is Python's own for the thread's state: the
// address of a thread, and its ident, are given to another one when it has ended.
#pragma once

#include <cstdint>

#include "python.hpp"

namespace halflife::bindings {

inline std::uint64_t this_thread() { return PyThreadState_Get()->id; }

}  // namespace halflife::bindings
