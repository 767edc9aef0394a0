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

// Owned: `before` if both are deeply equal (same types; maps in the same order). Else a copy of
// `now`, in which each part that equals its counterpart in `before` is replaced by the counterpart:
// the part at the same key or position, or at the same position from the end if the lengths differ.
// `now` itself if nothing was replaced. Neither argument is changed. A container of `before` that
// is elsewhere in `now` stays the same object. Null: an error is pending in the host.
//
// `taken` gets the containers of `before` that the result has in place of their counterparts. Parts
// of `now` that are in `kept` are not replaced.
Value share(Model& model, Value before, Value now, Leaves leaves, Objects* taken = nullptr,
            const Objects* kept = nullptr);

}  // namespace halflife::draft
