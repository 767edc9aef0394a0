// A diff is a short list of patches from the base of a root draft to its final value. Only what the
// recipe wrote is compared. List elements are matched by identity: an element that moved is one
// `move`, and an element that was inserted before a thousand others is one `add`.
#pragma once

#include "../finalizer.hpp"
#include "patch.hpp"

namespace halflife::draft {

// Fills `patches` (empty before) with the patches from the base of `root` to its final value, and
// `inverse` with those back. To be called after the recipe has ended; the finalizer may steal.
// False: an error is pending in the host, and the lists are incomplete.
bool diff(Scope& scope, Finalizer& finalizer, Draft& root, PatchList* patches, PatchList* inverse);

// The same for a root value that was replaced by another value: one `replace`, or nothing if both
// are the same.
void diff_replaced(Model& model, Value before, Value now, PatchList* patches, PatchList* inverse);

}  // namespace halflife::draft
