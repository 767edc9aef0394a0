#include "layer_log.hpp"

#include <structmember.h>

#include <cstddef>

#include "../draft/draft_object.hpp"
#include "../graph/atom_object.hpp"
#include "../support/arguments.hpp"
#include "../support/copying.hpp"
#include "../support/heap_type.hpp"
#include "../support/registry.hpp"
#include "log_object.hpp"

namespace halflife::bindings {

namespace {

using optimistic::LayerBody;
using optimistic::Log;

PyObject* none_if(bool ok) {
  if (!ok) return nullptr;
  Py_RETURN_NONE;
}

// --- memory

int log_traverse(PyObject* self, visitproc visit, void* arg) {
  LogObject* object = as_log(self);
  Py_VISIT(Py_TYPE(self));
  if (object->log == nullptr) return 0;
  if (const int stop = object->host->traverse(visit, arg); stop != 0) return stop;
  int stop = 0;
  object->log->each_value([&](Value value) {
    if (stop == 0) stop = visit(to_object(value), arg);
  });
  return stop;
}

int log_clear(PyObject* self) {
  LogObject* object = as_log(self);
  if (object->log == nullptr) return 0;
  object->host->busy = true;  // forever: a log that was cleared accepts no operation
  object->log->close();
  object->host->clear();
  return 0;
}

void log_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  LogObject* object = as_log(self);
  if (object->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  log_clear(self);
  delete object->log;
  delete object->host;
  free_object(self);
}

int log_init(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"base", "always", "on_conflict", nullptr};
  PyObject* base = nullptr;
  int always = 0;
  PyObject* on_conflict = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|pO:LayerLog", const_cast<char**>(names), &base,
                                   &always, &on_conflict)) {
    return -1;
  }
  LogObject* object = as_log(self);
  if (object->log != nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "LayerLog.__init__() was called before");
    return -1;
  }
  if (on_conflict != Py_None && !is_function(on_conflict)) {
    PyErr_Format(PyExc_TypeError, "on_conflict must be a function, not %s",
                 described(on_conflict).c_str());
    return -1;
  }
  Ref plain = Ref::take(plain_or_self(base));
  if (!plain) return -1;
  static std::uint64_t last_number = 0;
  object->number = ++last_number;
  object->host = new LayerHost;
  object->host->on_conflict = on_conflict == Py_None ? nullptr : Py_NewRef(on_conflict);
  object->log = new Log(*object->host, plain.get(), always != 0);
  return 0;
}

// --- operations

// The log does not check recipes: halflife._optimistic checks the user's functions, before a lens
// wraps them. An object that is no function fails when it is called, like a recipe that raises.

// Appends a new layer. Returns its LayerState; null: an error is set.
PyObject* run_layer(PyObject* self, const LayerBody& body, bool confirmed) {
  Operation operation(self);
  if (!operation) return nullptr;
  LayerObject* layer = make_layer(operation.object()->number, body);
  if (layer == nullptr) return nullptr;
  Ref held = Ref::take(as_object(layer));
  Value context = nullptr;
  if (!operation.log().apply(layer->layer, confirmed, &context)) return nullptr;
  layer->context = to_object(context);
  return held.release();
}

PyObject* log_apply(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"recipe", "returns", nullptr};
  PyObject* recipe = nullptr;
  int returns = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:apply", const_cast<char**>(names), &recipe,
                                   &returns)) {
    return nullptr;
  }
  return run_layer(self, {recipe, nullptr, nullptr, returns != 0}, false);
}

PyObject* log_update(PyObject* self, PyObject* recipe) {
  return run_layer(self, {recipe, nullptr, nullptr, true}, true);
}

PyObject* log_replace(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"value", "pending", nullptr};
  PyObject* value = nullptr;
  int pending = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:replace", const_cast<char**>(names), &value,
                                   &pending)) {
    return nullptr;
  }
  if (value == registry().absent) {
    PyErr_SetString(PyExc_TypeError,
                    "replace(value): ABSENT is no value; set_base(ABSENT) takes the base away");
    return nullptr;
  }
  Ref plain = Ref::take(plain_or_self(value));
  if (!plain) return nullptr;
  return run_layer(self, {nullptr, nullptr, plain.get(), false}, pending == 0);
}

