// A run: one execution of an async read. The graph makes it, the Python side's driver executes it
// and tells the graph how it ended; a run that was superseded tells in vain.
#pragma once

#include <cstdint>

#include "../support/python.hpp"
#include "atom_object.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

// How a run ended of which the store took the result.
enum class Ended : std::uint8_t { no, well, failed, cancelled };

struct RunObject {
  PyObject_HEAD PyObject* store;  // keeps the store alive while the run is in flight
  PyObject* atom;
  PyObject* returned;  // what a plain read returned, or a source was set to; else null
  PyObject* signal;    // made when it is asked for
  PyObject* task;      // the driver's
  Generation generation;
  Ended ended;
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
// Raises what a run that is not the newest one any more must be told: that it has ended, or that it
// was superseded.
PyObject* raise_not_current(RunObject* run);
// What the `get` of a run does; null with an error set.
PyObject* read_in_run(RunObject* run, StoreObject* store, AtomObject* atom);
// The run of this node, if the current task executes it; null if not.
RunObject* run_of_this_task(graph::Node& node);

int add_run_types(PyObject* module);

}  // namespace halflife::bindings
