// Subscription: the handle of a subscription. Calling the handle ends the subscription; so does
// leaving its with block. Dropping the handle does not.
#include "../support/arguments.hpp"
#include "../support/copying.hpp"
#include "../support/function_check.hpp"
#include "callables.hpp"
#include "store_object.hpp"
#include "store_type.hpp"

namespace py = pybind11;

namespace halflife::bindings {

namespace {

struct SubscriptionHandle {
  PyObject* store = nullptr;  // keeps the store alive, as users expect
  PyObject* atom = nullptr;
  graph::Subscription* subscription = nullptr;
  graph::Node* effect = nullptr;
  PyObject* end_call = nullptr;  // instead of the three: what ends it, a function
  std::string what;              // ... and what it is a subscription to

  SubscriptionHandle() = default;
  SubscriptionHandle(const SubscriptionHandle&) = delete;
  SubscriptionHandle& operator=(const SubscriptionHandle&) = delete;
  ~SubscriptionHandle() { drop(); }

  StoreObject* open_store() const {
    if (store == nullptr) return nullptr;
    StoreObject* native = store_of(store);
    return native == nullptr || native->closed() ? nullptr : native;
  }

  // The subscription stays active, but this handle cannot end it any more.
  void drop() {
    if (effect != nullptr) {
      if (StoreObject* native = open_store()) {
        const auto found = native->effects.find(effect);
        if (found != native->effects.end() && found->second == this) found->second = nullptr;
      }
      effect = nullptr;
    }
    if (subscription != nullptr) graph::Store::drop(std::exchange(subscription, nullptr));
    PyObject* parts[] = {std::exchange(store, nullptr), std::exchange(atom, nullptr),
                         std::exchange(end_call, nullptr)};
    for (PyObject* part : parts) Py_XDECREF(part);
  }

  bool active() const {
    const StoreObject* native = open_store();
    if (native == nullptr) return false;
    if (effect != nullptr) {
      const auto found = native->effects.find(effect);
      return found != native->effects.end() && found->second == this;
    }
    if (end_call != nullptr) return true;
    return subscription != nullptr && subscription->node != nullptr;
  }

