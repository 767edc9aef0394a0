#include "callables.hpp"

#include <structmember.h>

#include <cstddef>

#include "../support/arguments.hpp"
#include "../support/copying.hpp"
#include "../support/heap_type.hpp"
#include "run_object.hpp"

namespace halflife::bindings {

PyObject* not_an_atom(const char* where, PyObject* given) {
  PyErr_Format(PyExc_TypeError, "%s takes an atom, not %s of type %s", where,
               described(given).c_str(), Py_TYPE(given)->tp_name);
  return nullptr;
}

namespace {

[[gnu::cold]] PyObject* gone(const char* what) {
  PyErr_Format(registry().store_closed, "%s was called after its store was closed", what);
  return nullptr;
}

// Raises an error that says why the getter cannot be used any more.
[[gnu::cold]] PyObject* raise_ended(const GetterObject* getter) {
  const StoreObject* store = store_with_id(getter->store_id);
  if (store == nullptr || store->closed() || getter->name == nullptr) return gone("get");
  if (getter->name == Py_None) {
    PyErr_SetString(PyExc_RuntimeError,
                    "get was called after the atom that it belongs to was dropped, so that nothing"
                    " could depend on what it gives; call store.get");
  } else {
    PyErr_Format(PyExc_RuntimeError,
                 "get was called after the effect %U that it belongs to had ended, so that nothing"
                 " could depend on what it gives; call store.get",
                 getter->name);
  }
  return nullptr;
}

PyObject* getter_call(PyObject* self, PyObject* const* args, std::size_t nargsf,
                      PyObject* kwnames) {
  auto* getter = reinterpret_cast<GetterObject*>(self);
  if (PyVectorcall_NARGS(nargsf) != 1 || kwnames != nullptr) {
    PyErr_SetString(PyExc_TypeError, "get() takes one atom");
    return nullptr;
  }
  StoreObject* store = getter->store;
  if (store == nullptr) return raise_ended(getter);
  if (!is_atom(args[0])) return not_an_atom("get()", args[0]);
  if (!store->enter()) return nullptr;
  AtomObject* atom = as_atom(args[0]);
  graph::Node* node = getter->node;
  // Within a read, a caller above keeps the store alive; here the last reference may be dropped
  // meanwhile.
  Ref kept = store->graph.top() == nullptr ? Ref::borrow(store->self) : Ref();
  if (node == nullptr) return store->get(atom);
  graph::Node* input = store->node_of(atom);
  if (input == nullptr) return nullptr;
  graph::Frame* frame = store->graph.top();
  if (frame == nullptr || frame->node != node) frame = store->graph.frame_of(*node);
  if (frame ==
      nullptr) {  // after the plain read: in the coroutine that it returned, if that is a run
    if (RunObject* run = run_of_this_task(*node)) {
      Ref kept_run = Ref::borrow(as_object(run));
      return read_in_run(run, store, atom);
    }
  }
  const bool ok = frame != nullptr ? store->graph.record(*frame, *input, false)
                                   : store->graph.record_late(*node, *input);
  if (frame == nullptr && store->graph.due()) store->flush_soon();
  return ok ? store->result(*input) : nullptr;
}

void getter_dealloc(PyObject* self) {
  Py_XDECREF(reinterpret_cast<GetterObject*>(self)->name);
  free_object(self);
}

PyObject* setter_call(PyObject* self, PyObject* const* args, std::size_t nargsf,
                      PyObject* kwnames) {
  auto* setter = reinterpret_cast<SetterObject*>(self);
  const Py_ssize_t count = PyVectorcall_NARGS(nargsf);
  StoreObject* store = setter->store;
  if (store == nullptr) return gone("set");
  if (kwnames != nullptr || (setter->atom != nullptr ? count != 1 : count < 1)) {
    PyErr_SetString(PyExc_TypeError, setter->atom != nullptr ? "set() of on_mount takes the value"
                                                             : "set() takes an atom and values");
    return nullptr;
  }
  Ref kept = Ref::borrow(store->self);  // a subscriber may drop the last reference to the store
  if (setter->atom != nullptr) {
    Ref kept_atom = Ref::borrow(setter->atom);
    return store->enter() ? store->set(as_atom(setter->atom), args, 1) : nullptr;
  }
  if (!is_atom(args[0])) return not_an_atom("set()", args[0]);
  return store->enter() ? store->set(as_atom(args[0]), args + 1, count - 1) : nullptr;
}

using SetterReferences = Owned<SetterObject, &SetterObject::atom>;

void setter_dealloc(PyObject* self) {
  auto* setter = reinterpret_cast<SetterObject*>(self);
  PyObject_GC_UnTrack(self);
  if (setter->store != nullptr) setter->store->forget_setter(setter);
  SetterReferences::clear(self);
  free_object(self);
}

PyObject* store_property(StoreObject* store) {
  if (store == nullptr) return gone("set.store");
  return Py_NewRef(store->self);
}

PyObject* setter_store(PyObject* self, void*) {
  return store_property(reinterpret_cast<SetterObject*>(self)->store);
}

PyObject* getter_store(PyObject* self, void*) {
  return store_property(reinterpret_cast<GetterObject*>(self)->store);
}

}  // namespace

GetterObject* make_getter(StoreObject* store, graph::Node* node) {
  auto* getter = PyObject_New(GetterObject, registry().getter);
  if (getter == nullptr) return nullptr;
  getter->call = getter_call;
  getter->node = node;
  getter->store = store;
  getter->name = nullptr;
  return getter;
}

SetterObject* make_setter(StoreObject* store, AtomObject* atom) {
  auto* setter = PyObject_GC_New(SetterObject, registry().setter);
  if (setter == nullptr) return nullptr;
  setter->call = setter_call;
  setter->store = store;
  setter->atom = Py_XNewRef(as_object(atom));
  store->adopt_setter(setter);
  PyObject_GC_Track(setter);
  return setter;
}

int add_callable_types(PyObject* module) {
  static PyMemberDef getter_members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(GetterObject, call), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr},
  };
  static PyGetSetDef getter_properties[] = {
      {"store", getter_store, nullptr, "The store it reads from.", nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr},
  };
  static PyType_Slot getter_slots[] = {
      {Py_tp_doc, const_cast<char*>("get(atom): reads, and registers what was read.")},
      {Py_tp_dealloc, as_slot(getter_dealloc)},
      {Py_tp_call, as_slot(PyVectorcall_Call)},
      {Py_tp_members, getter_members},
      {Py_tp_methods, methods_without_copies},
      {Py_tp_getset, getter_properties},
      {0, nullptr},
  };
  constexpr unsigned flags =
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  static PyType_Spec getter_spec = {"halflife._core.Getter", sizeof(GetterObject), 0, flags,
                                    getter_slots};
  static PyMemberDef setter_members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(SetterObject, call), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr},
  };
  static PyGetSetDef setter_properties[] = {
      {"store", setter_store, nullptr, "The store it writes to.", nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr},
  };
  static PyType_Slot setter_slots[] = {
      {Py_tp_doc, const_cast<char*>("set(atom, value): writes.")},
      {Py_tp_dealloc, as_slot(setter_dealloc)},
      {Py_tp_traverse, as_slot(SetterReferences::traverse)},
      {Py_tp_clear, as_slot(SetterReferences::clear)},
      {Py_tp_call, as_slot(PyVectorcall_Call)},
      {Py_tp_members, setter_members},
      {Py_tp_methods, methods_without_copies},
      {Py_tp_getset, setter_properties},
      {0, nullptr},
  };
  static PyType_Spec setter_spec = {"halflife._core.Setter", sizeof(SetterObject), 0,
                                    flags | Py_TPFLAGS_HAVE_GC, setter_slots};
  PyObject* getter = PyType_FromSpec(&getter_spec);
  PyObject* setter = getter == nullptr ? nullptr : PyType_FromSpec(&setter_spec);
  if (setter == nullptr) return -1;
  registry().getter = reinterpret_cast<PyTypeObject*>(getter);
  registry().setter = reinterpret_cast<PyTypeObject*>(setter);
  if (PyModule_AddObjectRef(module, "Getter", getter) < 0) return -1;
  return PyModule_AddObjectRef(module, "Setter", setter);
}

}  // namespace halflife::bindings
