// Drafts of the dicts of `collections`: OrderedDict, defaultdict, Counter.
#include "../support/arguments.hpp"
#include "draft_dict.hpp"
#include "draft_record.hpp"

namespace halflife::bindings {

namespace {

// --- OrderedDict

// Makes the key the last one, or the first one.
bool move_key(const DraftAccess& access, PyObject* key, bool last) {
  bool found = false;
  if (!access.scope().has(access.draft(), key, &found)) return false;
  if (!found) {
    missing_key(key);
    return false;
  }
  access.size();
  Ref keys = Ref::take(keys_in_order(access.contents()));
  if (!keys) return false;
  const Py_ssize_t size = PyList_GET_SIZE(keys.get());
  // To make the key last, erases it and sets it again. To make it first, does so with all other
  // keys.
  const Py_ssize_t position = PySequence_Index(keys.get(), key);
  if (position < 0) return false;
  if (position == (last ? size - 1 : 0)) return true;
  for (Py_ssize_t index = 0; index < size; ++index) {
    if ((index == position) != last) continue;
    PyObject* each = PyList_GET_ITEM(keys.get(), index);
    Ref entry = Ref::take(dict_take_out(access, each));
    if (!entry) return false;
    if (!access.scope().set(access.draft(), each, PyTuple_GET_ITEM(entry.get(), 1))) return false;
  }
  return true;
}

PyObject* move_to_end(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"key", "last", nullptr};
  PyObject* key = nullptr;
  int last = 1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:move_to_end", const_cast<char**>(names), &key,
                                   &last)) {
    return nullptr;
  }
  DraftAccess access(self);
  if (!access || !move_key(access, key, last != 0)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* ordered_pop_item(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"last", nullptr};
  int last = 1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p:popitem", const_cast<char**>(names), &last)) {
    return nullptr;
  }
  DraftAccess access(self);
  if (!access) return nullptr;
  if (access.size() == 0) {
    PyErr_SetString(PyExc_KeyError, "dictionary is empty");
    return nullptr;
  }
  Ref keys = Ref::take(keys_in_order(access.contents()));
  return keys ? dict_take_out(
                    access,
                    PyList_GET_ITEM(keys.get(), last != 0 ? PyList_GET_SIZE(keys.get()) - 1 : 0))
              : nullptr;
}

PyObject* ordered_pop(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"key", "default", nullptr};
  PyObject *key = nullptr, *otherwise = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:pop", const_cast<char**>(names), &key,
                                   &otherwise)) {
    return nullptr;
  }
  DraftAccess access(self);
  if (!access) return nullptr;
  bool found = false;
  if (!access.scope().has(access.draft(), key, &found)) return nullptr;
  if (!found) return otherwise != nullptr ? Py_NewRef(otherwise) : missing_key(key);
  Ref entry = Ref::take(dict_take_out(access, key));
  return entry ? Py_NewRef(PyTuple_GET_ITEM(entry.get(), 1)) : nullptr;
}

PyObject* ordered_set_default(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* const names[] = {"key", "default", nullptr};
  PyObject *key = nullptr, *otherwise = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:setdefault", const_cast<char**>(names), &key,
                                   &otherwise)) {
    return nullptr;
  }
  DraftAccess access(self);
  PyObject* found = access ? access.get(key) : nullptr;
  if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  return access.scope().set(access.draft(), key, otherwise) ? access.get(key) : nullptr;
}

// --- defaultdict

Ref factory_of(const DraftAccess& access) {
  return Ref::take(PyObject_GetAttrString(to_object(access.draft().base), "default_factory"));
}

// Sets the factory's value at a missing key, and returns its draft.
PyObject* default_missing(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  Ref factory = access ? factory_of(access) : Ref{};
  if (!factory) return nullptr;
  if (factory.get() == Py_None) return missing_key(key);
  Ref value = Ref::take(PyObject_CallNoArgs(factory.get()));
  if (!value || !access.scope().set(access.draft(), key, value.get())) return nullptr;
  return access.get(key);
}

PyObject* default_subscript(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  if (!access) return nullptr;
  PyObject* found = access.get(key);
  if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  Ref method = subclass_method(self, "__missing__");  // of a subclass
  return method ? PyObject_CallOneArg(method.get(), key) : default_missing(self, key);
}

PyObject* default_factory(PyObject* self, void*) {
  DraftAccess access(self);
  return access ? factory_of(access).release() : nullptr;
}

// The union of an OrderedDict or defaultdict with any dict has its class.
PyObject* merge(PyObject* one, PyObject* other) {
  const auto as_plain = [](PyObject* object) {
    if (Py_TYPE(object) == draft_types.ordered || Py_TYPE(object) == draft_types.defaulting) {
      return subclass_copy(object, nullptr);
    }
    return is_draft(object) ? dict_copy(object, nullptr) : Py_NewRef(object);
  };
  for (PyObject* side : {one, other}) {
    if (!PyDict_Check(side) && !is_draft_of(side, draft::Kind::map)) Py_RETURN_NOTIMPLEMENTED;
  }
  Ref left = Ref::take(as_plain(one));
  Ref right = Ref::take(left ? as_plain(other) : nullptr);
  return right ? PyNumber_Or(left.get(), right.get()) : nullptr;
}

// --- Counter

