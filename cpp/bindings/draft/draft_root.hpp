// The root is the value that a recipe is called for. If the root is a leaf, the recipe's return
// value replaces it; a leaf that the recipe could edit in place, unnoticed, is refused.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

// False, with a TypeError that names `draftable`: the leaf's class is mutable, and drafts do not
// know it.
bool check_root(PyObject* leaf);

// In debug mode, `watch` gets a function that finds mutable leaves that were edited in place.
// False: an error is set.
bool watch_leaves(PyObject* value, Ref& watch);
// Calls that function. False: a RecipeError is set, because a leaf was edited in place.
bool check_leaves(const Ref& watch);

int add_draft_root(PyObject* module);

}  // namespace halflife::bindings
