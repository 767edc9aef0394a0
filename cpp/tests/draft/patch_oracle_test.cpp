// Random patches, applied by core and by a simple implementation. A failure prints its seed.
#include <gtest/gtest.h>

#include "patch_program.hpp"

namespace halflife::plain {
namespace {

TEST(PatchOracle, RandomPatchesAgreeWithTheSimpleImplementation) {
  each_seed(5000, [](unsigned seed) {
    Values values;
    run_patch_program(values, random_below(seed), 1 + seed % 8);
  });
}

}  // namespace
}  // namespace halflife::plain
