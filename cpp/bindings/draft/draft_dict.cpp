// The draft of a dict.
#include "draft_dict.hpp"

#include "../support/arguments.hpp"
#include "draft_views.hpp"

namespace halflife::bindings {

PyObject* missing_key(PyObject* key) {
  if (PyErr_Occurred() != nullptr) return nullptr;
  // A key that is a tuple would be taken for several arguments, so every key is put in a tuple.
  Ref arguments = Ref::take(PyTuple_Pack(1, key));
  if (arguments) PyErr_SetObject(PyExc_KeyError, arguments.get());
  return nullptr;
}

namespace {

bool arity(const char* name, Py_ssize_t count, Py_ssize_t least, Py_ssize_t most) {
  if (count >= least && count <= most) return true;
  PyErr_Format(PyExc_TypeError, "%s() takes %zd to %zd arguments, got %zd", name, least, most,
               count);
  return false;
}

PyObject* subscript(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  if (!access) return nullptr;
  PyObject* found = access.get(key);
  return found != nullptr ? found : missing_key(key);
}

}  // namespace

bool dict_erase(const DraftAccess& access, PyObject* key) {
  bool found = false;
  if (!access.scope().has(access.draft(), key, &found)) return false;
  if (found) return access.scope().erase(access.draft(), key);
  missing_key(key);
  return false;
}

namespace {

int assign(PyObject* self, PyObject* key, PyObject* value) {
  DraftAccess access(self);
  if (!access) return -1;
  if (value == nullptr) return dict_erase(access, key) ? 0 : -1;
  return access.scope().set(access.draft(), key, value) ? 0 : -1;
}

int contains(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  if (!access) return -1;
  bool found = false;
  if (!access.scope().has(access.draft(), key, &found)) return -1;
  return found ? 1 : 0;
}

Py_ssize_t length(PyObject* self) {
  DraftAccess access(self);
  return access ? static_cast<Py_ssize_t>(access.size()) : -1;
}

PyObject* iter(PyObject* self) { return iterate(self, Walk::keys); }
PyObject* reversed(PyObject* self, PyObject*) { return iterate(self, Walk::keys, true); }

PyObject* get(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access || !arity("get", count, 1, 2)) return nullptr;
  PyObject* found = access.get(args[0]);
  if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  return Py_NewRef(count == 2 ? args[1] : Py_None);
}

PyObject* set_default(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access || !arity("setdefault", count, 1, 2)) return nullptr;
  PyObject* found = access.get(args[0]);
  if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  if (!access.scope().set(access.draft(), args[0], count == 2 ? args[1] : Py_None)) return nullptr;
  return access.get(args[0]);
}

PyObject* pop(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access || !arity("pop", count, 1, 2)) return nullptr;
  Ref found = Ref::take(access.get(args[0]));
  if (!found) {
    if (count < 2 || PyErr_Occurred() != nullptr) return missing_key(args[0]);
    return Py_NewRef(args[1]);
  }
  return access.scope().erase(access.draft(), args[0]) ? found.release() : nullptr;
}

}  // namespace

PyObject* keys_in_order(PyObject* dict) {
  if (PyDict_CheckExact(dict)) return PyDict_Keys(dict);
  Ref keys = Ref::take(PyList_New(0));
  Value key = nullptr;
  Value value = nullptr;
  for (std::size_t cursor = 0; keys && python_model().next(dict, &cursor, &key, &value);) {
    if (PyList_Append(keys.get(), to_object(key)) < 0) return nullptr;
  }
  return keys.release();
}

PyObject* dict_take_out(const DraftAccess& access, PyObject* key) {
  Ref kept = Ref::borrow(key);
  Ref value = Ref::take(access.get(key));
  if (!value || !access.scope().erase(access.draft(), key)) return nullptr;
  return PyTuple_Pack(2, key, value.get());
}

namespace {

// The newest key of a dict that is not empty.
PyObject* last_key(PyObject* dict) {
  if (PyDict_CheckExact(dict)) {
    Ref backwards = Ref::take(PyObject_CallMethod(dict, "__reversed__", nullptr));
    return backwards ? PyIter_Next(backwards.get()) : nullptr;
  }
  Ref keys = Ref::take(keys_in_order(dict));
  return keys ? PySequence_GetItem(keys.get(), -1) : nullptr;
}

PyObject* pop_item(PyObject* self, PyObject*) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (access.size() == 0) {
    PyErr_SetString(PyExc_KeyError, "popitem(): dictionary is empty");
    return nullptr;
  }
  Ref key = Ref::take(last_key(access.contents()));
  return key ? dict_take_out(access, key.get()) : nullptr;
}

}  // namespace

bool dict_put_all(const DraftAccess& access, PyObject* entries) {
  PyObject *key, *value;
  for (Py_ssize_t cursor = 0; PyDict_Next(entries, &cursor, &key, &value);) {
    Ref kept_key = Ref::borrow(key);
    Ref kept_value = Ref::borrow(value);
    if (!access.scope().set(access.draft(), key, value)) return false;
  }
  return true;
}

