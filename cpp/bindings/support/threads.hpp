// The number of the current thread, which every call needs. A number is never reused, unlike the
// address and the ident of a thread that has ended.
#pragma once

#include <cstdint>

namespace halflife::bindings {

// In static TLS, at a fixed offset from the thread pointer, so that reading it needs no call.
// Libraries that are loaded late have room there for a few bytes.
#if defined(__GLIBC__)
#define HALFLIFE_NEAR_THREAD [[gnu::tls_model("initial-exec")]]
#else
#define HALFLIFE_NEAR_THREAD
#endif

HALFLIFE_NEAR_THREAD extern constinit thread_local std::uint64_t thread_number;  // 0: none yet
std::uint64_t number_thread();

inline std::uint64_t this_thread() { return thread_number != 0 ? thread_number : number_thread(); }

}  // namespace halflife::bindings
