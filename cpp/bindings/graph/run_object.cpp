#include "run_object.hpp"

#include <structmember.h>

#include <cstddef>

#include "../support/copying.hpp"
#include "../support/error_value.hpp"
#include "../support/heap_type.hpp"
#include "../support/returned.hpp"
#include "async_value.hpp"
#include "callables.hpp"

namespace halflife::bindings {

PyObject* make_run_object(StoreObject* store, graph::Node& node, Generation generation) {
  auto* run = PyObject_GC_New(RunObject, registry().run);
  if (run == nullptr) return nullptr;
  const graph::AsyncState& state = *node.async();
  auto* returned = static_cast<PyObject*>(state.awaitable);
  const bool by_definition = node.is(graph::flag::async_read);
  run->store = Py_NewRef(store->self);
  run->atom = Py_NewRef(static_cast<PyObject*>(node.atom));
  run->returned = by_definition ? nullptr : Py_NewRef(returned);
  run->signal = by_definition ? nullptr : Py_XNewRef(returned_signal(returned));
  run->task = nullptr;
  run->generation = generation;
  run->ended = Ended::no;
  PyObject_GC_Track(run);
  return as_object(run);
}

graph::Node* current_node(RunObject* run) {
  if (run->store == nullptr) return nullptr;
  StoreObject* store = store_of(run->store);
  if (store == nullptr || store->closed()) {
    PyErr_Clear();
    return nullptr;
  }
  graph::Node* node = store->known_node(as_atom(run->atom));
  if (node == nullptr || !store->graph.is_current(*node, run->generation)) return nullptr;
  return node;
}

PyObject* raise_not_current(RunObject* run) {
  const char* name = atom_name(as_atom(run->atom));
  const char* how = run->ended == Ended::well     ? "well"
                    : run->ended == Ended::failed ? "with an error"
                                                  : "because it was cancelled";
  if (run->ended == Ended::no) {
    PyErr_Format(registry().superseded, "this run of %s was superseded: a newer one has its place",
                 name);
  } else {
    PyErr_Format(PyExc_RuntimeError,
                 "get was called after the run of %s that it belongs to had ended (%s), so that"
                 " nothing could depend on what it gives; await within the run whatever uses get,"
                 " or call store.get",
                 name, how);
  }
  return nullptr;
}

PyObject* read_in_run(RunObject* run, StoreObject* store, AtomObject* atom) {
  if (current_node(run) == nullptr) return raise_not_current(run);
  graph::Node* input = store->node_of(atom);
  if (input == nullptr || !store->graph.ensure(*input)) return nullptr;
  graph::Node* node = current_node(run);  // the computation may have superseded the run
  if (node == nullptr) return raise_not_current(run);
  if (!store->graph.record_async(*node, *input)) return nullptr;
  // The flush is needed if the caller is not a step of the run itself.
  if (store->graph.due()) store->flush_soon();
  if (input->is(graph::flag::asynchronous)) {
    return as_object(async_value_of(store, *input, as_object(run)));
  }
  return store->result(*input);
}

RunObject* run_of_this_task(graph::Node& node) {
  const graph::AsyncState* state = node.is(graph::flag::asynchronous) ? node.async() : nullptr;
  if (state == nullptr || state->run == nullptr) return nullptr;
  RunObject* run = as_run(static_cast<PyObject*>(state->run));
  if (run->task == nullptr || current_node(run) != &node) return nullptr;
  Ref answer = Ref::take(PyObject_CallOneArg(registry().same_task, run->task));
  if (!answer) PyErr_Clear();
  return answer.get() == Py_True ? run : nullptr;
}

namespace {

using RunReferences = Owned<RunObject, &RunObject::store, &RunObject::atom, &RunObject::returned,
                            &RunObject::signal, &RunObject::task>;

PyObject* or_none(PyObject* object) { return Py_NewRef(object == nullptr ? Py_None : object); }

PyObject* run_atom(PyObject* self, void*) { return or_none(as_run(self)->atom); }
PyObject* run_store(PyObject* self, void*) { return or_none(as_run(self)->store); }
PyObject* run_awaitable(PyObject* self, void*) {
  PyObject* returned = as_run(self)->returned;
  return or_none(returned == nullptr ? nullptr : returned_awaitable(returned));
}
PyObject* run_task(PyObject* self, void*) { return or_none(as_run(self)->task); }

int set_task(PyObject* self, PyObject* task, void*) {
  PyObject* before = as_run(self)->task;
  as_run(self)->task = task == nullptr || task == Py_None ? nullptr : Py_NewRef(task);
  Py_XDECREF(before);
  return 0;
}

PyObject* run_generation(PyObject* self, void*) {
  return PyLong_FromUnsignedLongLong(as_run(self)->generation);
}

PyObject* run_is_superseded(PyObject* self, void*) {
  return PyBool_FromLong(current_node(as_run(self)) == nullptr);
}

PyObject* run_signal(PyObject* self, void*) {
  RunObject* run = as_run(self);
  if (run->signal == nullptr) {
    run->signal = PyObject_CallNoArgs(registry().make_signal);
    if (run->signal == nullptr) return nullptr;
  }
  return Py_NewRef(run->signal);
}

PyObject* run_known_signal(PyObject* self, void*) { return or_none(as_run(self)->signal); }

PyObject* run_getter_call(PyObject* self, PyObject* const* args, std::size_t nargsf,
                          PyObject* kwnames) {
  if (PyVectorcall_NARGS(nargsf) != 1 || kwnames != nullptr) {
    PyErr_SetString(PyExc_TypeError, "get() takes one atom");
    return nullptr;
  }
  if (!is_atom(args[0])) return not_an_atom("get()", args[0]);
  RunObject* run = as_run(reinterpret_cast<RunGetterObject*>(self)->run);
  if (run == nullptr || run->store == nullptr) {
    PyErr_SetString(registry().store_closed, "get was called after its store was closed");
    return nullptr;
  }
  StoreObject* store = store_of(run->store);
  if (store == nullptr || !store->enter()) return nullptr;
  return read_in_run(run, store, as_atom(args[0]));
}

PyObject* run_get(PyObject* self, void*) {
  auto* getter = PyObject_GC_New(RunGetterObject, registry().run_getter);
  if (getter == nullptr) return nullptr;
  getter->call = run_getter_call;
  getter->run = Py_NewRef(self);
  PyObject_GC_Track(getter);
  return as_object(getter);
}

// Tells the graph how the run ended. Errors of subscribers are reported, since there is no caller.
PyObject* tell(PyObject* self, PyObject* value, bool error, bool halted) {
  RunObject* run = as_run(self);
  graph::Node* node = current_node(run);
  if (node == nullptr) Py_RETURN_FALSE;
  StoreObject* store = store_of(run->store);
  if (!store->enter()) return nullptr;
  if (error) {
    if (!PyExceptionInstance_Check(value)) {
      PyErr_SetString(PyExc_TypeError, "a run is rejected with an exception");
      return nullptr;
    }
    value = make_error_value(Py_NewRef(value));
    if (value == nullptr) return nullptr;
  } else {
    Py_INCREF(value);
  }
  Ref keep_store = Ref::borrow(run->store);
  Ref keep_atom = Ref::borrow(run->atom);
  run->ended = halted ? Ended::cancelled : error ? Ended::failed : Ended::well;
  const bool ok = store->graph.resolve(*node, run->generation, value, error, halted);
  if (!ok && !store->report_exception(as_atom(keep_atom.get()))) return nullptr;
  Py_RETURN_TRUE;
}

PyObject* run_asked(PyObject* self, PyObject*) {
  RunObject* run = as_run(self);
  if (graph::Node* node = current_node(run)) {
    store_of(run->store)->graph.asked(*node, run->generation);
  }
  Py_RETURN_NONE;
}

PyObject* run_resolve(PyObject* self, PyObject* value) { return tell(self, value, false, false); }
PyObject* run_reject(PyObject* self, PyObject* error) { return tell(self, error, true, false); }
PyObject* run_halt(PyObject* self, PyObject* error) { return tell(self, error, true, true); }

PyObject* run_publish(PyObject* self, PyObject* value) {
  RunObject* run = as_run(self);
  graph::Node* node = current_node(run);
  if (node == nullptr) Py_RETURN_FALSE;
  StoreObject* store = store_of(run->store);
  if (!store->enter()) return nullptr;
  Ref keep_store = Ref::borrow(run->store);
  Ref keep_atom = Ref::borrow(run->atom);
  const bool ok = store->graph.publish(*node, run->generation, Py_NewRef(value));
  if (!ok && !store->report_exception(as_atom(keep_atom.get()))) return nullptr;
  Py_RETURN_TRUE;
}

PyObject* run_enter(PyObject* self, PyObject*) {
  RunObject* run = as_run(self);
  graph::Node* node = current_node(run);
  if (node == nullptr) Py_RETURN_FALSE;
  StoreObject* store = store_of(run->store);
  if (store->graph.enter_run(*node, run->generation)) Py_RETURN_TRUE;
  Ref keep_store = Ref::borrow(run->store);
  Ref keep_atom = Ref::borrow(run->atom);
  if (!store->graph.flush() && !store->report_exception(as_atom(keep_atom.get()))) return nullptr;
  Py_RETURN_FALSE;
}

// Atoms that the step read may be observed now: the flush calls their mount hooks.
PyObject* run_step_ended(PyObject* self, PyObject*) {
  RunObject* run = as_run(self);
  if (run->store == nullptr) Py_RETURN_NONE;
  StoreObject* store = store_of(run->store);
  if (store == nullptr || store->closed()) {
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  if (!store->graph.due()) Py_RETURN_NONE;
  Ref keep_store = Ref::borrow(run->store);
  Ref keep_atom = Ref::borrow(run->atom);
  if (!store->graph.flush() && !store->report_exception(as_atom(keep_atom.get()))) return nullptr;
  Py_RETURN_NONE;
}

PyObject* run_abandon(PyObject* self, PyObject*) {
  RunObject* run = as_run(self);
  if (graph::Node* node = current_node(run)) {
    StoreObject* store = store_of(run->store);
    Ref keep_store = Ref::borrow(run->store);
    Ref keep_atom = Ref::borrow(run->atom);
    store->graph.abandon(*node);
    if (!store->graph.flush()) store->report_pending(as_atom(keep_atom.get()));
    store->wake_waiters();
  }
  Py_RETURN_NONE;
}

using GetterReferences = Owned<RunGetterObject, &RunGetterObject::run>;

PyGetSetDef run_properties[] = {
    {"atom", run_atom, nullptr, "The atom it runs.", nullptr},
    {"store", run_store, nullptr, "The store it runs for.", nullptr},
    {"awaitable", run_awaitable, nullptr, "What to await instead of calling the read.", nullptr},
    {"generation", run_generation, nullptr, "Its number.", nullptr},
    {"get", run_get, nullptr, "A new `get` bound to this run.", nullptr},
    {"signal", run_signal, nullptr, "Its abort signal, made when first asked for.", nullptr},
    {"known_signal", run_known_signal, nullptr, "Its abort signal, if anybody asked.", nullptr},
    {"task", run_task, set_task, "The task that executes it.", nullptr},
    {"superseded", run_is_superseded, nullptr, "Is its result of no interest any more?", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMethodDef run_methods[] = {
    {"asked", run_asked, METH_NOARGS, "It takes its first step now."},
    {"resolve", run_resolve, METH_O, "It ended with this value."},
    {"reject", run_reject, METH_O, "It ended with this error."},
    {"halt", run_halt, METH_O, "It was cancelled by somebody else."},
    {"publish", run_publish, METH_O, "It has a value, and goes on."},
    {"enter", run_enter, METH_NOARGS, "It begins its first step; False if it must not."},
    {"step_ended", run_step_ended, METH_NOARGS, "It waits, or has ended."},
    {"abandon", run_abandon, METH_NOARGS, "Its loop is gone: it will never end."},
    {"__reduce_ex__", refuse_copy, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_run_types(PyObject* module) {
  static PyType_Slot run_slots[] = {
      {Py_tp_doc, const_cast<char*>("One execution of an async read.")},
      {Py_tp_dealloc, as_slot(RunReferences::dealloc)},
      {Py_tp_traverse, as_slot(RunReferences::traverse)},
      {Py_tp_clear, as_slot(RunReferences::clear)},
      {Py_tp_getset, run_properties},
      {Py_tp_methods, run_methods},
      {0, nullptr},
  };
  constexpr unsigned flags =
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  static PyType_Spec run_spec = {"halflife._core.Run", sizeof(RunObject), 0, flags, run_slots};
  static PyMemberDef getter_members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(RunGetterObject, call), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr},
  };
  static PyType_Slot getter_slots[] = {
      {Py_tp_doc, const_cast<char*>("get(atom) of one run.")},
      {Py_tp_dealloc, as_slot(GetterReferences::dealloc)},
      {Py_tp_traverse, as_slot(GetterReferences::traverse)},
      {Py_tp_clear, as_slot(GetterReferences::clear)},
      {Py_tp_call, as_slot(PyVectorcall_Call)},
      {Py_tp_members, getter_members},
      {Py_tp_methods, methods_without_copies},
      {0, nullptr},
  };
  static PyType_Spec getter_spec = {"halflife._core.RunGetter", sizeof(RunGetterObject), 0,
                                    flags | Py_TPFLAGS_HAVE_VECTORCALL, getter_slots};
  PyObject* run = PyType_FromSpec(&run_spec);
  PyObject* getter = run == nullptr ? nullptr : PyType_FromSpec(&getter_spec);
  if (getter == nullptr) return -1;
  registry().run = reinterpret_cast<PyTypeObject*>(run);
  registry().run_getter = reinterpret_cast<PyTypeObject*>(getter);
  if (PyModule_AddObjectRef(module, "Run", run) < 0) return -1;
  return PyModule_AddObjectRef(module, "RunGetter", getter);
}

}  // namespace halflife::bindings