// Is the argument a pending or conflicted layer of this log? 1, 0, or -1: an error is set.
int check_pending(LogObject* object, PyObject* given) {
  if (Py_TYPE(given) != layer_type) {
    PyErr_Format(PyExc_TypeError, "a layer of these layers is needed, not %s",
                 described(given).c_str());
    return -1;
  }
  if (as_layer(given)->log != object->number) {
    PyErr_SetString(PyExc_ValueError, "the layer belongs to other layers");
    return -1;
  }
  return optimistic::is_pending(as_layer(given)->layer.status) ? 1 : 0;
}

PyObject* log_rollback(PyObject* self, PyObject* layer) {
  Operation operation(self);
  if (!operation) return nullptr;
  const int found = check_pending(operation.object(), layer);
  if (found < 0) return nullptr;
  if (found == 0) Py_RETURN_FALSE;
  if (!operation.log().rollback(as_layer(layer)->layer)) return nullptr;
  Py_RETURN_TRUE;
}

PyObject* log_commit(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"layer", "server", "then", "returns", nullptr};
  PyObject* layer = nullptr;
  PyObject* server = Py_None;
  PyObject* then = Py_None;
  int returns = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOp:commit", const_cast<char**>(names), &layer,
                                   &server, &then, &returns)) {
    return nullptr;
  }
  Operation operation(self);
  if (!operation) return nullptr;
  const int found = check_pending(operation.object(), layer);
  if (found < 0) return nullptr;
  if (found == 0) Py_RETURN_FALSE;
  const auto given = [](PyObject* recipe) { return recipe == Py_None ? nullptr : recipe; };
  if (!operation.log().commit(as_layer(layer)->layer, given(server), given(then), returns != 0)) {
    return nullptr;
  }
  Py_RETURN_TRUE;
}

PyObject* log_set_base(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"value", "shared", nullptr};
  PyObject* value = nullptr;
  int shared = 1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:set_base", const_cast<char**>(names), &value,
                                   &shared)) {
    return nullptr;
  }
  Ref plain = Ref::take(plain_or_self(value));
  if (!plain) return nullptr;
  Operation operation(self);
  return operation ? none_if(operation.log().set_base(plain.get(), shared != 0)) : nullptr;
}

PyObject* log_edit_base(PyObject* self, PyObject* recipe) {
  Operation operation(self);
  if (!operation) return nullptr;
  return none_if(operation.log().edit_base({recipe, nullptr, nullptr, true}));
}

PyObject* log_rollback_all(PyObject* self, PyObject*) {
  Operation operation(self);
  return operation ? none_if(operation.log().rollback_all()) : nullptr;
}

PyObject* log_commit_all(PyObject* self, PyObject*) {
  Operation operation(self);
  return operation ? none_if(operation.log().commit_all()) : nullptr;
}

PyObject* log_is_pending_at(PyObject* self, PyObject* path) {
  if (PyTuple_Check(path) == 0) {
    PyErr_Format(PyExc_TypeError, "the path must be a tuple, not %s", described(path).c_str());
    return nullptr;
  }
  Operation operation(self);
  if (!operation) return nullptr;
  std::vector<Value> keys;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(path); ++index) {
    keys.push_back(PyTuple_GET_ITEM(path, index));
  }
  const int pending = operation.log().is_pending_at(keys);
  return pending < 0 ? nullptr : PyBool_FromLong(pending);
}

// --- properties

Log* readable(PyObject* self) {
  LogObject* object = as_log(self);
  if (object->log != nullptr && object->log->base() != nullptr) return object->log;
  PyErr_SetString(PyExc_RuntimeError, "LayerLog.__init__() was not called");
  return nullptr;
}

// A recipe may read this as well: it gets the visible value from before the operation.
PyObject* log_visible(PyObject* self, void*) {
  const Log* log = readable(self);
  return log == nullptr ? nullptr : Py_NewRef(to_object(log->visible()));
}

