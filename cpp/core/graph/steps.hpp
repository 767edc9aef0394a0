// Counts the steps of walks, in builds for tests. A test that compares the counts for n and 2n
// proves how the cost of an operation grows; measured time proves nothing on a busy machine.
#pragma once

#include <cstdint>

namespace halflife::graph {

#if defined(HALFLIFE_COUNT_STEPS)
inline std::uint64_t steps_taken = 0;
inline void count_step() { ++steps_taken; }
#else
inline void count_step() {}
#endif

}  // namespace halflife::graph
