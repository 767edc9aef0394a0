// Random programs over a log of layers against one that folds everything again each time: selective
// replay, and replay of everything, with interrupts, and with a host that fails. A failure prints
// its seed.
#include <gtest/gtest.h>

#include "layer_program.hpp"

namespace halflife::plain {
namespace {

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

TEST(LayersOracle, AnInterruptedOperationIsDoneAsAWholeOrNotAtAll) {
  each_seed(1500, [](unsigned seed) {
    Values values;
    LayerProgram program(values, random_below(seed), seed % 4 == 0);
    program.interrupts = true;
    program.run(2 + seed % 30);
  });
}

TEST(LayersOracle, NothingLeaksOrBreaksWhenCallsOfTheHostFail) {
  each_seed(3000, [](unsigned seed) {
    Values values;
    LayerProgram program(values, random_below(seed), seed % 4 == 0);
    program.run_with_faults(2 + seed % 30);
  });
}

}  // namespace
}  // namespace halflife::plain
