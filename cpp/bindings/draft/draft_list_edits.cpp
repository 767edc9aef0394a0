// The draft of a list: edits that move positions. User code (iterables, keys, indexes) runs before
// the list is changed.
#include "draft_list.hpp"

namespace halflife::bindings {

namespace {

bool adopt_all(const DraftAccess& access, PyObject* values) {
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(values); ++index) {
    if (!access.scope().adopt(PyList_GET_ITEM(values, index))) return false;
  }
  return true;
}

// A new list of the iterable's elements, which user code cannot change. Ignores length hints, which
// may be far too large.
PyObject* own_list(PyObject* values) {
  if (PyList_CheckExact(values) || PyTuple_CheckExact(values)) return PySequence_List(values);
  Ref iterator = Ref::take(PyObject_GetIter(values));
  Ref list = Ref::take(iterator ? PyList_New(0) : nullptr);
  if (!list) return nullptr;
  while (PyObject* value = PyIter_Next(iterator.get())) {
    Ref owned = Ref::take(value);
    if (PyList_Append(list.get(), value) < 0) return nullptr;
  }
  return PyErr_Occurred() == nullptr ? list.release() : nullptr;
}

}  // namespace

bool list_splice(const DraftAccess& access, Py_ssize_t start, Py_ssize_t stop, PyObject* values) {
  if (values != nullptr && !adopt_all(access, values)) return false;
  PyObject* scratch = to_object(access.scope().edit_list(access.draft()));
  return scratch != nullptr && PyList_SetSlice(scratch, start, stop, values) == 0;
}

bool list_assign(const DraftAccess& access, PyObject* key, PyObject* value) {
  if (PyIndex_Check(key)) {
    Py_ssize_t index = 0;
    if (!list_index(access, key, "list assignment index out of range", &index)) return false;
    return list_splice(access, index, index + 1, nullptr);
  }
  Ref values;
  if (value != nullptr) {
    if (Py_TYPE(value)->tp_iter == nullptr && !PySequence_Check(value)) {
      PyErr_SetString(PyExc_TypeError, "can only assign an iterable");
      return false;
    }
    values = Ref::take(own_list(value));
    if (!values || !adopt_all(access, values.get())) return false;
  }
  Py_ssize_t start = 0, stop = 0, step = 0;
  if (PySlice_Unpack(key, &start, &stop, &step) < 0) return false;
  const Py_ssize_t count =
      PySlice_AdjustIndices(static_cast<Py_ssize_t>(access.size()), &start, &stop, step);
  if (step == 1) return list_splice(access, start, start + count, values.get());
  if (values && PyList_GET_SIZE(values.get()) != count) {
    PyErr_Format(PyExc_ValueError,
                 "attempt to assign sequence of size %zd to extended slice of size %zd",
                 PyList_GET_SIZE(values.get()), count);
    return false;
  }
  if (values) {  // no position moves
    for (Py_ssize_t index = 0; index < count; ++index) {
      if (!access.scope().set_item(access.draft(), static_cast<std::size_t>(start + index * step),
                                   PyList_GET_ITEM(values.get(), index))) {
        return false;
      }
    }
    return true;
  }
  if (count == 0) return true;
  PyObject* scratch = to_object(access.scope().edit_list(access.draft()));
  if (scratch == nullptr) return false;
  Ref from = Ref::take(PyLong_FromSsize_t(step > 0 ? start : start + (count - 1) * step));
  Ref to = Ref::take(PyLong_FromSsize_t(step > 0 ? stop : start + 1));
  Ref by = Ref::take(PyLong_FromSsize_t(step > 0 ? step : -step));
  Ref forward = Ref::take(from && to && by ? PySlice_New(from.get(), to.get(), by.get()) : nullptr);
  return forward && PyObject_DelItem(scratch, forward.get()) == 0;
}

