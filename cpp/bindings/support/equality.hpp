// When does a value count as another one? By identity, and by == only where == is harmless: exact
// built-in scalars of one type and tuples of them. No __eq__ of a user's class, and so none of
// numpy or pandas, is ever called, unless the atom was given an `equals`.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// The default rule.
bool same_value(PyObject* one, PyObject* other);

// equals="deep": the same rule through plain dict, list, tuple, set and frozenset, and through
// records of one class, field by field. Iteratively.
bool same_deep(PyObject* one, PyObject* other);

// How our own values (loadables, patches) compare what they hold when a person or a test asks with
// ==: by structure, or else by the == of the user's objects. One that raises, or whose answer has
// no truth (an array), says "different". -1 with an error set that is no Exception.
int equal_for_people(PyObject* one, PyObject* other);

}  // namespace halflife::bindings