PyObject* counter_update(PyObject* self, PyObject* args, PyObject* kwargs) {
  DraftAccess access(self);
  if (!access) return nullptr;
  // Counts into a new Counter, because the argument may be the draft itself.
  Ref counted = Ref::take(PyObject_Call(registry().counter, args, kwargs));
  if (!counted) return nullptr;
  if (access.size() == 0) {  // like Counter, takes counts that cannot be added
    if (!dict_put_all(access, counted.get())) return nullptr;
    Py_RETURN_NONE;
  }
  PyObject *key, *value;
  for (Py_ssize_t cursor = 0; PyDict_Next(counted.get(), &cursor, &key, &value);) {
    Ref held = Ref::take(access.get(key));
    if (!held && PyErr_Occurred() != nullptr) return nullptr;
    if (!held) held = Ref::take(PyLong_FromLong(0));
    Ref sum = Ref::take(held ? PyNumber_Add(value, held.get()) : nullptr);
    if (!sum || !access.scope().set(access.draft(), key, sum.get())) return nullptr;
  }
  Py_RETURN_NONE;
}

// Deleting a missing key is no error.
int counter_assign(PyObject* self, PyObject* key, PyObject* value) {
  DraftAccess access(self);
  if (!access) return -1;
  if (value != nullptr) return access.scope().set(access.draft(), key, value) ? 0 : -1;
  bool found = false;
  if (!access.scope().has(access.draft(), key, &found)) return -1;
  return !found || access.scope().erase(access.draft(), key) ? 0 : -1;
}

// Counter's own method edits the draft, entry by entry.
template <const char* const& name>
PyObject* counter_in_place(PyObject* self, PyObject* other) {
  Ref method = subclass_method(self, name);
  return method ? PyObject_CallOneArg(method.get(), other) : nullptr;
}

constexpr const char* kAdd = "__iadd__";
constexpr const char* kSubtract = "__isub__";
constexpr const char* kAnd = "__iand__";
constexpr const char* kOr = "__ior__";

PyTypeObject* add_type(PyObject* module, const char* name, PyType_Slot* slots) {
  return add_draft_type(module, name, Py_TPFLAGS_MAPPING, slots, draft_types.dict_subclass);
}

constexpr int kKeywords = METH_VARARGS | METH_KEYWORDS;

}  // namespace

int add_draft_mappings(PyObject* module) {
  static PyMethodDef ordered_methods[] = {
      {"move_to_end", as_function(move_to_end), kKeywords, "Puts a key last, or first."},
      {"popitem", as_function(ordered_pop_item), kKeywords,
       "Takes the last entry out, or the first, and returns it."},
      {"pop", as_function(ordered_pop), kKeywords, "Takes a key out and returns its value."},
      {"setdefault", as_function(ordered_set_default), kKeywords,
       "The value at a key; puts in the default if there is none."},
      {"copy", subclass_copy, METH_NOARGS, "A plain OrderedDict of the same entries."},
      {"__copy__", subclass_copy, METH_NOARGS, "A plain OrderedDict of the same entries."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyType_Slot ordered_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of an OrderedDict: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_nb_or, as_slot(merge)},
      {Py_tp_methods, ordered_methods},
      {0, nullptr},
  };
  draft_types.ordered = add_type(module, "halflife._core.OrderedDictDraft", ordered_slots);

  static PyMethodDef default_methods[] = {
      {"__missing__", default_missing, METH_O, "Puts in what the factory makes."},
      {"copy", subclass_copy, METH_NOARGS, "A plain defaultdict of the same entries."},
      {"__copy__", subclass_copy, METH_NOARGS, "A plain defaultdict of the same entries."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyGetSetDef default_properties[] = {
      {"default_factory", default_factory, nullptr, "Makes the values of missing keys.", nullptr},
      {},
  };
  static PyType_Slot default_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a defaultdict: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_mp_subscript, as_slot(default_subscript)},
      {Py_nb_or, as_slot(merge)},
      {Py_tp_methods, default_methods},
      {Py_tp_getset, default_properties},
      {0, nullptr},
  };
  draft_types.defaulting = add_type(module, "halflife._core.DefaultDictDraft", default_slots);

  static PyMethodDef counter_methods[] = {
      {"update", as_function(counter_update), kKeywords, "Adds counts, or counts elements."},
      {"copy", subclass_copy, METH_NOARGS, "A plain Counter of the same counts."},
      {"__copy__", subclass_copy, METH_NOARGS, "A plain Counter of the same counts."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyType_Slot counter_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a Counter: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_tp_methods, counter_methods},
      {Py_mp_ass_subscript, as_slot(counter_assign)},
      {Py_nb_add, as_slot(record_binary<PyNumber_Add>)},
      {Py_nb_subtract, as_slot(record_binary<PyNumber_Subtract>)},
      {Py_nb_and, as_slot(record_binary<PyNumber_And>)},
      {Py_nb_or, as_slot(record_binary<PyNumber_Or>)},
      {Py_nb_positive, as_slot(record_unary<PyNumber_Positive>)},
      {Py_nb_negative, as_slot(record_unary<PyNumber_Negative>)},
      {Py_nb_inplace_add, as_slot(counter_in_place<kAdd>)},
      {Py_nb_inplace_subtract, as_slot(counter_in_place<kSubtract>)},
      {Py_nb_inplace_and, as_slot(counter_in_place<kAnd>)},
      {Py_nb_inplace_or, as_slot(counter_in_place<kOr>)},
      {0, nullptr},
  };
  draft_types.counter = add_type(module, "halflife._core.CounterDraft", counter_slots);
  return draft_types.ordered == nullptr || draft_types.defaulting == nullptr ||
                 draft_types.counter == nullptr
             ? -1
             : 0;
}

}  // namespace halflife::bindings
