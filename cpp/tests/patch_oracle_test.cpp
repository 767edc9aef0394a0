// Random patches, applied by core and by hand.
//
// A failure prints its seed; HALFLIFE_TEST_SEED runs that program alone, and
// HALFLIFE_TEST_MULTIPLIER runs so many times as many programs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "patch_program.hpp"

namespace halflife::plain {
namespace {

long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atol(text);
}

TEST(PatchOracle, RandomPatchesDoWhatTheyDoByHandOrAreRefused) {
  const long only = from_environment("HALFLIFE_TEST_SEED", -1);
  const long last = only >= 0 ? only + 1 : 5000 * from_environment("HALFLIFE_TEST_MULTIPLIER", 1);
  for (long seed = only >= 0 ? only : 0; seed < last && !testing::Test::HasFailure(); ++seed) {
    const long alive = Node::alive;
    {
      Values values;
      std::mt19937 random(static_cast<unsigned>(seed));
      run_patch_program(
          values, [&random](std::size_t limit) { return random() % limit; },
          1 + static_cast<std::size_t>(seed) % 8);
    }
    EXPECT_EQ(Node::alive, alive);
    if (testing::Test::HasFailure()) ADD_FAILURE() << "HALFLIFE_TEST_SEED=" << seed;
  }
}

}  // namespace
}  // namespace halflife::plain
