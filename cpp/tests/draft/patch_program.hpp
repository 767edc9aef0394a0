// Random patches are applied to a random value by core, and to a deep copy by a simple
// implementation: both must refuse them, or give equal values.
#pragma once

#include "../support/random_script.hpp"
#include "core/draft/patch/patch.hpp"

namespace halflife::plain {

void run_patch_program(Values& values, const Below& below, std::size_t steps);

}  // namespace halflife::plain
