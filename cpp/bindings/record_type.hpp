// What drafts know of a class of records: its fields, and how to make another record with some of
// them changed. It is found out once per class by halflife._records, and forgotten with the class.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

struct RecordType {
  PyObject* weak = nullptr;       // to the class
  PyObject* fields = nullptr;     // tuple of interned str; null: not a class of records
  PyObject* positions = nullptr;  // dict: field -> position
  PyObject* rebuild = nullptr;    // (record, changes: dict) -> record
  bool keeps = false;             // the fields that no edit touched are put back after rebuilding
};

// Null: objects of this class are leaves. Runs no code of the user's; never fails.
const RecordType* record_type(PyTypeObject* type);

// A field's value as it is stored, borrowed from the record; null: it was never set.
PyObject* stored_field(PyObject* record, const RecordType& type, PyObject* name);

// How many fields are set.
Py_ssize_t stored_fields(PyObject* record, const RecordType& type);

// A new dict of the fields that are set; null on an error.
PyObject* copy_fields(PyObject* record, const RecordType& type);

// A new record like `like` with these fields; null on an error.
PyObject* rebuild_record(PyObject* like, PyObject* fields);

}  // namespace halflife::bindings
