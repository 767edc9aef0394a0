// Sources of the choices of random programs.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
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

// Runs `run(seed)` for `count` seeds, until one fails or leaks a value. HALFLIFE_TEST_SEED is the
// first seed, so that the seed of a failure can be replayed at once. HALFLIFE_TEST_MULTIPLIER
// multiplies the count.
template <class Run>
void each_seed(long count, Run run) {
  const auto from_environment = [](const char* name, double otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atof(text);
  };
  const auto first = static_cast<unsigned>(from_environment("HALFLIFE_TEST_SEED", 0));
  const double times = from_environment("HALFLIFE_TEST_MULTIPLIER", 1);
  const auto programs = static_cast<unsigned>(std::max(1.0, static_cast<double>(count) * times));
  for (unsigned seed = first; seed != first + programs; ++seed) {
    const long alive = Node::alive;
    run(seed);
    EXPECT_EQ(Node::alive, alive);
    if (!testing::Test::HasFailure()) continue;
    ADD_FAILURE() << "HALFLIFE_TEST_SEED=" << seed;
    return;
  }
}

}  // namespace halflife::plain
