#include "async_value.hpp"

#include <structmember.h>

#include <cstddef>
#include <vector>

#include "../support/error_value.hpp"
#include "../support/heap_type.hpp"
#include "awaiter.hpp"
#include "run_object.hpp"
#include "wall.hpp"

namespace halflife::bindings {

namespace {

AsyncValueObject* as_async_value(PyObject* object) {
  return reinterpret_cast<AsyncValueObject*>(object);
}

// The generation of the run whose result will be the newest value. An outdated run has stopped, or
// is about to.
Generation newest_generation(const graph::AsyncState& state) {
  return state.generation + (state.outdated ? 1 : 0);
}

}  // namespace

bool is_async_value(PyObject* object) { return Py_TYPE(object) == registry().async_value; }

void fill(AsyncValueObject* value, const graph::Node& node) {
  if (value->result != nullptr || node.value == nullptr) return;
  value->result = Py_NewRef(static_cast<PyObject*>(node.value));
  value->error = node.is(graph::flag::error);
}

AsyncValueObject* async_value_of(StoreObject* store, graph::Node& node, PyObject* reader) {
  graph::AsyncState& state = *node.async();
  const bool pending = state.pending();
  const Generation generation = newest_generation(state);
  if (reader == nullptr && state.handle != nullptr) {
    auto* known = static_cast<AsyncValueObject*>(state.handle);
    const bool same = known->generation == generation &&
                      known->result == (pending ? nullptr : static_cast<PyObject*>(node.value));
    if (same) return reinterpret_cast<AsyncValueObject*>(Py_NewRef(as_object(known)));
  }
  auto* value = PyObject_GC_New(AsyncValueObject, registry().async_value);
  if (value == nullptr) return nullptr;
  value->store = Py_NewRef(store->self);
  value->atom = Py_NewRef(static_cast<PyObject*>(node.atom));
  value->reader = Py_XNewRef(reader);
  value->result = nullptr;
  value->weakrefs = nullptr;
  value->generation = generation;
  value->error = false;
  if (!pending) fill(value, node);
  if (reader == nullptr) state.handle = value;
  PyObject_GC_Track(value);
  return value;
}

namespace {

void detach(AsyncValueObject* value) {
  if (value->store == nullptr || value->reader != nullptr) return;
  StoreObject* store = store_of(value->store);
  if (store == nullptr) {
    PyErr_Clear();
    return;
  }
  graph::Node* node = store->known_node(as_atom(value->atom));
  if (node == nullptr || node->async() == nullptr) return;
  if (node->async()->handle == value) node->async()->handle = nullptr;
}

using References = Owned<AsyncValueObject, &AsyncValueObject::store, &AsyncValueObject::atom,
                         &AsyncValueObject::reader, &AsyncValueObject::result>;

int clear(PyObject* self) {
  detach(as_async_value(self));
  return References::clear(self);
}

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (as_async_value(self)->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  clear(self);
  free_object(self);
}

PyObject* give(PyObject* result, bool error) {
  return error ? raise_error_value(result) : Py_NewRef(result);
}

// The store, entered; null with an error set. (`newest` answers for a closed store.)
StoreObject* entered(AsyncValueObject* value) {
  if (value->store == nullptr) {
    PyErr_SetString(registry().store_closed, "the store of this value is gone");
    return nullptr;
  }
  StoreObject* store = store_of(value->store);
  return store != nullptr && store->enter() ? store : nullptr;
}

// Was this AsyncValue given by the `get` of a run that has not ended? Then awaiting it is a read by
// that run.
bool is_input(const AsyncValueObject* value) {
  return value->reader != nullptr && as_run(value->reader)->ended == Ended::no;
}

// Does a run await this here? It has read the atom, perhaps by the `get` of a plain read.
bool waits_in_run() {
  Ref answer = Ref::take(PyObject_CallNoArgs(registry().is_in_run));
  if (!answer) PyErr_WriteUnraisable(registry().is_in_run);
  return answer.get() == Py_True;
}

// The newest value if it is settled; Py_None-like `self` if it is pending; null with an error set.
PyObject* newest(AsyncValueObject* value, bool asked) {
  if (value->store != nullptr && value->result != nullptr) {
    StoreObject* store = store_of(value->store);
    if (store != nullptr && store->closed()) return give(value->result, value->error);
  }
  StoreObject* store = entered(value);
  if (store == nullptr) return nullptr;
  // After that run has ended, whoever awaits this waits on its own behalf.
  const bool is_read = is_input(value);
  const bool outside = asked && !is_read && !(store->graph.has_unstarted() && waits_in_run());
  graph::Node* node = store->node_of(as_atom(value->atom));
  if (node == nullptr) return nullptr;
  const bool ok =
      asked && !is_read ? store->graph.ensure_asked(*node, outside) : store->graph.ensure(*node);
  if (!ok) return nullptr;
  if (node->pending()) return Py_NewRef(as_object(value));
  if (is_read) {
    graph::Node* reader = current_node(as_run(value->reader));
    if (reader == nullptr) return raise_not_current(as_run(value->reader));
    store->graph.received(*reader, as_run(value->reader)->generation, *node);
  }
  if (node->async() == nullptr || value->generation == node->async()->generation) {
    fill(value, *node);
  }
  if (node->is(graph::flag::error)) return store->raise_error(*node);
  return Py_NewRef(static_cast<PyObject*>(node->value));
}

}  // namespace

PyObject* newest_asked(PyObject* value) { return newest(as_async_value(value), true); }

namespace {

PyObject* await(PyObject* self) {
  AsyncValueObject* value = as_async_value(self);
  Ref now = Ref::take(newest(value, true));
  if (!now) {
    // The settled error is raised by the await, which is this call.
    return nullptr;
  }
  if (now.get() != self) return make_awaiter(self);
  return PyObject_CallOneArg(registry().wait, self);
}

PyObject* poll(PyObject* self, PyObject*) { return newest(as_async_value(self), false); }

PyObject* add_waiter(PyObject* self, PyObject* future) {
  AsyncValueObject* value = as_async_value(self);
  StoreObject* store = entered(value);
  if (store == nullptr) return nullptr;
  graph::Node* node = store->node_of(as_atom(value->atom));
  if (node == nullptr || !store->add_waiter(*node, future, true)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* rearm(PyObject* self, PyObject* future) {
  AsyncValueObject* value = as_async_value(self);
  StoreObject* store = entered(value);
  if (store == nullptr) return nullptr;
  graph::Node* node = store->node_of(as_atom(value->atom));
  if (node == nullptr || !store->add_waiter(*node, future, false)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* remove_waiter(PyObject* self, PyObject* future) {
  AsyncValueObject* value = as_async_value(self);
  if (value->store == nullptr) Py_RETURN_NONE;
  StoreObject* store = store_of(value->store);
  if (store == nullptr || store->closed()) {
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  if (graph::Node* node = store->known_node(as_atom(value->atom)))
    store->remove_waiter(*node, future);
  Py_RETURN_NONE;
}

PyObject* result(PyObject* self, PyObject*) {
  AsyncValueObject* value = as_async_value(self);
  if (value->result == nullptr) {
    PyErr_Format(registry().not_settled, "%s is not settled yet: await the value",
                 atom_name(as_atom(value->atom)));
    return nullptr;
  }
  if (value->reader != nullptr) {
    StoreObject* store = entered(value);
    graph::Node* reader = store == nullptr ? nullptr : current_node(as_run(value->reader));
    graph::Node* node = store == nullptr ? nullptr : store->known_node(as_atom(value->atom));
    if (reader != nullptr && node != nullptr) {
      store->graph.received(*reader, as_run(value->reader)->generation, *node);
    }
    PyErr_Clear();
  }
  return give(value->result, value->error);
}

PyObject* get_done(PyObject* self, void*) {
  return PyBool_FromLong(as_async_value(self)->result != nullptr);
}

PyObject* get_state(PyObject* self, void*) {
  AsyncValueObject* value = as_async_value(self);
  const char* state = "superseded";
  if (value->result != nullptr) {
    state = value->error ? "hasError" : "hasData";
  } else if (value->store != nullptr) {
    StoreObject* store = store_of(value->store);
    graph::Node* node = store == nullptr ? nullptr : store->known_node(as_atom(value->atom));
    PyErr_Clear();
    if (node != nullptr && node->pending() &&
        value->generation >= newest_generation(*node->async())) {
      state = "loading";
    }
  }
  return PyUnicode_InternFromString(state);
}

PyObject* get_atom(PyObject* self, void*) {
  PyObject* atom = as_async_value(self)->atom;
  return Py_NewRef(atom == nullptr ? Py_None : atom);
}

PyObject* get_store(PyObject* self, void*) {
  PyObject* store = as_async_value(self)->store;
  return Py_NewRef(store == nullptr ? Py_None : store);
}

PyObject* get_is_read(PyObject* self, void*) {
  return PyBool_FromLong(is_input(as_async_value(self)));
}

PyObject* repr(PyObject* self) { return PyObject_CallOneArg(registry().show_async_value, self); }

PyObject* format(PyObject* self, PyObject*) { return refuse(self, "be formatted"); }

// A copy would be another handle of the same run.
PyObject* itself(PyObject* self, PyObject*) { return Py_NewRef(self); }

PyObject* reduce(PyObject* self, PyObject*) {
  PyErr_Format(PyExc_TypeError,
               "the AsyncValue of %s cannot be pickled: it belongs to its store; pickle the value:"
               " await get(%s)",
               atom_name(as_atom(as_async_value(self)->atom)),
               atom_name(as_atom(as_async_value(self)->atom)));
  return nullptr;
}

PyObject* repr_html(PyObject* self, PyObject*) {
  return PyObject_CallOneArg(registry().show_async_value_html, self);
}

PyGetSetDef properties[] = {
    {"done", get_done, nullptr, "Has this run settled?", nullptr},
    {"state", get_state, nullptr, "loading, hasData, hasError or superseded.", nullptr},
    {"atom", get_atom, nullptr, "The atom whose value it is.", nullptr},
    {"store", get_store, nullptr, "The store it came from.", nullptr},
    {"_is_read", get_is_read, nullptr, "Was it given by the get of a run that goes on?", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMethodDef methods[] = {
    {"result", result, METH_NOARGS, "This run's data; raises its error, or NotSettledError."},
    {"_poll", poll, METH_NOARGS, "The newest value, or this object while that is pending."},
    {"_add_waiter", add_waiter, METH_O, "A future to wake; from now on somebody waits."},
    {"_rearm", rearm, METH_O, "The next future to wake, of somebody who waits already."},
    {"_remove_waiter", remove_waiter, METH_O, "Whoever waited does not wait any more."},
    {"_repr_html_", repr_html, METH_NOARGS, "How a notebook shows it."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "AsyncValue[int]"},
    {"__format__", format, METH_O, nullptr},
    {"__copy__", itself, METH_NOARGS, nullptr},
    {"__deepcopy__", itself, METH_O, nullptr},
    {"__reduce_ex__", reduce, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(AsyncValueObject, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace

int add_async_value_type(PyObject* module) {
  std::vector<PyType_Slot> slots = {
      {Py_tp_doc, const_cast<char*>("The value of an async atom; awaitable any number of times.")},
      {Py_tp_dealloc, as_slot(dealloc)},
      {Py_tp_traverse, as_slot(References::traverse)},
      {Py_tp_clear, as_slot(clear)},
      {Py_tp_repr, as_slot(repr)},
      {Py_am_await, as_slot(await)},
      {Py_tp_getset, properties},
      {Py_tp_methods, methods},
      {Py_tp_members, members},
  };
  add_wall_slots(slots);
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"halflife._core.AsyncValue", sizeof(AsyncValueObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      slots.data()};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr || add_wall_methods(type) < 0) return -1;
  registry().async_value = reinterpret_cast<PyTypeObject*>(type);
  return PyModule_AddObjectRef(module, "AsyncValue", type);
}

}  // namespace halflife::bindings
