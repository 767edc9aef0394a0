// Two values are the same if they are one object, or equal scalars of one type, or tuples of such
// values. Atoms tell by this rule whether a value has changed. Scalars are exact built-in types,
// library scalars (dates, times, Decimal, UUID) and enums. The == of other classes, such as numpy's
// or pandas', is never called, unless the atom was given an `equals`.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// Is it one of the scalar types of the standard library? halflife._support.equality lists them.
bool is_library_scalar(PyTypeObject* type);

// For int, str and bytes, whose == cannot fail and returns True or False: calls the type slot
// directly, which is faster than PyObject_RichCompare.
inline bool equal_built_ins(PyTypeObject* type, PyObject* one, PyObject* other) {
  PyObject* equal = type->tp_richcompare(one, other, Py_EQ);
  Py_XDECREF(equal);
  return equal == Py_True;
}

// The default rule.
bool same_value(PyObject* one, PyObject* other);

// The rule of equals="deep": also walks into plain dict, list, set and frozenset, and into records
// of one class, field by field. Iterative.
bool same_deep(PyObject* one, PyObject* other);

// Compares the contents of this package's own values (loadables, patches) for their ==: by
// same_deep(), or else by the == of the user's objects. If that == raises an Exception or returns
// something without a truth value (an array), they are different. -1: an error is set, such as
// KeyboardInterrupt.
int equal_for_people(PyObject* one, PyObject* other);

}  // namespace halflife::bindings
