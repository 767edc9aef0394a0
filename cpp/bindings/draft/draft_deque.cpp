// The draft of a deque. The draft edits a list, and respects the deque's `maxlen` like a deque:
// elements too many are removed at the other end.
#include "../support/arguments.hpp"
#include "draft_dict.hpp"
#include "draft_list.hpp"
#include "draft_views.hpp"

namespace halflife::bindings {

namespace {

constexpr Py_ssize_t kUnbounded = PY_SSIZE_T_MAX;

// The deque's maxlen; -1: an error is set.
Py_ssize_t limit_of(const DraftAccess& access) {
  Ref limit = Ref::take(PyObject_GetAttrString(to_object(access.draft().base), "maxlen"));
  if (!limit) return -1;
  return limit.get() == Py_None ? kUnbounded : PyLong_AsSsize_t(limit.get());
}

Py_ssize_t size_of(const DraftAccess& access) { return static_cast<Py_ssize_t>(access.size()); }

// Adds values at the end or at the start. No user code has access to the list `values`.
bool put(const DraftAccess& access, PyObject* values, bool at_end) {
  const Py_ssize_t limit = limit_of(access);
  if (limit < 0) return false;
  const Py_ssize_t count = PyList_GET_SIZE(values);
  if (limit == kUnbounded && at_end) {  // does not count as a read
    for (Py_ssize_t index = 0; index < count; ++index) {
      if (!access.scope().append(access.draft(), PyList_GET_ITEM(values, index))) return false;
    }
    return true;
  }
  const Py_ssize_t size = size_of(access);
  if (count == 0) return true;
  const Py_ssize_t extra = limit == kUnbounded || size + count <= limit ? 0 : size + count - limit;
  const Py_ssize_t gone = extra < size ? extra : size;
  if (at_end) {
    if (gone > 0 && !list_splice(access, 0, gone, nullptr)) return false;
    for (Py_ssize_t index = extra - gone; index < count; ++index) {
      if (!access.scope().append(access.draft(), PyList_GET_ITEM(values, index))) return false;
    }
    return true;
  }
  if (gone > 0 && !list_splice(access, size - gone, size, nullptr)) return false;
  Ref kept = Ref::take(PyList_GetSlice(values, 0, count - (extra - gone)));
  return kept && list_splice(access, 0, 0, kept.get());
}

PyObject* none_if(bool done) { return done ? Py_NewRef(Py_None) : nullptr; }

PyObject* append(PyObject* self, PyObject* value, bool at_end) {
  DraftAccess access(self);
  Ref values = Ref::take(access ? PyList_New(1) : nullptr);
  if (!values) return nullptr;
  PyList_SET_ITEM(values.get(), 0, Py_NewRef(value));
  return none_if(put(access, values.get(), at_end));
}

PyObject* append_right(PyObject* self, PyObject* value) { return append(self, value, true); }
PyObject* append_left(PyObject* self, PyObject* value) { return append(self, value, false); }

// A list of the iterable's elements. Ignores length hints, as deque does.
Ref list_of(PyObject* values) {
  Ref iterator = Ref::take(PyObject_GetIter(values));
  Ref list = Ref::take(iterator ? PyList_New(0) : nullptr);
  if (!list) return {};
  while (Ref value = Ref::take(PyIter_Next(iterator.get()))) {
    if (PyList_Append(list.get(), value.get()) < 0) return {};
  }
  return PyErr_Occurred() == nullptr ? std::move(list) : Ref{};
}

PyObject* extend(PyObject* self, PyObject* values) {
  DraftAccess access(self);
  Ref list = access ? list_of(values) : Ref{};
  return list ? none_if(put(access, list.get(), true)) : nullptr;
}

PyObject* extend_left(PyObject* self, PyObject* values) {
  DraftAccess access(self);
  Ref list = access ? list_of(values) : Ref{};
  if (!list || PyList_Reverse(list.get()) < 0) return nullptr;
  return none_if(put(access, list.get(), false));
}

PyObject* take_out(PyObject* self, bool at_end) {
  DraftAccess access(self);
  if (!access) return nullptr;
  const Py_ssize_t size = size_of(access);
  if (size == 0) {
    PyErr_SetString(PyExc_IndexError, "pop from an empty deque");
    return nullptr;
  }
  const Py_ssize_t index = at_end ? size - 1 : 0;
  Ref popped = Ref::take(access.item(static_cast<std::size_t>(index)));
  return popped && list_splice(access, index, index + 1, nullptr) ? popped.release() : nullptr;
}

PyObject* pop(PyObject* self, PyObject*) { return take_out(self, true); }
PyObject* pop_left(PyObject* self, PyObject*) { return take_out(self, false); }

PyObject* insert(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access) return nullptr;
  const Py_ssize_t limit = limit_of(access);
  if (limit < 0) return nullptr;
  if (limit != kUnbounded && size_of(access) >= limit) {
    PyErr_SetString(PyExc_IndexError, "deque already at its maximum size");
    return nullptr;
  }
  return list_insert(self, args, count);
}

PyObject* remove(PyObject* self, PyObject* value) {
  DraftAccess access(self);
  const Py_ssize_t index = access ? list_find(access, &value, 1) : -2;
  if (index >= 0) return none_if(list_splice(access, index, index + 1, nullptr));
  if (index == -1) PyErr_SetString(PyExc_ValueError, "deque.remove(x): x not in deque");
  return nullptr;
}

PyObject* index_of(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  const Py_ssize_t index = access ? list_find(access, args, count) : -2;
  if (index >= 0) return PyLong_FromSsize_t(index);
  if (index == -1) {
    PyErr_Format(PyExc_ValueError, "%s is not in deque", described(args[0]).c_str());
  }
  return nullptr;
}

PyObject* rotate(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "rotate() takes at most one argument, got %zd", count);
    return nullptr;
  }
  Py_ssize_t steps = count == 0 ? 1 : PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
  if (steps == -1 && PyErr_Occurred() != nullptr) return nullptr;
  const Py_ssize_t size = size_of(access);
  if (size < 2) Py_RETURN_NONE;
  steps %= size;
  if (steps < 0) steps += size;
  if (steps == 0) Py_RETURN_NONE;
  PyObject* list = to_object(access.scope().edit_list(access.draft()));
  Ref last = Ref::take(list != nullptr ? PyList_GetSlice(list, size - steps, size) : nullptr);
  return none_if(last && PyList_SetSlice(list, size - steps, size, nullptr) == 0 &&
                 PyList_SetSlice(list, 0, 0, last.get()) == 0);
}