PyObject* list_append(PyObject* self, PyObject* value) {
  DraftAccess access(self);
  if (!access || !access.scope().append(access.draft(), value)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* list_extend(PyObject* self, PyObject* values) {
  DraftAccess access(self);
  if (!access) return nullptr;
  Ref list = Ref::take(own_list(values));
  if (!list) return nullptr;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(list.get()); ++index) {
    if (!access.scope().append(access.draft(), PyList_GET_ITEM(list.get(), index))) return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* list_extend_in_place(PyObject* self, PyObject* values) {
  Ref done = Ref::take(list_extend(self, values));
  return done ? Py_NewRef(self) : nullptr;
}

PyObject* list_repeat_in_place(PyObject* self, Py_ssize_t times) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (times == 1) return Py_NewRef(self);
  // A repeated container is the same draft each time, as it would be the same object in a list.
  Ref elements = Ref::take(list_elements(access));
  Ref repeated = Ref::take(elements ? PySequence_Repeat(elements.get(), times) : nullptr);
  if (!repeated) return nullptr;
  const bool ok = list_splice(access, 0, static_cast<Py_ssize_t>(access.size()), repeated.get());
  return ok ? Py_NewRef(self) : nullptr;
}

PyObject* list_insert(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (count != 2) {
    PyErr_Format(PyExc_TypeError, "insert() takes a position and a value, got %zd arguments",
                 count);
    return nullptr;
  }
  const Py_ssize_t index = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
  if (index == -1 && PyErr_Occurred() != nullptr) return nullptr;
  if (!access.scope().adopt(args[1])) return nullptr;
  const auto size = static_cast<Py_ssize_t>(access.size());
  PyObject* scratch = to_object(access.scope().edit_list(access.draft()));
  if (scratch == nullptr) return nullptr;
  const Py_ssize_t position = index >= 0 ? index : index + size < 0 ? 0 : index + size;
  if (PyList_Insert(scratch, position, args[1]) < 0) return nullptr;
  Py_RETURN_NONE;
}

PyObject* list_pop(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "pop() takes at most one argument, got %zd", count);
    return nullptr;
  }
  Py_ssize_t index = -1;
  if (count == 1) {  // first, because list.pop() reports a wrong type before an empty list
    index = PyNumber_AsSsize_t(args[0], PyExc_IndexError);
    if (index == -1 && PyErr_Occurred() != nullptr) return nullptr;
  }
  const auto size = static_cast<Py_ssize_t>(access.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) {
    PyErr_SetString(PyExc_IndexError, size == 0 ? "pop from empty list" : "pop index out of range");
    return nullptr;
  }
  Ref popped = Ref::take(access.item(static_cast<std::size_t>(index)));
  if (!popped || !list_splice(access, index, index + 1, nullptr)) return nullptr;
  return popped.release();
}

PyObject* list_clear(PyObject* self, PyObject*) {
  DraftAccess access(self);
  if (!access) return nullptr;
  const auto size = static_cast<Py_ssize_t>(access.size());
  if (size > 0 && !list_splice(access, 0, size, nullptr)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* list_sort(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  DraftAccess access(self);
  if (!access || !access.scope().read_subtree(access.draft())) return nullptr;
  // Sorts a copy, so that the user's keys and comparisons see the unsorted draft.
  Ref before = Ref::take(list_elements(access));
  Ref sorted = Ref::take(before ? PySequence_List(before.get()) : nullptr);
  Ref method = Ref::take(sorted ? PyObject_GetAttrString(sorted.get(), "sort") : nullptr);
  if (!method) return nullptr;
  Ref done =
      Ref::take(PyObject_Vectorcall(method.get(), args, static_cast<std::size_t>(count), kwnames));
  if (!done) return nullptr;
  const Py_ssize_t size = PyList_GET_SIZE(before.get());
  Ref now = Ref::take(list_elements(access));
  if (!now) return nullptr;
  bool unchanged = PyList_GET_SIZE(now.get()) == size;
  bool in_order = true;
  for (Py_ssize_t index = 0; unchanged && index < size; ++index) {
    PyObject* was = PyList_GET_ITEM(before.get(), index);
    unchanged = was == PyList_GET_ITEM(now.get(), index);
    in_order = in_order && was == PyList_GET_ITEM(sorted.get(), index);
  }
  if (!unchanged) {
    PyErr_SetString(PyExc_ValueError, "list modified during sort");
    return nullptr;
  }
  if (!in_order && !list_splice(access, 0, size, sorted.get())) return nullptr;
  Py_RETURN_NONE;
}

PyObject* list_reverse(PyObject* self, PyObject*) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (access.size() > 1) {
    PyObject* scratch = to_object(access.scope().edit_list(access.draft()));
    if (scratch == nullptr || PyList_Reverse(scratch) < 0) return nullptr;
  }
  Py_RETURN_NONE;
}

}  // namespace halflife::bindings
