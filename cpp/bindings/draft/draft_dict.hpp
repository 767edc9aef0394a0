// The draft of a dict: functions that drafts of dict subclasses use too.
#pragma once

#include "draft_object.hpp"

namespace halflife::bindings {

// Sets KeyError unless an error is set already. Returns null.
PyObject* missing_key(PyObject* key);

// A plain dict of the draft's entries, with drafts of containers. Null on an error.
PyObject* dict_copy(PyObject* self, PyObject*);

// The keys of a plain dict, or of an instance of a subclass, in their order: a new list.
PyObject* keys_in_order(PyObject* dict);

// Erases a key; false: an error is set, a KeyError if there is no such key.
bool dict_erase(const DraftAccess& access, PyObject* key);

// Erases an entry and returns it as a new pair; null on an error.
PyObject* dict_take_out(const DraftAccess& access, PyObject* key);

// Sets all entries of a plain dict.
bool dict_put_all(const DraftAccess& access, PyObject* entries);

// The value at a key, or else the result of the base's class's __missing__.
PyObject* subclass_subscript(PyObject* self, PyObject* key);

// An object of the base's class with the draft's contents, with drafts of containers.
PyObject* subclass_copy(PyObject* self, PyObject*);

// The class's method, bound to the draft. Null without an error: no such method.
Ref subclass_method(PyObject* self, const char* name);

// Attribute access for drafts of subclasses: attributes of the class and of the object can be read,
// not edited.
PyObject* subclass_attribute(PyObject* self, PyObject* name);
int subclass_set_attribute(PyObject* self, PyObject* name, PyObject* value);

#define HALFLIFE_SUBCLASS_SLOTS \
  {Py_tp_getattro, as_slot(subclass_attribute)}, { Py_tp_setattro, as_slot(subclass_set_attribute) }

}  // namespace halflife::bindings
