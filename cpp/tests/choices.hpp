// Where the choices of random programs come from.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <random>

#include "plain_values.hpp"

namespace halflife::plain {

using Below = std::function<std::size_t(std::size_t)>;  // a number below its argument

inline Below random_below(unsigned seed) {
  return [random = std::mt19937(seed)](std::size_t limit) mutable { return random() % limit; };
}

// Runs `run(seed)` so many times, until one fails or leaves a value behind. HALFLIFE_TEST_SEED runs
// that one alone, and HALFLIFE_TEST_MULTIPLIER runs so many times as many.
template <class Run>
void each_seed(long count, Run run) {
  const auto from_environment = [](const char* name, long otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atol(text);
  };
  const long only = from_environment("HALFLIFE_TEST_SEED", -1);
  const long last = only >= 0 ? only + 1 : count * from_environment("HALFLIFE_TEST_MULTIPLIER", 1);
  for (long seed = only >= 0 ? only : 0; seed < last; ++seed) {
    const long alive = Node::alive;
    run(static_cast<unsigned>(seed));
    EXPECT_EQ(Node::alive, alive);
    if (!testing::Test::HasFailure()) continue;
    ADD_FAILURE() << "HALFLIFE_TEST_SEED=" << seed;
    return;
  }
}

}  // namespace halflife::plain