  void end() {
    if (!active()) return;
    StoreObject* native = open_store();
    if (!native->enter()) throw py::error_already_set();
    bool ok = true;
    if (end_call != nullptr) {
      Ref call = Ref::take(std::exchange(end_call, nullptr));
      ok = static_cast<bool>(Ref::take(PyObject_CallNoArgs(call.get())));
    } else if (graph::Node* node = std::exchange(effect, nullptr)) {
      native->effects.erase(node);
      ok = native->graph.unobserve_effect(*node, true);
    } else {
      ok = native->graph.unsubscribe(*subscription);
    }
    if (!ok) throw py::error_already_set();
  }
};

using Handle = std::unique_ptr<SubscriptionHandle>;

// subscribe() raises and returns no handle, so the subscription must end now.
[[noreturn]] void take_back(SubscriptionHandle& handle, StoreObject& store) {
  {
    SavedError saved;
    try {
      handle.end();
    } catch (py::error_already_set& error) {
      error.restore();
      store.report_pending(as_atom(handle.atom));
    }
  }
  throw py::error_already_set();
}

Handle subscribe(StoreObject& store, PyObject* const* slots, bool immediate) {
  PyObject *atom_object = slots[0], *callback = slots[1], *on_error = slots[2];
  AtomObject* atom = as_atom(atom_object);
  if (!store.readable(atom)) throw py::error_already_set();
  if (!store.graph.writable_now()) throw py::error_already_set();
  graph::Node* node = store.node_of(atom);
  if (node == nullptr || !store.graph.ensure_asked(*node)) throw py::error_already_set();
  if (!store.enter()) throw py::error_already_set();  // the computation may have closed the store
  if (node->is(graph::flag::error) && node->is(graph::flag::dirty)) {
    // The atom needs a run, and no loop runs: the subscriber would never be called.
    store.raise_error(*node);
    throw py::error_already_set();
  }
  auto handle = std::make_unique<SubscriptionHandle>();
  handle->store = Py_NewRef(store.self);
  handle->atom = Py_NewRef(atom_object);
  handle->subscription = store.graph.subscribe(*node, Py_NewRef(callback), Py_XNewRef(on_error));
  if (!store.graph.flush()) take_back(*handle, store);
  if (immediate) {
    store.tell_at_once(*handle->subscription);
    // Within a flush, the end of the flush raises.
    if (!store.graph.flushing() && !store.raise_collected()) take_back(*handle, store);
  }
  return handle;
}

Handle observe(StoreObject& store, PyObject* given) {
  if (!store.graph.writable_now()) throw py::error_already_set();
  PyObject* effect = as_object(store.written_instead(as_atom(given)));
  auto handle = std::make_unique<SubscriptionHandle>();
  handle->store = Py_NewRef(store.self);
  handle->atom = Py_NewRef(effect);
  handle->effect = store.graph.add(effect, graph::Kind::effect, 0);
  store.effects[handle->effect] = handle.get();
  if (!store.graph.observe_effect(*handle->effect)) take_back(*handle, store);
  return handle;
}

// Makes a handle and returns it to Python; C++ exceptions become Python errors.
template <class Make>
PyObject* handed_out(Make make) {
  try {
    return py::cast(make()).release().ptr();
  } catch (py::error_already_set& error) {
    error.restore();
    return nullptr;
  }
}

StoreObject* enter(PyObject* self) {
  StoreObject* store = store_of(self);
  return store != nullptr && store->enter_outside() ? store : nullptr;
}

PyObject* store_subscribe(PyObject* self, PyObject* const* args, Py_ssize_t count,
                          PyObject* kwnames) {
  static const char* const names[] = {"a", "callback", "on_error", "immediate", nullptr};
  PyObject* slots[4] = {};
  if (!parse_arguments("subscribe", names, 3, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr || slots[1] == nullptr) {
    PyErr_SetString(PyExc_TypeError, "subscribe() takes an atom and a callback as arguments");
    return nullptr;
  }
  if (!is_atom(slots[0])) return not_an_atom("Store.subscribe()", slots[0]);
  if (slots[2] == Py_None) slots[2] = nullptr;
  if (!check_function(slots[1], {"subscribe", "callback", "the value", 1, 1}) ||
      (slots[2] != nullptr &&
       !check_function(slots[2], {"subscribe", "on_error", "the error", 1, 1}))) {
    return nullptr;
  }
  if (slots[3] != nullptr && !PyBool_Check(slots[3])) {
    PyErr_Format(PyExc_TypeError, "subscribe: immediate must be True or False, got %s",
                 described(slots[3]).c_str());
    return nullptr;
  }
  StoreObject* store = enter(self);
  if (store == nullptr) return nullptr;
  return handed_out([&] { return subscribe(*store, slots, slots[3] == Py_True); });
}

PyObject* store_observe(PyObject* self, PyObject* const* args, Py_ssize_t count,
                        PyObject* kwnames) {
  static const char* const names[] = {"effect", nullptr};
  PyObject* slots[1] = {};
  if (!parse_arguments("observe", names, 1, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr || !is_atom(slots[0]) || as_atom(slots[0])->kind != AtomKind::effect) {
    PyErr_SetString(PyExc_TypeError, "Store.observe() takes an effect: observe(effect(fn))");
    return nullptr;
  }
  StoreObject* store = enter(self);
  if (store == nullptr) return nullptr;
  return handed_out([&] { return observe(*store, slots[0]); });
}

PyMethodDef grafted[] = {
    {"subscribe", as_function(store_subscribe), METH_FASTCALL | METH_KEYWORDS,
     "subscribe($self, a, callback, on_error=None, *, immediate=False)\n--\n\nCalls back with each"
     " new value."},
    {"observe", as_function(store_observe), METH_FASTCALL | METH_KEYWORDS,
     "observe($self, effect)\n--\n\nRuns an effect until the subscription ends."},
};

SubscriptionHandle* constructed(PyObject* self) {
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
  return static_cast<SubscriptionHandle*>(instance->simple_value_holder[0]);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (SubscriptionHandle* handle = constructed(self)) {
    Py_VISIT(handle->store);
    Py_VISIT(handle->atom);
    Py_VISIT(handle->end_call);
  }
  return 0;
}

int clear(PyObject* self) {
  if (SubscriptionHandle* handle = constructed(self)) handle->drop();
  return 0;
}

// Without this, Subscription.__new__ would make a handle without a subscription.
PyObject* refuse_new(PyTypeObject*, PyObject*, PyObject*) {
  PyErr_SetString(PyExc_TypeError,
                  "a Subscription is made by Store.subscribe() or Store.observe()");
  return nullptr;
}

void collectable(PyHeapTypeObject* heap_type) {
  PyTypeObject* type = &heap_type->ht_type;
  type->tp_new = refuse_new;
  type->tp_flags |= Py_TPFLAGS_HAVE_GC;
  type->tp_traverse = traverse;
  type->tp_clear = clear;
}

std::string describe(const SubscriptionHandle& handle) {
  std::string name = handle.atom != nullptr ? atom_name(as_atom(handle.atom))
                     : handle.what.empty()  ? "nothing"
                                            : handle.what;
  return "<Subscription to " + name + (handle.active() ? ">" : ", ended>");
}

// A subscription to something else than an atom's value, until `end()` is called.
Handle make_subscription(py::handle store, const std::string& what, const py::function& end) {
  auto handle = std::make_unique<SubscriptionHandle>();
  if (store_argument(store.ptr()) == nullptr) throw py::error_already_set();
  handle->store = store.inc_ref().ptr();
  handle->end_call = Py_NewRef(end.ptr());
  handle->what = what;
  return handle;
}

SubscriptionHandle& itself(SubscriptionHandle& handle) { return handle; }

void leave(SubscriptionHandle& handle, const py::args&) { handle.end(); }

}  // namespace

void bind_subscription(py::module_& module) {
  py::class_<SubscriptionHandle, Handle> type(module, "Subscription",
                                              py::custom_type_setup(collectable), py::is_final(),
                                              "Somebody who looks on; calling it ends that.");
  type.def("__call__", &SubscriptionHandle::end)
      .def("unsubscribe", &SubscriptionHandle::end)
      .def("__enter__", &itself, py::return_value_policy::reference_internal)
      .def("__exit__", &leave)
      .def("__repr__", &describe)
      .def_property_readonly("active", &SubscriptionHandle::active,
                             "Whether it still hears of changes.");
  refuse_copies(type.ptr());
  module.def("make_subscription", &make_subscription, py::arg("store"), py::arg("what"),
             py::arg("end"), py::pos_only(), "A subscription until `end()`.");
  for (PyMethodDef& method : grafted) {
    PyObject* descriptor = PyDescr_NewMethod(registry().store, &method);
    if (descriptor == nullptr ||
        PyObject_SetAttrString(as_object(registry().store), method.ml_name, descriptor) < 0) {
      throw py::error_already_set();
    }
    Py_DECREF(descriptor);
  }
}

}  // namespace halflife::bindings
