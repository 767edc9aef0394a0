// A record type is what drafts know of a class: what kind of container its objects are, which
// fields they have, and how to make a changed copy. halflife._support.draftable describes each
// class once; the record type is forgotten with the class.
#pragma once

#include "../../core/draft/model.hpp"
#include "../support/python.hpp"

namespace halflife::bindings {

struct RecordType {
  PyObject* weak = nullptr;       // weak reference to the class
  PyObject* fields = nullptr;     // tuple of interned str
  PyObject* positions = nullptr;  // dict: field -> position
  PyObject* rebuild = nullptr;    // (record, changes, gone) -> record; (container, contents) -> ...
  PyObject* more = nullptr;       // the attribute with a dict of further fields, or None
  PyObject* hidden = nullptr;     // frozenset: keys of that dict that are no fields
  draft::Kind kind = draft::Kind::leaf;
  bool keeps = false;     // see keep_untouched()
  bool optional = false;  // every field may be missing, so any may be deleted
};

// Null: objects of this class are leaves, or exact built-in containers. Runs no user code, and
// never fails.
const RecordType* record_type(PyTypeObject* type);

// Forgets the record type of a class, because the class was registered.
PyObject* forget_class(PyObject* module, PyObject* type);

// A field's stored value, borrowed from the record. Null: the field is not set.
PyObject* stored_field(PyObject* record, const RecordType& type, PyObject* name);

// Can a field of this name be set? Includes fields that the class does not declare, if it allows
// them.
bool takes_field(PyObject* record, const RecordType& type, PyObject* name);

// Walks the fields that are set, as Model::next does.
bool next_field(PyObject* record, const RecordType& type, std::size_t* cursor, PyObject** name,
                PyObject** value);

// How many fields are set.
Py_ssize_t stored_fields(PyObject* record, const RecordType& type);

// A new dict of the fields that are set; null on an error.
PyObject* copy_fields(PyObject* record, const RecordType& type);

// A new record like `like` with these fields, or a new container like it with these contents; null
// on an error.
PyObject* rebuild_record(PyObject* like, PyObject* fields);

}  // namespace halflife::bindings
