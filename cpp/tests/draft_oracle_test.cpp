// Random programs over drafts against plain mutation of a deep copy, with the laws of patches; and
// the same programs while the host fails at every single call.
//
// A failure prints its seed; HALFLIFE_TEST_SEED runs that program alone, and
// HALFLIFE_TEST_MULTIPLIER runs so many times as many programs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "draft_program.hpp"

namespace halflife::plain {
namespace {

long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atol(text);
}

Below random_below(unsigned seed) {
  return [random = std::mt19937(seed)](std::size_t limit) mutable { return random() % limit; };
}

void run(unsigned seed) {
  const long alive = Node::alive;
  {
    Values values;
    DraftProgram program(values, random_below(seed), false);
    program.run(1 + seed % 25);
  }
  EXPECT_EQ(Node::alive, alive);
  if (testing::Test::HasFailure()) ADD_FAILURE() << "HALFLIFE_TEST_SEED=" << seed;
}

TEST(DraftOracle, RandomEditsThroughDraftsAreThoseOfPlainMutation) {
  const long seed = from_environment("HALFLIFE_TEST_SEED", -1);
  if (seed >= 0) return run(static_cast<unsigned>(seed));
  const long count = 5000 * from_environment("HALFLIFE_TEST_MULTIPLIER", 1);
  for (long program = 0; program < count && !testing::Test::HasFailure(); ++program) {
    run(static_cast<unsigned>(program));
  }
}

TEST(DraftOracle, WhicheverCallOfTheHostFailsNothingLeaksAndTheBaseIsUntouched) {
  for (unsigned seed = 0; seed < 30 && !testing::Test::HasFailure(); ++seed) {
    for (long n = 0;; ++n) {
      const long alive = Node::alive;
      bool done = false;
      {
        Values values;
        DraftProgram program(values, random_below(seed), true);
        values.fail_in = n;
        program.run(1 + seed % 25);
        done = values.fail_in >= 0;
      }
      ASSERT_EQ(Node::alive, alive) << "seed " << seed << ", call " << n;
      if (done) break;
    }
  }
}

}  // namespace
}  // namespace halflife::plain
