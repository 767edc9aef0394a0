// Random programs over a log of layers against one that folds everything again each time: selective
// replay, and replay of everything, with interrupts, and with a host that fails.
//
// A failure prints its seed; HALFLIFE_TEST_SEED runs that program alone, and
// HALFLIFE_TEST_MULTIPLIER runs so many times as many programs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "layer_program.hpp"

namespace halflife::plain {
namespace {

long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atol(text);
}

Below random_below(unsigned seed) {
  return [random = std::mt19937(seed)](std::size_t limit) mutable { return random() % limit; };
}

template <class Run>
void each_seed(long count, Run run) {
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

void run(unsigned seed, bool always) {
  Values values;
  LayerProgram program(values, random_below(seed), always);
  program.run(2 + seed % 30);
}

TEST(LayersOracle, SelectiveReplayShowsWhatFoldingEverythingShows) {
  each_seed(3000, [](unsigned seed) { run(seed, false); });
}

TEST(LayersOracle, ReplayOfEverythingShowsTheSame) {
  each_seed(1000, [](unsigned seed) { run(seed, true); });
}

TEST(LayersOracle, AnInterruptedOperationIsMadeGoodOrHasNotTakenPlace) {
  each_seed(1500, [](unsigned seed) {
    Values values;
    LayerProgram program(values, random_below(seed), seed % 4 == 0);
    program.interrupts = true;
    program.run(2 + seed % 30);
  });
}

TEST(LayersOracle, WhicheverCallsOfTheHostFailNothingLeaksOrBreaks) {
  each_seed(3000, [](unsigned seed) {
    Values values;
    LayerProgram program(values, random_below(seed), seed % 4 == 0);
    program.run_with_faults(2 + seed % 30);
  });
}

}  // namespace
}  // namespace halflife::plain
