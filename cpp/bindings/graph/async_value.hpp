// AsyncValue: the object that `get` returns for an async atom. `state`, `done` and `result()`
// belong to the run for which it was made; awaiting it gives the newest value, of whichever run.
#pragma once

#include "../support/python.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

struct AsyncValueObject {
  PyObject_HEAD PyObject* store;
  PyObject* atom;
  PyObject* reader;  // the run that read the atom, and receives the awaited value; or null
  PyObject* result;  // value, or error value; null until settled
  PyObject* weakrefs;
  Generation generation;
  bool error;
};

bool is_async_value(PyObject* object);

// A new reference, or null with an error set.
AsyncValueObject* async_value_of(StoreObject* store, graph::Node& node, PyObject* reader);

// The newest value, for an await: the AsyncValue itself while the atom is pending; null with the
// atom's error, or another one, set.
PyObject* newest_asked(PyObject* value);

// The node has settled: its newest handle keeps the result.
void fill(AsyncValueObject* value, const graph::Node& node);

int add_async_value_type(PyObject* module);

}  // namespace halflife::bindings
