#include "loadable_object.hpp"

#include "../support/arguments.hpp"
#include "../support/equality.hpp"
#include "../support/heap_type.hpp"
#include "../support/registry.hpp"

namespace halflife::bindings {

namespace {

LoadableObject* as_loadable(PyObject* object) { return reinterpret_cast<LoadableObject*>(object); }

PyObject* make(PyTypeObject* type, PyObject* content, PyObject* previous, bool refreshing) {
  auto* loadable = PyObject_GC_New(LoadableObject, type);
  if (loadable == nullptr) return nullptr;
  loadable->content = Py_XNewRef(content);
  loadable->previous = Py_XNewRef(previous);
  loadable->refreshing = refreshing;
  PyObject_GC_Track(loadable);
  return as_object(loadable);
}

using References = Owned<LoadableObject, &LoadableObject::content, &LoadableObject::previous>;

// Loadables may be nested deeply: the trashcan keeps their deallocation from overflowing the stack.
void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Py_TRASHCAN_BEGIN(self, dealloc);
  References::clear(self);
  free_object(self);
  Py_TRASHCAN_END
}

PyObject* get_previous(PyObject* self, void*) {
  PyObject* previous = as_loadable(self)->previous;
  return Py_NewRef(previous == nullptr ? Py_None : previous);
}

// The data of HasData, or the previous data of the others; null if there is none. Borrowed.
PyObject* data_of(PyObject* self) {
  const LoadableObject* loadable = as_loadable(self);
  return Py_TYPE(self) == registry().has_data ? loadable->content : loadable->previous;
}

PyObject* get_data(PyObject* self, void*) {
  PyObject* data = data_of(self);
  return Py_NewRef(data == nullptr ? Py_None : data);
}

PyObject* value_or(PyObject* self, PyObject* fallback) {
  PyObject* data = data_of(self);
  return Py_NewRef(data == nullptr ? fallback : data);
}

PyObject* get_error(PyObject* self, void*) {
  if (Py_TYPE(self) != registry().has_error) Py_RETURN_NONE;
  return Py_NewRef(as_loadable(self)->content);
}

PyObject* get_is_loading(PyObject* self, void*) {
  return PyBool_FromLong(Py_TYPE(self) == registry().loading);
}

PyObject* get_has_previous(PyObject* self, void*) {
  return PyBool_FromLong(as_loadable(self)->previous != nullptr);
}

PyObject* get_refreshing(PyObject* self, void*) {
  return PyBool_FromLong(as_loadable(self)->refreshing);
}

PyObject* get_state(PyObject* self, void*) {
  const Registry& known = registry();
  PyTypeObject* type = Py_TYPE(self);
  const char* state = type == known.loading    ? "loading"
                      : type == known.has_data ? "hasData"
                                               : "hasError";
  return PyUnicode_InternFromString(state);
}

PyObject* repr(PyObject* self) { return PyObject_CallOneArg(registry().show_loadable, self); }

PyObject* repr_html(PyObject* self, PyObject*) {
  return PyObject_CallOneArg(registry().show_loadable_html, self);
}

bool same_part(PyObject* one, PyObject* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return same_value(one, other);
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  if ((operation != Py_EQ && operation != Py_NE) || !is_loadable(other)) Py_RETURN_NOTIMPLEMENTED;
  if (Py_TYPE(self) != Py_TYPE(other)) return PyBool_FromLong(operation == Py_NE);
  const LoadableObject* one = as_loadable(self);
  const LoadableObject* two = as_loadable(other);
  bool equal = one->refreshing == two->refreshing;
  for (auto [left, right] :
       {std::pair{one->content, two->content}, std::pair{one->previous, two->previous}}) {
    if (!equal) break;
    const int answer = equal_for_people(left, right);
    if (answer < 0) return nullptr;
    equal = answer > 0;
  }
  return PyBool_FromLong(equal == (operation == Py_EQ));
}

Py_hash_t hash(PyObject* self) {
  const LoadableObject* loadable = as_loadable(self);
  Ref parts = Ref::take(PyTuple_Pack(4, as_object(Py_TYPE(self)),
                                     loadable->content == nullptr ? Py_None : loadable->content,
                                     loadable->previous == nullptr ? Py_None : loadable->previous,
                                     loadable->refreshing ? Py_True : Py_False));
  if (!parts || Py_EnterRecursiveCall(" while hashing a loadable") != 0) return -1;
  const Py_hash_t value = PyObject_Hash(parts.get());
  Py_LeaveRecursiveCall();
  return value;
}

bool arguments(const char* name, const char* const* names, PyObject* args, PyObject* kwargs,
               PyObject** slots) {
  const Py_ssize_t count = PyTuple_GET_SIZE(args);
  Py_ssize_t most = 0;
  while (names[most] != nullptr) ++most;
  if (count > most) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %zd arguments, got %zd", name, most, count);
    return false;
  }
  for (Py_ssize_t index = 0; index < count; ++index) slots[index] = PyTuple_GET_ITEM(args, index);
  if (kwargs == nullptr) return true;
  PyObject *key, *value;
  for (Py_ssize_t position = 0; PyDict_Next(kwargs, &position, &key, &value);) {
    Py_ssize_t place = 0;
    while (names[place] != nullptr && PyUnicode_CompareWithASCIIString(key, names[place]) != 0) {
      ++place;
    }
    if (names[place] == nullptr || place < count) {
      PyErr_Format(PyExc_TypeError, "%s() got an unexpected argument %R", name, key);
      return false;
    }
    slots[place] = value;
  }
  return true;
}

