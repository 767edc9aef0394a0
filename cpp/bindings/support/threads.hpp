// Which thread is this? Asked by every call. Its number is never given to another thread: the
// address of a thread, and its ident, are when it has ended.
#pragma once

#include <cstdint>

namespace halflife::bindings {

// At a fixed distance from the thread's address, so that reading it needs no call; a library that
// is loaded late has room for a few such bytes.
#if defined(__GLIBC__)
#define HALFLIFE_NEAR_THREAD [[gnu::tls_model("initial-exec")]]
#else
#define HALFLIFE_NEAR_THREAD
#endif

HALFLIFE_NEAR_THREAD extern constinit thread_local std::uint64_t thread_number;  // 0: none yet
std::uint64_t number_thread();

inline std::uint64_t this_thread() { return thread_number != 0 ? thread_number : number_thread(); }

}  // namespace halflife::bindings
