// What drafts know of a class: what kind of container its objects are, which fields they have, and
// how to make another one with some of it changed. It is found out once per class by
// halflife._support.records, and forgotten with the class.
#pragma once

#include "../../core/draft/model.hpp"
#include "../support/python.hpp"

namespace halflife::bindings {

struct RecordType {
  PyObject* weak = nullptr;       // to the class
  PyObject* fields = nullptr;     // tuple of interned str
  PyObject* positions = nullptr;  // dict: field -> position
  PyObject* rebuild = nullptr;    // (record, changes, gone) -> record; (container, contents) -> ...
  PyObject* more = nullptr;       // the attribute with a dict of further fields, or None
  PyObject* hidden = nullptr;     // frozenset: what is in that dict and is no field
  draft::Kind kind = draft::Kind::leaf;
  bool keeps = false;     // untouched fields that come out equal stay the objects they were
  bool optional = false;  // no field need be set: any may be deleted
};

// Null: objects of this class are leaves, or exact built-in containers. Runs no code of the user's;
// never fails.
const RecordType* record_type(PyTypeObject* type);

// A class was registered: what was found out about it before is forgotten.
PyObject* forget_class(PyObject* module, PyObject* type);

// A field's value as it is stored, borrowed from the record; null: it was never set.
PyObject* stored_field(PyObject* record, const RecordType& type, PyObject* name);

// Can a field of this name be set? (Of fields that come and go: is the name allowed?)
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