PyObject* maxlen(PyObject* self, void*) {
  DraftAccess access(self);
  return access ? PyObject_GetAttrString(to_object(access.draft().base), "maxlen") : nullptr;
}

// --- as a sequence

bool is_index(PyObject* key) {
  if (PyIndex_Check(key)) return true;
  PyErr_Format(PyExc_TypeError, "sequence index must be integer, not '%.200s'",
               Py_TYPE(key)->tp_name);
  return false;
}

PyObject* subscript(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  Py_ssize_t index = 0;
  if (!access || !is_index(key) || !list_index(access, key, "deque index out of range", &index)) {
    return nullptr;
  }
  return access.item(static_cast<std::size_t>(index));
}

int assign(PyObject* self, PyObject* key, PyObject* value) {
  DraftAccess access(self);
  Py_ssize_t index = 0;
  if (!access || !is_index(key) || !list_index(access, key, "deque index out of range", &index))
    return -1;
  const bool done = value == nullptr ? list_splice(access, index, index + 1, nullptr)
                                     : access.scope().set_item(
                                           access.draft(), static_cast<std::size_t>(index), value);
  return done ? 0 : -1;
}

// For C code that walks sequences, and for patterns in `match`.
PyObject* item(PyObject* self, Py_ssize_t index) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (index >= 0 && index < size_of(access)) return access.item(static_cast<std::size_t>(index));
  PyErr_SetString(PyExc_IndexError, "deque index out of range");
  return nullptr;
}

Py_ssize_t length(PyObject* self) {
  DraftAccess access(self);
  return access ? size_of(access) : -1;
}

PyObject* iter(PyObject* self) { return iterate(self, Walk::elements); }
PyObject* reversed(PyObject* self, PyObject*) { return iterate(self, Walk::backwards); }

PyObject* operand(PyObject* object) {
  return Py_TYPE(object) == draft_types.deque ? subclass_copy(object, nullptr) : Py_NewRef(object);
}

