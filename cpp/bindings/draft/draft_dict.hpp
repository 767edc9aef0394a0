// What the drafts of dicts and of their subclasses share.
#pragma once

#include "draft_object.hpp"

namespace halflife::bindings {

// KeyError, unless an error is set already; null.
PyObject* missing_key(PyObject* key);

// A plain dict of the entries of a draft; containers among them are drafts. Null on an error.
PyObject* dict_copy(PyObject* self, PyObject*);

// The keys of a plain dict, or of an instance of a subclass, in their order: a new list.
PyObject* keys_in_order(PyObject* dict);

// Erases a key; false: an error is set, a KeyError if there is no such key.
bool dict_erase(const DraftAccess& access, PyObject* key);

// Takes an entry out; a new pair, null on an error.
PyObject* dict_take_out(const DraftAccess& access, PyObject* key);

// Puts in all entries of a plain dict.
bool dict_put_all(const DraftAccess& access, PyObject* entries);

// The value at a key as the class of the base gives it, or what its __missing__ makes of the key.
PyObject* subclass_subscript(PyObject* self, PyObject* key);

// An object of the class of the base with the draft's contents; containers among them are drafts.
PyObject* subclass_copy(PyObject* self, PyObject*);

// The class's method, bound to the draft; null without an error: it has none.
Ref subclass_method(PyObject* self, const char* name);

// Attributes of drafts whose class is no built-in container: what the class and the object have
// beside the contents can be read.
PyObject* subclass_attribute(PyObject* self, PyObject* name);
int subclass_set_attribute(PyObject* self, PyObject* name, PyObject* value);

#define HALFLIFE_SUBCLASS_SLOTS \
  {Py_tp_getattro, as_slot(subclass_attribute)}, { Py_tp_setattro, as_slot(subclass_set_attribute) }

}  // namespace halflife::bindings