PyObject* new_loading(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"previous", nullptr};
  PyObject* slots[1] = {};
  if (!arguments("Loading", names, args, kwargs, slots)) return nullptr;
  return make_loading(slots[0]);
}

PyObject* new_has_data(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"data", "refreshing", nullptr};
  PyObject* slots[2] = {};
  if (!arguments("HasData", names, args, kwargs, slots)) return nullptr;
  if (slots[0] == nullptr) {
    PyErr_SetString(PyExc_TypeError, "HasData() needs data");
    return nullptr;
  }
  const int refreshing = slots[1] == nullptr ? 0 : PyObject_IsTrue(slots[1]);
  return refreshing < 0 ? nullptr : make_has_data(slots[0], refreshing != 0);
}

PyObject* new_has_error(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"error", "previous", nullptr};
  PyObject* slots[2] = {};
  if (!arguments("HasError", names, args, kwargs, slots)) return nullptr;
  if (slots[0] == nullptr || !PyExceptionInstance_Check(slots[0])) {
    PyErr_SetString(PyExc_TypeError, "HasError() needs an exception");
    return nullptr;
  }
  return make_has_error(slots[0], slots[1]);
}

// For pickle and copy: a call that makes an equal loadable.
PyObject* reduce(PyObject* self, PyObject*) {
  const LoadableObject* loadable = as_loadable(self);
  PyObject* refreshing = loadable->refreshing ? Py_True : Py_False;
  PyObject* parts[2] = {};
  Py_ssize_t count = 0;
  if (loadable->content != nullptr) parts[count++] = loadable->content;
  if (Py_TYPE(self) == registry().has_data) parts[count++] = refreshing;
  if (loadable->previous != nullptr) parts[count++] = loadable->previous;
  Ref arguments = Ref::take(PyTuple_New(count));
  if (!arguments) return nullptr;
  for (Py_ssize_t index = 0; index < count; ++index) {
    PyTuple_SET_ITEM(arguments.get(), index, Py_NewRef(parts[index]));
  }
  return PyTuple_Pack(2, as_object(Py_TYPE(self)), arguments.get());
}

PyMethodDef methods[] = {
    {"value_or", value_or, METH_O, "The data, also the last before; else what is given."},
    {"__reduce__", reduce, METH_NOARGS, "How to make an equal one."},
    {"_repr_html_", repr_html, METH_NOARGS, "How a notebook shows it."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "Loading[int]"},
    {nullptr, nullptr, 0, nullptr},
};

