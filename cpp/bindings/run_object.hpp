// A run: one execution of an async read. The graph makes it, the Python side's driver executes it
// and tells the graph how it ended; a run that was superseded tells in vain.
#pragma once

#include "atom_object.hpp"
#include "python.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

struct RunObject {
  PyObject_HEAD PyObject* store;  // keeps the store alive while the run is in flight
  PyObject* atom;
  PyObject* awaitable;  // what a plain read returned, or a source was set to; else null
  PyObject* signal;     // made when it is asked for
  PyObject* task;       // the driver's
  Generation generation;
};

// The `get` of one run: what it reads is recorded for that run only.
struct RunGetterObject {
  PyObject_HEAD vectorcallfunc call;
  PyObject* run;
};

PyObject* make_run_object(StoreObject* store, graph::Node& node, Generation generation);
inline RunObject* as_run(PyObject* object) { return reinterpret_cast<RunObject*>(object); }

// The node the run belongs to, if it is still the newest run of it; else null.
graph::Node* current_node(RunObject* run);
PyObject* raise_superseded(RunObject* run);

int add_run_types(PyObject* module);

}  // namespace halflife::bindings
