// Values, places and scripts at random.
#pragma once

#include <vector>

#include "../optimistic/layer_script.hpp"
#include "choices.hpp"

namespace halflife::plain {

// Kept by `values`. Without tuples, unless they are asked for.
Value random_plain(Values& values, const Below& below, std::size_t depth, bool tuples = false);
// With tuples; rarely no container.
Value random_container(Values& values, const Below& below);
// A way down what is there, and sometimes a step beside it.
std::vector<Value> random_place(Values& values, const Below& below, Value now);
// Places are taken from `now`, so that most actions can be done.
Script random_script(Values& values, const Below& below, Value now);

}  // namespace halflife::plain