namespace {

PyObject* update(PyObject* self, PyObject* args, PyObject* kwargs) {
  DraftAccess access(self);
  if (!access || !arity("update", PyTuple_GET_SIZE(args), 0, 1)) return nullptr;
  // Takes what dict() takes. If dict() fails half-way, the draft has not changed.
  Ref entries = Ref::take(PyObject_Call(as_object(&PyDict_Type), args, kwargs));
  if (!entries || !dict_put_all(access, entries.get())) return nullptr;
  Py_RETURN_NONE;
}

PyObject* clear(PyObject* self, PyObject*) {
  DraftAccess access(self);
  if (!access) return nullptr;
  access.scope().read_structure(access.draft());
  Ref keys = Ref::take(PyDict_Keys(access.contents()));
  if (!keys) return nullptr;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(keys.get()); ++index) {
    if (!access.scope().erase(access.draft(), PyList_GET_ITEM(keys.get(), index))) return nullptr;
  }
  Py_RETURN_NONE;
}

}  // namespace

PyObject* dict_copy(PyObject* self, PyObject*) {
  Ref entries = Ref::take(PyDict_New());
  Ref items = Ref::take(entries ? iterate(self, Walk::items) : nullptr);
  if (!items) return nullptr;
  while (Ref item = Ref::take(PyIter_Next(items.get()))) {
    if (PyDict_SetItem(entries.get(), PyTuple_GET_ITEM(item.get(), 0),
                       PyTuple_GET_ITEM(item.get(), 1)) < 0) {
      return nullptr;
    }
  }
  return PyErr_Occurred() != nullptr ? nullptr : entries.release();
}

namespace {

bool is_dict_like(PyObject* object) {
  return PyDict_Check(object) || is_draft_of(object, draft::Kind::map);
}

PyObject* plain_copy(PyObject* object) {
  return is_draft(object) ? dict_copy(object, nullptr) : Py_NewRef(object);
}

PyObject* merge(PyObject* one, PyObject* other) {
  if (!is_dict_like(one) || !is_dict_like(other)) Py_RETURN_NOTIMPLEMENTED;
  Ref left = Ref::take(plain_copy(one));
  Ref right = Ref::take(left ? plain_copy(other) : nullptr);
  return right ? PyNumber_Or(left.get(), right.get()) : nullptr;
}

PyObject* merge_in_place(PyObject* self, PyObject* other) {
  Ref args = Ref::take(PyTuple_Pack(1, other));
  Ref done = Ref::take(args ? update(self, args.get(), nullptr) : nullptr);
  return done ? Py_NewRef(self) : nullptr;
}

PyObject* keys(PyObject* self, PyObject*) { return make_view(self, Walk::keys); }
PyObject* values(PyObject* self, PyObject*) { return make_view(self, Walk::values); }
PyObject* items(PyObject* self, PyObject*) { return make_view(self, Walk::items); }

PyMethodDef methods[] = {
    {"get", as_function(get), METH_FASTCALL, "The value at a key, or the default."},
    {"setdefault", as_function(set_default), METH_FASTCALL,
     "The value at a key; puts in the default if there is none."},
    {"pop", as_function(pop), METH_FASTCALL, "Takes a key out and returns its value."},
    {"popitem", pop_item, METH_NOARGS, "Takes the newest entry out and returns it."},
    {"update", as_function(update), METH_VARARGS | METH_KEYWORDS, "Puts in many entries."},
    {"clear", clear, METH_NOARGS, "Takes everything out."},
    {"copy", dict_copy, METH_NOARGS, "A plain dict of the same entries."},
    {"keys", keys, METH_NOARGS, "A live view of the keys."},
    {"values", values, METH_NOARGS, "A live view of the values."},
    {"items", items, METH_NOARGS, "A live view of the entries."},
    {"__reversed__", reversed, METH_NOARGS, "The keys from the newest to the oldest."},
    {"__copy__", dict_copy, METH_NOARGS, "A plain dict of the same entries."},
    HALFLIFE_DRAFT_METHODS,
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_draft_dict(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a dict: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      {Py_tp_iter, as_slot(iter)},
      {Py_tp_methods, methods},
      {Py_mp_length, as_slot(length)},
      {Py_mp_subscript, as_slot(subscript)},
      {Py_mp_ass_subscript, as_slot(assign)},
      {Py_sq_contains, as_slot(contains)},
      {Py_nb_or, as_slot(merge)},
      {Py_nb_inplace_or, as_slot(merge_in_place)},
      {0, nullptr},
  };
  draft_types.dict = add_draft_type(module, "halflife._core.DictDraft",
                                    Py_TPFLAGS_MAPPING | Py_TPFLAGS_BASETYPE, slots);
  return draft_types.dict == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
