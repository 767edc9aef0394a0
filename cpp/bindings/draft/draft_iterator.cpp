// Iterators over drafts.
#include "../support/heap_type.hpp"
#include "../support/set_entries.hpp"
#include "draft_dict.hpp"
#include "draft_views.hpp"

namespace halflife::bindings {

namespace {

struct IteratorObject {
  PyObject_HEAD PyObject* draft;  // null: the iterator has ended
  PyObject* container;            // the container of `cursor`; only compared, so it may be dead
  std::size_t cursor;
  Py_ssize_t done;      // how many entries were returned; for a list the next position
  Py_ssize_t expected;  // the size at the start
  PyObject* keys;       // for reversed(dict): the list of its keys
  Walk walk;
};

PyTypeObject* iterator_type = nullptr;

IteratorObject* as_iterator(PyObject* object) { return reinterpret_cast<IteratorObject*>(object); }

using References = Owned<IteratorObject, &IteratorObject::draft, &IteratorObject::keys>;

// The value of the entry that the walk has reached, or the value's draft. New reference.
PyObject* value_of(const DraftAccess& access, PyObject* key, PyObject* value) {
  if (!access.scope().recording() && !draft::has_parts(python_model().kind(value))) {
    return Py_NewRef(value);
  }
  PyObject* found = access.get(key);
  if (found == nullptr && PyErr_Occurred() == nullptr) PyErr_SetObject(PyExc_KeyError, key);
  return found;
}

PyObject* entry(const DraftAccess& access, Walk walk, PyObject* key, PyObject* value) {
  if (walk == Walk::keys || walk == Walk::members) return Py_NewRef(key);
  Ref kept_key = Ref::borrow(key);
  Ref kept_value = Ref::borrow(value);
  Ref found = Ref::take(value_of(access, key, value));
  if (!found || walk == Walk::values) return found.release();
  PyObject* pair = PyTuple_New(2);
  if (pair == nullptr) return nullptr;
  PyTuple_SET_ITEM(pair, 0, kept_key.release());
  PyTuple_SET_ITEM(pair, 1, found.release());
  return pair;
}

PyObject* next_backwards(IteratorObject* iterator, const DraftAccess& access) {
  if (iterator->done >= PyList_GET_SIZE(iterator->keys)) return nullptr;
  Ref key = Ref::borrow(
      PyList_GET_ITEM(iterator->keys, PyList_GET_SIZE(iterator->keys) - ++iterator->done));
  Value value = nullptr;
  if (!python_model().find(access.contents(), key.get(), &value)) return nullptr;
  if (value == nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "dictionary keys changed during iteration");
    return nullptr;
  }
  return entry(access, iterator->walk, key.get(), to_object(value));
}

PyObject* next_entry(IteratorObject* iterator, const DraftAccess& access) {
  PyObject* contents = access.contents();
  if (static_cast<Py_ssize_t>(python_model().size(contents)) != iterator->expected) {
    iterator->expected = -1;  // later calls raise as well
    PyErr_SetString(PyExc_RuntimeError, iterator->walk == Walk::members
                                            ? "Set changed size during iteration"
                                            : "dictionary changed size during iteration");
    return nullptr;
  }
  if (iterator->keys != nullptr) return next_backwards(iterator, access);
  Value key = nullptr;
  Value value = nullptr;
  if (contents != iterator->container) {  // the first edit made a copy with the same order
    iterator->container = contents;
    iterator->cursor = 0;
    for (Py_ssize_t skipped = 0; skipped < iterator->done; ++skipped) {
      python_model().next(contents, &iterator->cursor, &key, &value);
    }
  }
  if (!python_model().next(contents, &iterator->cursor, &key, &value)) return nullptr;
  ++iterator->done;
  return entry(access, iterator->walk, to_object(key), to_object(value));
}

PyObject* next_element(IteratorObject* iterator, const DraftAccess& access) {
  const auto size = static_cast<Py_ssize_t>(access.size());
  if (size != iterator->expected && Py_TYPE(iterator->draft) == draft_types.deque) {
    PyErr_SetString(PyExc_RuntimeError, "deque mutated during iteration");
    return nullptr;
  }
  if (iterator->walk == Walk::backwards) {
    if (iterator->done < 0 || iterator->done >= size) return nullptr;
    return access.item(static_cast<std::size_t>(iterator->done--));
  }
  if (iterator->done >= size) return nullptr;
  return access.item(static_cast<std::size_t>(iterator->done++));
}

PyObject* next(PyObject* self) {
  IteratorObject* iterator = as_iterator(self);
  if (iterator->draft == nullptr) return nullptr;
  Ref kept = Ref::borrow(iterator->draft);
  DraftAccess access(kept.get());
  if (!access) return nullptr;
  const bool is_list = access.draft().kind == draft::Kind::list;
  PyObject* found = is_list ? next_element(iterator, access) : next_entry(iterator, access);
  if (found == nullptr && PyErr_Occurred() == nullptr) Py_CLEAR(iterator->draft);
  return found;
}

PyObject* length_hint(PyObject* self, PyObject*) {
  IteratorObject* iterator = as_iterator(self);
  if (iterator->draft == nullptr) return PyLong_FromLong(0);
  DraftAccess access(iterator->draft);
  if (!access) return nullptr;
  if (iterator->walk == Walk::backwards) return PyLong_FromSsize_t(iterator->done + 1);
  const Py_ssize_t left = static_cast<Py_ssize_t>(access.size()) - iterator->done;
  return PyLong_FromSsize_t(left < 0 ? 0 : left);
}

PyObject* reduce(PyObject*, PyObject*) {
  PyErr_SetString(PyExc_TypeError, "an iterator over a draft cannot be copied or pickled");
  return nullptr;
}

}  // namespace

PyObject* iterate(PyObject* draft, Walk walk, bool reversed) {
  DraftAccess access(draft);
  if (!access) return nullptr;
  const auto size = static_cast<Py_ssize_t>(access.size());
  Ref keys;
  if (reversed) {
    keys = Ref::take(keys_in_order(access.contents()));
    if (!keys) return nullptr;
  }
  IteratorObject* made = PyObject_GC_New(IteratorObject, iterator_type);
  if (made == nullptr) return nullptr;
  made->draft = Py_NewRef(draft);
  made->container = nullptr;
  made->cursor = 0;
  made->done = walk == Walk::backwards ? size - 1 : 0;
  made->expected = size;
  made->keys = keys.release();
  made->walk = walk;
  PyObject_GC_Track(made);
  return as_object(made);
}

int add_draft_iterator(PyObject*) {
  static PyMethodDef methods[] = {
      {"__length_hint__", length_hint, METH_NOARGS, "How many are left."},
      {"__reduce_ex__", reduce, METH_O, "Refuses."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("Walks through a draft.")},
      {Py_tp_dealloc, as_slot(References::dealloc)},
      {Py_tp_traverse, as_slot(References::traverse)},
      {Py_tp_clear, as_slot(References::clear)},
      {Py_tp_iter, as_slot(PyObject_SelfIter)},
      {Py_tp_iternext, as_slot(next)},
      {Py_tp_methods, methods},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "halflife._core.DraftIterator", sizeof(IteratorObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  iterator_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return iterator_type == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