PyObject* log_base(PyObject* self, void*) {
  const Log* log = readable(self);
  return log == nullptr ? nullptr : Py_NewRef(to_object(log->base()));
}

PyObject* log_pending(PyObject* self, void*) {
  const Log* log = readable(self);
  return log == nullptr ? nullptr : PyLong_FromSize_t(log->pending());
}

PyObject* log_length(PyObject* self, void*) {
  const Log* log = readable(self);
  return log == nullptr ? nullptr : PyLong_FromSize_t(log->size());
}

PyObject* log_recipe_calls(PyObject* self, void*) {
  const Log* log = readable(self);
  return log == nullptr ? nullptr : PyLong_FromSize_t(as_log(self)->host->recipe_calls);
}

PyObject* log_state(PyObject* self, void*) {
  const Log* log = readable(self);
  return log == nullptr ? nullptr : PyLong_FromUnsignedLongLong(log->state());
}

PyGetSetDef log_properties[] = {
    {"base", log_base, nullptr, "The confirmed value below all layers.", nullptr},
    {"visible", log_visible, nullptr, "The layers' recipes folded over the base.", nullptr},
    {"pending", log_pending, nullptr, "How many layers are not settled.", nullptr},
    {"length", log_length, nullptr, "How many layers are in the log.", nullptr},
    {"recipe_calls", log_recipe_calls, nullptr, "How often a recipe was called.", nullptr},
    {"state", log_state, nullptr, "The number of its state: another after each operation.",
     nullptr},
    {},
};

PyMethodDef log_methods[] = {
    {"apply", as_function(log_apply), METH_VARARGS | METH_KEYWORDS,
     "Puts a layer on top; its LayerState."},
    {"update", log_update, METH_O, "Puts a layer on top that is confirmed at once."},
    {"replace", as_function(log_replace), METH_VARARGS | METH_KEYWORDS,
     "Puts a layer on top that sets the whole value; confirmed at once, or pending."},
    {"rollback", log_rollback, METH_O, "Takes one layer away, alone."},
    {"commit", as_function(log_commit), METH_VARARGS | METH_KEYWORDS, "Confirms one layer."},
    {"set_base", as_function(log_set_base), METH_VARARGS | METH_KEYWORDS,
     "Authoritative data arrived, or is absent."},
    {"edit_base", log_edit_base, METH_O, "An authoritative event edits the base."},
    {"rollback_all", log_rollback_all, METH_NOARGS, "Takes all pending layers away."},
    {"commit_all", log_commit_all, METH_NOARGS, "Confirms all pending layers."},
    {"is_pending_at", log_is_pending_at, METH_O, "Does a pending layer write there, or below?"},
    {"save", log_save, METH_NOARGS, "The log as it is, for restore()."},
    {"restore", log_restore, METH_O, "Makes the log what it was when saved."},
    {"__reduce_ex__", refuse_copy, METH_O, nullptr},
    {},
};

PyMemberDef log_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(LogObject, weakrefs), READONLY, nullptr},
    {},
};

PyType_Slot log_slots[] = {
    {Py_tp_new, as_slot(PyType_GenericNew)},
    {Py_tp_init, as_slot(log_init)},
    {Py_tp_dealloc, as_slot(log_dealloc)},
    {Py_tp_traverse, as_slot(log_traverse)},
    {Py_tp_clear, as_slot(log_clear)},
    {Py_tp_methods, log_methods},
    {Py_tp_getset, log_properties},
    {Py_tp_members, log_members},
    {0, nullptr},
};

PyType_Spec log_spec = {"halflife._core.LayerLog", sizeof(LogObject), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, log_slots};

}  // namespace

int add_layer_log_type(PyObject* module) {
  Ref type = Ref::take(PyType_FromSpec(&log_spec));
  if (!type || PyModule_AddObjectRef(module, "LayerLog", type.get()) < 0) return -1;
  return add_saved_log_type();
}

}  // namespace halflife::bindings
