// The draft of a record. Fields are attributes; methods and properties of the record's class run
// with the draft as `self`, so that they read and edit it. Its __class__ is the record's class:
// isinstance(), super() and class patterns in `match` take it for a record.
#pragma once

#include "draft_object.hpp"
#include "record_type.hpp"

namespace halflife::bindings {

// The class of the record that the draft edits. The draft must not be revoked.
inline PyTypeObject* record_class(const draft::Draft& draft) {
  return Py_TYPE(to_object(draft.base));
}

// For drafts of NamedTuples: a tuple of all fields, with drafts of containers.
PyObject* named_tuple_elements(PyObject* self);

// Type slots that call the record's class's methods for operators and built-in functions.
PyObject* record_str(PyObject* self);
PyObject* record_iter(PyObject* self);
PyObject* record_subscript(PyObject* self, PyObject* key);
int record_assign(PyObject* self, PyObject* key, PyObject* value);
Py_ssize_t record_length(PyObject* self);
int record_contains(PyObject* self, PyObject* value);
int record_bool(PyObject* self);
PyObject* record_format(PyObject* self, PyObject* spec);

template <PyObject* (*operate)(PyObject*, PyObject*)>
PyObject* record_binary(PyObject* one, PyObject* other) {
  Ref left = Ref::take(plain_or_self(one));
  Ref right = Ref::take(left ? plain_or_self(other) : nullptr);
  return right ? operate(left.get(), right.get()) : nullptr;
}

template <PyObject* (*operate)(PyObject*)>
PyObject* record_unary(PyObject* self) {
  Ref value = Ref::take(current_value(self));
  return value ? operate(value.get()) : nullptr;
}

}  // namespace halflife::bindings
