// A run: one execution of an async read. The graph makes the run, and the driver executes it and
// tells the graph how it ended. The graph ignores the result of a superseded run.
#pragma once

#include <cstdint>

#include "../support/python.hpp"
#include "atom_object.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

// How a run ended whose result the store accepted.
enum class Ended : std::uint8_t { no, well, failed, cancelled };

struct RunObject {
  PyObject_HEAD PyObject* store;  // keeps the store alive while the run is in flight
  PyObject* atom;
  PyObject* returned;  // awaitable of a plain read, or set to a source; else null
  PyObject* signal;    // made when it is first needed
  PyObject* task;      // the driver's
  Generation generation;
  Ended ended;
};

// The `get` of one run: records inputs for that run only.
struct RunGetterObject {
  PyObject_HEAD vectorcallfunc call;
  PyObject* run;
};

PyObject* make_run_object(StoreObject* store, graph::Node& node, Generation generation);
inline RunObject* as_run(PyObject* object) { return reinterpret_cast<RunObject*>(object); }

// The node of the run, if the run is still the node's newest; else null.
graph::Node* current_node(RunObject* run);
// Raises the error for a run that is not the newest any more: it has ended, or was superseded.
PyObject* raise_not_current(RunObject* run);
// Reads an atom on behalf of the run; null with an error set.
PyObject* read_in_run(RunObject* run, StoreObject* store, AtomObject* atom);
// The run of this node, if the current task executes it; null if not.
RunObject* run_of_this_task(graph::Node& node);

int add_run_types(PyObject* module);

}  // namespace halflife::bindings
