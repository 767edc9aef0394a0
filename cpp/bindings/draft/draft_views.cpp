#include "draft_views.hpp"

#include <string>

#include "../support/copying.hpp"
#include "../support/heap_type.hpp"

namespace halflife::bindings {

namespace {

struct ViewObject {
  PyObject_HEAD PyObject* draft;
};

PyTypeObject* keys_type = nullptr;
PyTypeObject* values_type = nullptr;
PyTypeObject* items_type = nullptr;

PyObject* draft_of(PyObject* self) { return reinterpret_cast<ViewObject*>(self)->draft; }

Walk walk_of(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  return type == keys_type ? Walk::keys : type == values_type ? Walk::values : Walk::items;
}

bool is_view(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  return type == keys_type || type == values_type || type == items_type;
}

using References = Owned<ViewObject, &ViewObject::draft>;

PyObject* iter(PyObject* self) { return iterate(draft_of(self), walk_of(self)); }

PyObject* reversed(PyObject* self, PyObject*) {
  return iterate(draft_of(self), walk_of(self), true);
}

Py_ssize_t length(PyObject* self) { return PyObject_Size(draft_of(self)); }

int contains_item(PyObject* draft, PyObject* item) {
  DraftAccess access(draft);
  if (!access) return -1;
  if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 2) return 0;
  Ref found = Ref::take(access.get(PyTuple_GET_ITEM(item, 0)));
  if (!found) return PyErr_Occurred() != nullptr ? -1 : 0;
  return PyObject_RichCompareBool(found.get(), PyTuple_GET_ITEM(item, 1), Py_EQ);
}

int contains(PyObject* self, PyObject* item) {
  const Walk walk = walk_of(self);
  if (walk == Walk::keys) return PySequence_Contains(draft_of(self), item);
  if (walk == Walk::items) return contains_item(draft_of(self), item);
  Ref values = Ref::take(iter(self));
  if (!values) return -1;
  while (Ref value = Ref::take(PyIter_Next(values.get()))) {
    const int equal = PyObject_RichCompareBool(value.get(), item, Py_EQ);
    if (equal != 0) return equal;
  }
  return PyErr_Occurred() != nullptr ? -1 : 0;
}

PyObject* repr(PyObject* self) {
  constexpr const char* names[] = {"dict_keys", "dict_values", "dict_items"};
  Ref list = Ref::take(PySequence_List(self));
  if (!list) return nullptr;
  return PyUnicode_FromFormat("<draft of %s(%R)>", names[static_cast<int>(walk_of(self))],
                              list.get());
}

// --- as sets: keys and items can be combined and compared like sets

Ref as_set(PyObject* object) {
  if (PyAnySet_Check(object)) return Ref::borrow(object);
  return Ref::take(PySet_New(object));
}

bool is_set_like(PyObject* object) {
  return PyAnySet_Check(object) || PyDictViewSet_Check(object) ||
         (is_draft(object) && as_draft(object)->draft.kind == draft::Kind::set) ||
         (is_view(object) && walk_of(object) != Walk::values);
}

using Combine = PyObject* (*)(PyObject*, PyObject*);

// As with dict views, the other operand may be any iterable.
template <Combine combine>
PyObject* combined(PyObject* one, PyObject* other) {
  Ref left = Ref::take(PySet_New(one));
  if (!left) return nullptr;
  Ref right = as_set(other);
  return right ? combine(left.get(), right.get()) : nullptr;
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  if (!is_set_like(other)) Py_RETURN_NOTIMPLEMENTED;
  // Compares members one by one, because the values of items may be unhashable.
  DraftAccess access(draft_of(self));
  if (!access || !access.scope().read_subtree(access.draft())) return nullptr;
  const Py_ssize_t size = length(self);
  const Py_ssize_t other_size = PyObject_Size(other);
  if (size < 0 || other_size < 0) return nullptr;
  const bool smaller = operation == Py_LT || operation == Py_LE;
  bool may = operation == Py_EQ || operation == Py_NE ? size == other_size
             : operation == Py_LT                     ? size < other_size
             : operation == Py_LE                     ? size <= other_size
             : operation == Py_GT                     ? size > other_size
                                                      : size >= other_size;
  if (may) {
    PyObject* walked = smaller || operation == Py_EQ || operation == Py_NE ? self : other;
    PyObject* asked = walked == self ? other : self;
    Ref members = Ref::take(PyObject_GetIter(walked));
    if (!members) return nullptr;
    while (Ref member = Ref::take(PyIter_Next(members.get()))) {
      const int found = PySequence_Contains(asked, member.get());
      if (found < 0) return nullptr;
      may = found != 0;
      if (!may) break;
    }
    if (PyErr_Occurred() != nullptr) return nullptr;
  }
  return PyBool_FromLong(may == (operation != Py_NE));
}

PyObject* is_disjoint(PyObject* self, PyObject* other) {
  Ref members = Ref::take(PyObject_GetIter(other));
  if (!members) return nullptr;
  while (Ref member = Ref::take(PyIter_Next(members.get()))) {
    const int found = contains(self, member.get());
    if (found < 0) return nullptr;
    if (found != 0) Py_RETURN_FALSE;
  }
  if (PyErr_Occurred() != nullptr) return nullptr;
  Py_RETURN_TRUE;
}

PyTypeObject* add(PyObject* module, const char* name, bool like_set) {
  static PyMethodDef set_methods[] = {
      {"__reversed__", reversed, METH_NOARGS, "From the newest to the oldest."},
      {"__reduce_ex__", refuse_copy, METH_O, nullptr},
      {"isdisjoint", is_disjoint, METH_O, "True if both have no member in common."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyMethodDef methods[] = {
      {"__reversed__", reversed, METH_NOARGS, "From the newest to the oldest."},
      {"__reduce_ex__", refuse_copy, METH_O, nullptr},
      {nullptr, nullptr, 0, nullptr},
  };
  PyType_Slot slots[16] = {
      {Py_tp_doc, const_cast<char*>("A live view of a draft.")},
      {Py_tp_dealloc, as_slot(References::dealloc)},
      {Py_tp_traverse, as_slot(References::traverse)},
      {Py_tp_clear, as_slot(References::clear)},
      {Py_tp_iter, as_slot(iter)},
      {Py_tp_repr, as_slot(repr)},
      {Py_sq_length, as_slot(length)},
      {Py_sq_contains, as_slot(contains)},
      {Py_tp_methods, like_set ? set_methods : methods},
      {0, nullptr},
  };
  if (like_set) {
    const PyType_Slot more[] = {
        {Py_tp_richcompare, as_slot(compare)},
        {Py_tp_hash, as_slot(PyObject_HashNotImplemented)},
        {Py_nb_and, as_slot(combined<PyNumber_And>)},
        {Py_nb_or, as_slot(combined<PyNumber_Or>)},
        {Py_nb_xor, as_slot(combined<PyNumber_Xor>)},
        {Py_nb_subtract, as_slot(combined<PyNumber_Subtract>)},
        {0, nullptr},
    };
    std::size_t count = 9;
    for (const PyType_Slot& slot : more) slots[count++] = slot;
  }
  PyType_Spec spec = {name, sizeof(ViewObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) return nullptr;
  const std::string private_name = std::string("_") + (name + sizeof("halflife._core.") - 1);
  if (PyModule_AddObjectRef(module, private_name.c_str(), type) < 0) return nullptr;
  return reinterpret_cast<PyTypeObject*>(type);
}

}  // namespace

PyObject* make_view(PyObject* draft, Walk walk) {
  DraftAccess access(draft);
  if (!access) return nullptr;
  PyTypeObject* type = walk == Walk::keys     ? keys_type
                       : walk == Walk::values ? values_type
                                              : items_type;
  ViewObject* made = PyObject_GC_New(ViewObject, type);
  if (made == nullptr) return nullptr;
  made->draft = Py_NewRef(draft);
  PyObject_GC_Track(made);
  return as_object(made);
}

int add_draft_views(PyObject* module) {
  keys_type = add(module, "halflife._core.DraftKeys", true);
  values_type = add(module, "halflife._core.DraftValues", false);
  items_type = add(module, "halflife._core.DraftItems", true);
  return keys_type == nullptr || values_type == nullptr || items_type == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
