// Sharing makes a new value out of the old one as far as they are equal: data that was fetched
// again and is the same is the same object, and so are its parts that did not change.
#pragma once

#include "model.hpp"

namespace halflife::draft {

// Owned: `before`, if both are equal (deeply; of the same types; maps in the same order); a copy of
// `now` with those of its parts replaced by parts of `before` that are equal to their counterparts
// (at the same key or position, counted from the end too if the lengths differ); or `now` itself.
// Neither is changed. Null if the host has an error pending. Values that contain themselves are
// given up: `now` then.
Value share(Model& model, Value before, Value now);

}  // namespace halflife::draft
