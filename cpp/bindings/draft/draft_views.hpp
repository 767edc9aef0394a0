// Iterators over drafts, and the views that keys(), values() and items() give. Both look at the
// draft each time they are used: they show later edits, notice changes of size, and end with it.
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

// What keys(), values() or items() of a draft of a dict gives.
PyObject* make_view(PyObject* draft, Walk walk);

}  // namespace halflife::bindings