PyObject* concatenate(PyObject* one, PyObject* other) {
  Ref left = Ref::take(operand(one));
  Ref right = Ref::take(left ? operand(other) : nullptr);
  return right ? PySequence_Concat(left.get(), right.get()) : nullptr;
}

// deque + draft: deque's own sequence + refuses, and then Python tries this number +.
PyObject* add(PyObject* one, PyObject* other) {
  const bool ours = Py_TYPE(one) == draft_types.deque;
  if (!ours && !is_deque(one)) Py_RETURN_NOTIMPLEMENTED;
  return concatenate(one, other);
}

PyObject* extend_in_place(PyObject* self, PyObject* values) {
  Ref done = Ref::take(extend(self, values));
  return done ? Py_NewRef(self) : nullptr;
}

PyObject* repeat(PyObject* self, Py_ssize_t times) {
  Ref copy = Ref::take(subclass_copy(self, nullptr));
  return copy ? PySequence_Repeat(copy.get(), times) : nullptr;
}

PyObject* repeat_in_place(PyObject* self, Py_ssize_t times) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (times == 1) return Py_NewRef(self);
  Ref copy = Ref::take(subclass_copy(self, nullptr));
  Ref repeated = Ref::take(copy ? PySequence_Repeat(copy.get(), times) : nullptr);
  Ref elements = Ref::take(repeated ? PySequence_List(repeated.get()) : nullptr);
  return elements && list_splice(access, 0, size_of(access), elements.get()) ? Py_NewRef(self)
                                                                             : nullptr;
}

}  // namespace

int add_draft_deque(PyObject* module) {
  static PyMethodDef methods[] = {
      {"append", append_right, METH_O, "Puts a value at the end."},
      {"appendleft", append_left, METH_O, "Puts a value at the start."},
      {"extend", extend, METH_O, "Puts values at the end."},
      {"extendleft", extend_left, METH_O, "Puts values at the start, one before the other."},
      {"insert", as_function(insert), METH_FASTCALL, "Puts a value before a position."},
      {"pop", pop, METH_NOARGS, "Takes out the last element."},
      {"popleft", pop_left, METH_NOARGS, "Takes out the first element."},
      {"remove", remove, METH_O, "Takes out the first element that equals a value."},
      {"clear", list_clear, METH_NOARGS, "Takes everything out."},
      {"index", as_function(index_of), METH_FASTCALL, "Where a value is first."},
      {"count", list_count, METH_O, "How often a value is in it."},
      {"reverse", list_reverse, METH_NOARGS, "Reverses in place."},
      {"rotate", as_function(rotate), METH_FASTCALL, "Moves elements from the end to the start."},
      {"copy", subclass_copy, METH_NOARGS, "A plain deque of the same elements."},
      {"__reversed__", reversed, METH_NOARGS, "From the last to the first."},
      {"__copy__", subclass_copy, METH_NOARGS, "A plain deque of the same elements."},
      HALFLIFE_DRAFT_METHODS,
      {nullptr, nullptr, 0, nullptr},
  };
  static PyGetSetDef properties[] = {
      {"maxlen", maxlen, nullptr, "The greatest length, or None.", nullptr},
      {},
  };
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a deque: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_tp_iter, as_slot(iter)},
      {Py_tp_methods, methods},
      {Py_tp_getset, properties},
      {Py_mp_length, as_slot(length)},
      {Py_mp_subscript, as_slot(subscript)},
      {Py_mp_ass_subscript, as_slot(assign)},
      {Py_sq_length, as_slot(length)},
      {Py_sq_item, as_slot(item)},
      {Py_sq_contains, as_slot(list_contains)},
      {Py_sq_concat, as_slot(concatenate)},
      {Py_sq_repeat, as_slot(repeat)},
      {Py_sq_inplace_concat, as_slot(extend_in_place)},
      {Py_sq_inplace_repeat, as_slot(repeat_in_place)},
      {Py_nb_add, as_slot(add)},
      {Py_nb_inplace_add, as_slot(extend_in_place)},
      {0, nullptr},
  };
  draft_types.deque =
      add_draft_type(module, "halflife._core.DequeDraft", Py_TPFLAGS_SEQUENCE, slots);
  return draft_types.deque == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
