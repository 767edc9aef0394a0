// Random values, paths and scripts.
#pragma once

#include <vector>

#include "../optimistic/layer_script.hpp"
#include "choices.hpp"

namespace halflife::plain {

// Kept by `values`. Without tuples, unless they are asked for.
Value random_plain(Values& values, const Below& below, std::size_t depth, bool tuples = false);
// With tuples; rarely no container.
Value random_container(Values& values, const Below& below);
// The path of a part of `now`; sometimes its last part has no entry.
std::vector<Value> random_slot(Values& values, const Below& below, Value now);
// The paths are those of `now`, so that most actions succeed.
Script random_script(Values& values, const Below& below, Value now);

}  // namespace halflife::plain
