// Asks for a cache line before it is needed. A walk over thousands of nodes does not fit the
// nearest cache, and most of its time would go into waiting for the next node.
#pragma once

namespace halflife::graph {

inline void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#endif
}

}  // namespace halflife::graph
