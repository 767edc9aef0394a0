// Sharing makes a new value reuse the objects of an old one wherever both are equal. Data that was
// fetched again unchanged stays the same object, and so do the unchanged parts of changed data.
#pragma once

#include <unordered_set>

#include "model.hpp"

namespace halflife::draft {

// Which leaves count as equal.
enum class Leaves : unsigned char {
  same,   // indistinguishable ones (Model::same)
  alike,  // equal by the rule of equals="deep" (Model::alike)
};

using Objects = std::unordered_set<Value>;

// Owned: `before`, if both are equal (deeply; of the same types; maps in the same order); a copy of
// `now` with those of its parts replaced by parts of `before` that are equal to their counterparts
// (at the same key or position, counted from the end too if the lengths differ); or `now` itself.
// Neither is changed. A container of `before` that stands elsewhere in `now` stays the object that
// it is. Null if the host has an error pending.
//
// `taken` gets the containers of `before` that are in the result where they were; parts of `now`
// that are in `kept` stay.
Value share(Model& model, Value before, Value now, Leaves leaves, Objects* taken = nullptr,
            const Objects* kept = nullptr);

}  // namespace halflife::draft
