// A cache key is the form of a user's key in which equal objects are the same key: `1`, `True`,
// `1.0` and `"1"` differ, a list is like a tuple, and a key that is no sequence is a sequence of
// one. A key of plain values, or a flat sequence of them, gets its form here; a Python function
// makes the form of the others.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

// The form of `key`; null with an error set if it is no key. For keys that are not flat it is the
// result of `nested_form(key, method)`, a tuple of pairs; no form that is made here equals one.
Ref cache_key(PyObject* key, PyObject* nested_form, PyObject* method);

int add_cache_keys();

}  // namespace halflife::bindings
