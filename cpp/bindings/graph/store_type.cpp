// StoreBase: the native part of halflife.Store. The hot methods are plain C methods, added to the
// pybind11 type; the rest is ordinary pybind11.
#include "store_type.hpp"

#include <pybind11/stl.h>

#include "../support/copying.hpp"
#include "callables.hpp"
#include "snapshot.hpp"
#include "store_object.hpp"

namespace py = pybind11;

namespace halflife::bindings {

// A pybind11 instance of a simple type keeps its value pointer first; null before __init__ ran.
StoreObject* store_of(PyObject* object) {
  auto* instance = reinterpret_cast<py::detail::instance*>(object);
  if (instance->simple_layout) [[likely]] {
    auto* store = static_cast<StoreObject*>(instance->simple_value_holder[0]);
    if (store != nullptr) [[likely]]
      return store;
  }
  PyErr_SetString(PyExc_TypeError, "Store.__init__ was not called");
  return nullptr;
}

// pybind11 passes any `self` on: Store.subscribe(5, ...) arrives here.
StoreObject* store_argument(PyObject* object) {
  if (PyObject_TypeCheck(object, registry().store)) return store_of(object);
  PyErr_Format(PyExc_TypeError, "expected a Store, got an object of type %s",
               Py_TYPE(object)->tp_name);
  return nullptr;
}

namespace {

StoreObject* enter(PyObject* self) {
  StoreObject* store = store_of(self);
  return store != nullptr && store->enter_outside() ? store : nullptr;
}

PyObject* store_get(PyObject* self, PyObject* atom) {
  if (!is_atom(atom)) return not_an_atom("Store.get()", atom);
  StoreObject* store = enter(self);
  return store == nullptr ? nullptr : store->get(as_atom(atom));
}

PyObject* store_set(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (count < 1) {
    PyErr_SetString(PyExc_TypeError, "Store.set() takes an atom and a value");
    return nullptr;
  }
  if (!is_atom(args[0])) return not_an_atom("Store.set()", args[0]);
  StoreObject* store = enter(self);
  return store == nullptr ? nullptr : store->set(as_atom(args[0]), args + 1, count - 1);
}

PyObject* store_update(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "Store.update() takes an atom and a function");
    return nullptr;
  }
  if (!is_atom(args[0])) return not_an_atom("Store.update()", args[0]);
  StoreObject* store = enter(self);
  return store == nullptr ? nullptr : store->update(as_atom(args[0]), args[1]);
}

PyObject* store_refresh(PyObject* self, PyObject* atom) {
  if (!is_atom(atom)) return not_an_atom("Store.refresh()", atom);
  StoreObject* store = enter(self);
  return store == nullptr ? nullptr : store->refresh(as_atom(atom));
}

PyMethodDef grafted[] = {
    {"get", store_get, METH_O, "get($self, a, /)\n--\n\nThe value of an atom."},
    {"set", as_function(store_set), METH_FASTCALL,
     "set($self, a, /, *args)\n--\n\nSets an atom, or runs an action."},
    {"update", as_function(store_update), METH_FASTCALL,
     "update($self, a, fn, /)\n--\n\nSets an atom to fn(its value)."},
    {"refresh", store_refresh, METH_O, "refresh($self, a, /)\n--\n\nRuns a derived atom again."},
};

void graft(PyObject* type) {
  for (PyMethodDef& method : grafted) {
    PyObject* descriptor = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), &method);
    if (descriptor == nullptr || PyObject_SetAttrString(type, method.ml_name, descriptor) < 0) {
      throw py::error_already_set();
    }
    Py_DECREF(descriptor);
  }
}

// Traversal may see an object whose __init__ has not run.
StoreObject* constructed(PyObject* self) {
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
  return static_cast<StoreObject*>(instance->simple_value_holder[0]);
}

// Like py::init; besides, the new store remembers its Python object.
void construct(py::detail::value_and_holder& place) {
  if (!place.inst->simple_layout) {
    throw py::type_error("Store cannot be combined with another native class");
  }
  auto* store = new StoreObject;
  store->self = reinterpret_cast<PyObject*>(place.inst);
  place.value_ptr() = store;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  StoreObject* store = constructed(self);
  return store == nullptr ? 0 : store->traverse(visit, arg);
}

int clear(PyObject* self) {
  if (StoreObject* store = constructed(self)) store->collect(true);
  return 0;
}

void collectable(PyHeapTypeObject* heap_type) {
  PyTypeObject* type = &heap_type->ht_type;
  type->tp_flags |= Py_TPFLAGS_HAVE_GC;
  type->tp_traverse = traverse;
  type->tp_clear = clear;
}

StoreObject& entered(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr || !store->enter_outside()) throw py::error_already_set();
  return *store;
}

AtomObject* atom_argument(const char* where, py::handle atom) {
  if (is_atom(atom.ptr())) return as_atom(atom.ptr());
  not_an_atom(where, atom.ptr());
  throw py::error_already_set();
}

void initialize(py::handle self, py::handle driver, bool grace, bool reports) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  store->grace = grace;
  store->reports = reports;
  store->driver.set(driver.ptr());
}

void override_atom(py::handle self, py::handle atom, py::handle instead, bool follows) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  store->override_atom(atom_argument("overrides", atom), instead.ptr(), follows);
}

void enter_store(py::handle self) { entered(self); }

void expire(py::handle self, py::handle atom) {
  StoreObject& store = entered(self);
  graph::Node* node = store.known_node(atom_argument("_expire()", atom));
  if (node == nullptr || store.graph.expire(*node)) return;
  // The caller is a timer.
  if (!store.report_exception(nullptr)) throw py::error_already_set();
}

