#include "threads.hpp"

#include <atomic>

namespace halflife::bindings {

HALFLIFE_NEAR_THREAD constinit thread_local std::uint64_t thread_number = 0;

std::uint64_t number_thread() {
  static std::atomic<std::uint64_t> last = 0;
  thread_number = ++last;
  return thread_number;
}

}  // namespace halflife::bindings
