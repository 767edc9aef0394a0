// A diff is the shortest list of patches that we can tell from what a recipe did: only what it
// wrote is looked at. Elements of lists are known by identity, so that an element that moved is one
// move, and one that was put in before a thousand others is one add.
#pragma once

#include "../finalizer.hpp"
#include "patch.hpp"

namespace halflife::draft {

// Puts into `patches`, which is empty, what turns the base of `root` into its final value, and into
// `inverse` what turns that back. The recipe is over; the finalizer may steal. False: the host has
// an error pending, and the lists are of no use.
bool diff(Scope& scope, Finalizer& finalizer, Draft& root, PatchList* patches, PatchList* inverse);

// The same for a root that was replaced as a whole. Nothing if both are the same.
void diff_replaced(Model& model, Value before, Value now, PatchList* patches, PatchList* inverse);

}  // namespace halflife::draft
