// Which thread is this? Asked by every call, so without a call where the compiler offers it.
#pragma once

#include <cstdint>

#include "python.hpp"

namespace halflife::bindings {

inline std::uintptr_t this_thread() {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__)) && !defined(_WIN32)
  return reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
#else
  return static_cast<std::uintptr_t>(PyThread_get_thread_ident());
#endif
}

}  // namespace halflife::bindings