void flush_at_end_of_tick(py::handle self, bool deferred) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  if (store->closed()) return;
  if (!store->enter()) throw py::error_already_set();
  if (deferred) {
    store->graph.flush_deferred();
  } else {
    store->graph.flush();
  }
  if (PyErr_Occurred() != nullptr && !store->report_exception(nullptr)) {
    throw py::error_already_set();
  }
}

void log_events(py::handle self, bool on) {
  StoreObject& store = entered(self);
  store.logs_events = on;
  store.graph.set_logging(on);
}

void write_log(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  store->run_errands();
}

void set_hydrating(py::handle self, bool hydrating) { entered(self).hydrating = hydrating; }

py::object invariant(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  const char* broken = store->graph.invariant();
  return broken == nullptr ? py::object(py::none()) : py::str(broken);
}

// Each input comes with the stamp that it had when the value was derived from it; 0: its present
// stamp.
void adopt(py::handle self, py::handle atom, py::object value, const py::list& inputs,
           const std::vector<std::uint64_t>& stamps, bool refreshing) {
  StoreObject& store = entered(self);
  graph::Node* node = store.node_of(atom_argument("_adopt()", atom));
  if (node == nullptr) throw py::error_already_set();
  std::vector<graph::Node*> nodes;
  std::vector<Stamp> seen;
  for (std::size_t index = 0; index < inputs.size(); ++index) {
    graph::Node* one = store.node_of(atom_argument("_adopt()", inputs[index]));
    if (one == nullptr) throw py::error_already_set();
    Stamp stamp = stamps[index] != 0 ? stamps[index] : one->changed_at;
    if (stamp == 0) {  // the input was never computed
      if (!store.graph.ensure(*one)) throw py::error_already_set();
      stamp = one->changed_at;
    }
    nodes.push_back(one);
    seen.push_back(stamp);
  }
  store.graph.adopt(*node, value.release().ptr(), nodes, seen, refreshing);
}

// The stamp of the atom's last change in this store; 0: it has no state here, or was never
// computed.
std::uint64_t stamp_of_atom(py::handle self, py::handle atom) {
  StoreObject& store = entered(self);
  const graph::Node* node = store.known_node(store.read_instead(atom_argument("_stamp()", atom)));
  return node == nullptr ? 0 : node->changed_at;
}

// Like `get`, for a caller that has read the atom before: runs that were cancelled meanwhile do not
// start again.
py::object get_again(py::handle self, py::handle atom) {
  StoreObject& store = entered(self);
  graph::Node* node = store.node_of(atom_argument("_get_again()", atom));
  if (node == nullptr || !store.graph.ensure_asked(*node, false)) throw py::error_already_set();
  Ref result = Ref::take(store.result(*node));
  if (!result) throw py::error_already_set();
  return py::reinterpret_borrow<py::object>(result.get());
}

// Makes an atom current without starting a run; false if a run would be needed.
bool settle(py::handle self, py::handle atom) {
  StoreObject& store = entered(self);
  graph::Node* node = store.node_of(atom_argument("_settle()", atom));
  if (node == nullptr) throw py::error_already_set();
  const bool before = std::exchange(store.starts_nothing, true);
  const bool ok = store.graph.ensure(*node);
  store.starts_nothing = before;
  if (ok) return !node->pending();
  if (PyErr_ExceptionMatches(PyExc_Exception) == 0) throw py::error_already_set();
  PyErr_Clear();
  return false;
}

void close_store(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  if (store->closed()) return;
  if (!store->enter() || !store->graph.writable_now()) throw py::error_already_set();
  store->close();
}

bool is_closed(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  return store->closed();
}

std::uint64_t moment(py::handle self) { return entered(self).graph.moment(); }

std::size_t pending_runs(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  return store->graph.pending_runs();
}

bool in_batch(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  return store->graph.in_batch();
}

std::uint64_t outer_batch(py::handle self) {
  StoreObject* store = store_argument(self.ptr());
  if (store == nullptr) throw py::error_already_set();
  return store->graph.outer_batch();
}

}  // namespace

void bind_store(py::module_& module) {
  py::class_<StoreObject> type(module, "StoreBase", py::custom_type_setup(collectable));
  registry().store = reinterpret_cast<PyTypeObject*>(type.ptr());
  type.def("__init__", &construct, py::detail::is_new_style_constructor())
      .def("_initialize", &initialize)
      .def("_enter", &enter_store)
      .def("_override", &override_atom)
      .def("_expire", &expire)
      .def("_flush", &flush_at_end_of_tick, py::kw_only(), py::arg("deferred"))
      .def("_log_events", &log_events)
      .def("_write_log", &write_log)
      .def("_set_hydrating", &set_hydrating)
      .def("_invariant", &invariant)
      .def("_adopt", &adopt)
      .def("_stamp", &stamp_of_atom)
      .def("_settle", &settle)
      .def("_get_again", &get_again)
      .def("_dispose", &close_store)
      .def("_snapshot", &snapshot)
      .def("_chain", &chain)
      .def("_moment", &moment)
      .def("_peek", &peek)
      .def("_is_known", &is_known)
      .def("_waiting_for", &waiting_for)
      .def_property_readonly("_in_batch", &in_batch)
      .def_property_readonly("_outer_batch", &outer_batch)
      .def_property_readonly("_pending_runs", &pending_runs)
      .def_property_readonly("closed", &is_closed, "Whether the store was closed.");
  graft(type.ptr());
  refuse_copies(type.ptr());
}

}  // namespace halflife::bindings