// Attributes that all three types have, for code that does not use `match`.
#define HALFLIFE_COMMON                                                                     \
  {"state", get_state, nullptr, "loading, hasData or hasError.", nullptr},                  \
      {"data", get_data, nullptr, "The data, also the last before; else None.", nullptr},   \
      {"error", get_error, nullptr, "The exception, or None.", nullptr}, {                  \
    "is_loading", get_is_loading, nullptr, "Is there neither newer data nor an error yet?", \
        nullptr                                                                             \
  }
#define HALFLIFE_PREVIOUS                                                            \
  {"previous", get_previous, nullptr, "The last data, or None.", nullptr}, {         \
    "has_previous", get_has_previous, nullptr, "Was there any data before?", nullptr \
  }
PyGetSetDef properties_with_previous[] = {
    HALFLIFE_COMMON,
    HALFLIFE_PREVIOUS,
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};
PyGetSetDef data_properties[] = {
    HALFLIFE_COMMON,
    {"refreshing", get_refreshing, nullptr, "Is newer data on its way?", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};
#undef HALFLIFE_COMMON
#undef HALFLIFE_PREVIOUS

PyTypeObject* add(PyObject* module, const char* name, const char* full_name, const char* doc,
                  newfunc construct, PyGetSetDef* properties, PyObject* match_args) {
  Ref match = Ref::take(match_args);
  if (!match) return nullptr;
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(doc)},
      {Py_tp_new, as_slot(construct)},
      {Py_tp_dealloc, as_slot(dealloc)},
      {Py_tp_traverse, as_slot(References::traverse)},
      {Py_tp_clear, as_slot(References::clear)},
      {Py_tp_repr, as_slot(repr)},
      {Py_tp_richcompare, as_slot(compare)},
      {Py_tp_hash, as_slot(hash)},
      {Py_tp_getset, properties},
      {Py_tp_methods, methods},
      {0, nullptr},
  };
  PyType_Spec spec = {full_name, sizeof(LoadableObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                      slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) return nullptr;
  if (PyObject_SetAttrString(type, "__match_args__", match.get()) < 0) return nullptr;
  if (PyModule_AddObjectRef(module, name, type) < 0) return nullptr;
  auto* made = reinterpret_cast<PyTypeObject*>(type);
  made->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
  return made;
}

}  // namespace

PyObject* make_loading(PyObject* previous) {
  if (previous == nullptr) return Py_NewRef(registry().no_loading);
  return make(registry().loading, nullptr, previous, false);
}

PyObject* make_has_data(PyObject* data, bool refreshing) {
  return make(registry().has_data, data, nullptr, refreshing);
}

PyObject* make_has_error(PyObject* error, PyObject* previous) {
  return make(registry().has_error, error, previous, false);
}

bool is_loadable(PyObject* object) {
  const Registry& known = registry();
  PyTypeObject* type = Py_TYPE(object);
  return type == known.loading || type == known.has_data || type == known.has_error;
}

bool same_loadable(PyObject* one, PyObject* other) {
  if (Py_TYPE(one) != Py_TYPE(other)) return false;
  const LoadableObject* left = as_loadable(one);
  const LoadableObject* right = as_loadable(other);
  return left->refreshing == right->refreshing && same_part(left->content, right->content) &&
         same_part(left->previous, right->previous);
}

int add_loadable_types(PyObject* module) {
  Registry& known = registry();
  known.loading = add(module, "Loading", "halflife._core.Loading", "No newer data yet.",
                      new_loading, properties_with_previous, Py_BuildValue("(s)", "previous"));
  known.has_data = add(module, "HasData", "halflife._core.HasData", "Data.", new_has_data,
                       data_properties, Py_BuildValue("(ss)", "data", "refreshing"));
  known.has_error = add(module, "HasError", "halflife._core.HasError", "An error.", new_has_error,
                        properties_with_previous, Py_BuildValue("(ss)", "error", "previous"));
  if (known.loading == nullptr || known.has_data == nullptr || known.has_error == nullptr) {
    return -1;
  }
  known.no_loading = make(known.loading, nullptr, nullptr, false);
  return known.no_loading == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
