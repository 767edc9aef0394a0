// Iterators over drafts, and the views of keys(), values() and items(). Both read the draft at each
// use: they show later edits, raise after changes of size, and are invalid once the draft is
// revoked.
#pragma once

#include "draft_object.hpp"

namespace halflife::bindings {

enum class Walk : unsigned char {
  keys,
  values,
  items,
  elements,  // of a list
  backwards,
  members,  // of a set
};

// An iterator; null on an error.
PyObject* iterate(PyObject* draft, Walk walk, bool reversed = false);

// The view that keys(), values() or items() of a dict's draft returns.
PyObject* make_view(PyObject* draft, Walk walk);

}  // namespace halflife::bindings
