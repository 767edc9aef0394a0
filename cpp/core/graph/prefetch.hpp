// Loads a cache line before it is needed. Thousands of nodes do not fit the nearest cache, so a
// walk over them would spend most of its time waiting for the next node.
#pragma once

namespace halflife::graph {

inline void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#endif
}

}  // namespace halflife::graph
