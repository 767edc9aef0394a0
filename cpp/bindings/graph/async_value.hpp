// AsyncValue: what `get` of an async atom gives. `state`, `done` and `result()` are those of the
// run it was made for; awaiting it gives the newest value, whichever run brings that.
#pragma once

#include "../support/python.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

struct AsyncValueObject {
  PyObject_HEAD PyObject* store;
  PyObject* atom;
  PyObject* reader;  // the run that asked, which receives what is awaited; or null
  PyObject* result;  // value, or error value; null until settled
  PyObject* weakrefs;
  Generation generation;
  bool error;
};

bool is_async_value(PyObject* object);

// A new reference, or null with an error set.
AsyncValueObject* async_value_of(StoreObject* store, graph::Node& node, PyObject* reader);

// The newest value of an AsyncValue for somebody who awaits it: itself while that is pending; null
// with the atom's error, or another, set.
PyObject* newest_asked(PyObject* value);

// The node has settled: its newest handle remembers what it was.
void fill(AsyncValueObject* value, const graph::Node& node);

int add_async_value_type(PyObject* module);

}  // namespace halflife::bindings
