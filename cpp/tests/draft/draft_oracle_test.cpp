// Random programs edit drafts, and a deep copy of the value directly; both must agree, and the
// patches must fulfil their laws. Then the same programs run again while each single call of the
// host fails. A failure prints its seed.
#include <gtest/gtest.h>

#include "draft_program.hpp"

namespace halflife::plain {
namespace {

TEST(DraftOracle, RandomEditsThroughDraftsAreThoseOfPlainMutation) {
  each_seed(5000, [](unsigned seed) {
    Values values;
    DraftProgram program(values, random_below(seed), false);
    program.run(1 + seed % 25);
  });
}

TEST(DraftOracle, WhicheverCallOfTheHostFailsNothingLeaksAndTheBaseIsUntouched) {
  each_seed(30, [](unsigned seed) {
    bool done = false;
    for (long n = 0; !done && !testing::Test::HasFailure(); ++n) {
      const long alive = Node::alive;
      {
        Values values;
        DraftProgram program(values, random_below(seed), true);
        values.fail_in = n;
        program.run(1 + seed % 25);
        done = values.fail_in >= 0;
      }
      EXPECT_EQ(Node::alive, alive) << "call " << n;
    }
  });
}

}  // namespace
}  // namespace halflife::plain
