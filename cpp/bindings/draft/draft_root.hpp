// The root is the whole value that a recipe edits. One that is a leaf is replaced by what the
// recipe returns; an object that could be edited in place, unnoticed, is refused.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

// False, with a TypeError set that names `draftable`: a leaf of a class that drafts do not know,
// and whose objects are mutable.
bool check_root(PyObject* leaf);

// In debug mode, notes what the mutable leaves in a value look like. False: an error is set.
bool watch_leaves(PyObject* value, Ref& watch);
// Has any of them been edited in place since? False: a RecipeError is set.
bool check_leaves(const Ref& watch);

int add_draft_root(PyObject* module);

}  // namespace halflife::bindings
