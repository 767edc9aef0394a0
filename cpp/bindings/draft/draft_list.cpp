// The draft of a list: reading, and edits of single positions. Edits that move positions are in
// draft_list_edits.cpp.
#include "draft_list.hpp"

#include "../support/arguments.hpp"
#include "draft_views.hpp"

namespace halflife::bindings {

PyObject* list_elements(const DraftAccess& access, Py_ssize_t start, Py_ssize_t step,
                        Py_ssize_t count) {
  Ref list = Ref::take(PyList_New(count));
  if (!list) return nullptr;
  for (Py_ssize_t index = 0; index < count; ++index) {
    PyObject* item = access.item(static_cast<std::size_t>(start + index * step));
    if (item == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), index, item);
  }
  return list.release();
}

PyObject* list_elements(const DraftAccess& access) {
  return list_elements(access, 0, 1, static_cast<Py_ssize_t>(access.size()));
}

bool list_index(const DraftAccess& access, PyObject* key, const char* message, Py_ssize_t* index) {
  *index = PyNumber_AsSsize_t(key, PyExc_IndexError);
  if (*index == -1 && PyErr_Occurred() != nullptr) return false;
  const Py_ssize_t size = PyList_GET_SIZE(access.contents());
  if (*index >= 0 && *index < size) return true;  // records a read of that position only
  access.size();
  if (*index < 0) *index += size;
  if (*index >= 0 && *index < size) return true;
  PyErr_SetString(PyExc_IndexError, message);
  return false;
}

namespace {

PyObject* wrong_index(PyObject* key) {
  PyErr_Format(PyExc_TypeError, "list indices must be integers or slices, not %.200s",
               Py_TYPE(key)->tp_name);
  return nullptr;
}

PyObject* subscript(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (PyIndex_Check(key)) {
    Py_ssize_t index = 0;
    if (!list_index(access, key, "list index out of range", &index)) return nullptr;
    return access.item(static_cast<std::size_t>(index));
  }
  if (!PySlice_Check(key)) return wrong_index(key);
  Py_ssize_t start = 0, stop = 0, step = 0;
  if (PySlice_Unpack(key, &start, &stop, &step) < 0) return nullptr;
  const Py_ssize_t count =
      PySlice_AdjustIndices(static_cast<Py_ssize_t>(access.size()), &start, &stop, step);
  return list_elements(access, start, step, count);
}

// For C code that walks sequences, and for patterns in `match`.
PyObject* item(PyObject* self, Py_ssize_t index) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (index < 0 || index >= PyList_GET_SIZE(access.contents())) {
    access.size();
    PyErr_SetString(PyExc_IndexError, "list index out of range");
    return nullptr;
  }
  return access.item(static_cast<std::size_t>(index));
}

int assign(PyObject* self, PyObject* key, PyObject* value) {
  DraftAccess access(self);
  if (!access) return -1;
  if (value != nullptr && PyIndex_Check(key)) {
    Py_ssize_t index = 0;
    if (!list_index(access, key, "list assignment index out of range", &index)) return -1;
    return access.scope().set_item(access.draft(), static_cast<std::size_t>(index), value) ? 0 : -1;
  }
  if (!PyIndex_Check(key) && !PySlice_Check(key)) {
    wrong_index(key);
    return -1;
  }
  return list_assign(access, key, value) ? 0 : -1;
}

Py_ssize_t length(PyObject* self) {
  DraftAccess access(self);
  return access ? static_cast<Py_ssize_t>(access.size()) : -1;
}

PyObject* iter(PyObject* self) { return iterate(self, Walk::elements); }
PyObject* reversed(PyObject* self, PyObject*) { return iterate(self, Walk::backwards); }

PyObject* copy(PyObject* self, PyObject*) {
  DraftAccess access(self);
  return access ? list_elements(access) : nullptr;
}

// An element to compare: its draft if there is one, else the plain element.
PyObject* element(const DraftAccess& access, std::size_t index) {
  const draft::Draft& draft = access.draft();
  if (draft.rows != nullptr) {
    const auto row = draft.rows->find(index);
    if (row != draft.rows->end()) return to_object(row->second->face);
  }
  return PyList_GET_ITEM(access.contents(), static_cast<Py_ssize_t>(index));
}

}  // namespace

bool list_search(const DraftAccess& access, PyObject* value, Py_ssize_t start, Py_ssize_t stop,
                 const Found& found) {
  if (!access.scope().read_subtree(access.draft())) return false;
  Ref plain = Ref::take(plain_or_self(value));
  if (!plain) return false;
  // A user's == may change the list, so its size is read each time.
  for (Py_ssize_t index = start; index < stop && index < static_cast<Py_ssize_t>(access.size());
       ++index) {
    Ref one = Ref::borrow(element(access, static_cast<std::size_t>(index)));
    int equal = one.get() == value ? 1 : 0;
    if (equal == 0) equal = PyObject_RichCompareBool(one.get(), plain.get(), Py_EQ);
    if (equal < 0) return false;
    if (equal > 0 && !found(index)) return true;
  }
  return true;
}

int list_contains(PyObject* self, PyObject* value) {
  DraftAccess access(self);
  if (!access) return -1;
  int answer = 0;
  const auto found = [&answer](Py_ssize_t) {
    answer = 1;
    return false;
  };
  return list_search(access, value, 0, PY_SSIZE_T_MAX, found) ? answer : -1;
}

PyObject* list_count(PyObject* self, PyObject* value) {
  DraftAccess access(self);
  if (!access) return nullptr;
  Py_ssize_t answer = 0;
  const auto found = [&answer](Py_ssize_t) {
    ++answer;
    return true;
  };
  return list_search(access, value, 0, PY_SSIZE_T_MAX, found) ? PyLong_FromSsize_t(answer)
                                                              : nullptr;
}

Py_ssize_t list_find(const DraftAccess& access, PyObject* const* args, Py_ssize_t count) {
  constexpr Py_ssize_t kFailed = -2;
  if (count < 1 || count > 3) {
    PyErr_Format(PyExc_TypeError, "index() takes 1 to 3 arguments, got %zd", count);
    return kFailed;
  }
  Py_ssize_t bounds[2] = {0, PY_SSIZE_T_MAX};
  const auto size = static_cast<Py_ssize_t>(access.size());
  for (Py_ssize_t argument = 1; argument < count; ++argument) {
    Py_ssize_t& bound = bounds[argument - 1];
    bound = PyNumber_AsSsize_t(args[argument], nullptr);  // too large counts as the end
    if (bound == -1 && PyErr_Occurred() != nullptr) return kFailed;
    if (bound < 0) bound = bound + size < 0 ? 0 : bound + size;
  }
  Py_ssize_t answer = -1;
  const auto found = [&answer](Py_ssize_t index) {
    answer = index;
    return false;
  };
  return list_search(access, args[0], bounds[0], bounds[1], found) ? answer : kFailed;
}

namespace {

PyObject* index_of(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  const Py_ssize_t answer = access ? list_find(access, args, count) : -2;
  if (answer >= 0) return PyLong_FromSsize_t(answer);
  if (answer == -1) {
    PyErr_Format(PyExc_ValueError, "%s is not in list", described(args[0]).c_str());
  }
  return nullptr;
}

PyObject* remove(PyObject* self, PyObject* value) {
  DraftAccess access(self);
  if (!access) return nullptr;
  Py_ssize_t answer = -1;
  const auto found = [&answer](Py_ssize_t index) {
    answer = index;
    return false;
  };
  if (!list_search(access, value, 0, PY_SSIZE_T_MAX, found)) return nullptr;
  if (answer < 0 || answer >= static_cast<Py_ssize_t>(access.size())) {
    PyErr_SetString(PyExc_ValueError, "list.remove(x): x not in list");
    return nullptr;
  }
  if (!list_splice(access, answer, answer + 1, nullptr)) return nullptr;
  Py_RETURN_NONE;
}

bool is_list_draft(PyObject* object) {
  return Py_TYPE(object) == draft_types.list || Py_TYPE(object) == draft_types.list_subclass;
}

PyObject* concatenate(PyObject* self, PyObject* other) {
  DraftAccess access(self);
  if (!access) return nullptr;
  Ref left = Ref::take(list_elements(access));
  Ref right =
      Ref::take(!left ? nullptr : (is_list_draft(other) ? copy(other, nullptr) : Py_NewRef(other)));
  return right ? PySequence_Concat(left.get(), right.get()) : nullptr;
}

// list + draft: list's own sequence + refuses, and then Python tries this number +.
PyObject* add(PyObject* one, PyObject* other) {
  if (is_list_draft(one)) {
    if (!PyList_Check(other) && !is_list_draft(other)) Py_RETURN_NOTIMPLEMENTED;
    return concatenate(one, other);
  }
  if (!PyList_Check(one)) Py_RETURN_NOTIMPLEMENTED;
  Ref right = Ref::take(copy(other, nullptr));
  return right ? PySequence_Concat(one, right.get()) : nullptr;
}

PyObject* repeat(PyObject* self, Py_ssize_t times) {
  Ref elements = Ref::take(copy(self, nullptr));
  return elements ? PySequence_Repeat(elements.get(), times) : nullptr;
}

PyMethodDef methods[] = {
    {"append", list_append, METH_O, "Puts a value at the end."},
    {"extend", list_extend, METH_O, "Puts values at the end."},
    {"insert", as_function(list_insert), METH_FASTCALL, "Puts a value before a position."},
    {"pop", as_function(list_pop), METH_FASTCALL, "Takes out a position, by default the last."},
    {"remove", remove, METH_O, "Takes out the first element that equals a value."},
    {"clear", list_clear, METH_NOARGS, "Takes everything out."},
    {"index", as_function(index_of), METH_FASTCALL, "Where a value is first."},
    {"count", list_count, METH_O, "How often a value is in it."},
    {"sort", as_function(list_sort), METH_FASTCALL | METH_KEYWORDS, "Sorts in argument."},
    {"reverse", list_reverse, METH_NOARGS, "Reverses in argument."},
    {"copy", copy, METH_NOARGS, "A plain list of the same elements."},
    {"__reversed__", reversed, METH_NOARGS, "From the last to the first."},
    {"__copy__", copy, METH_NOARGS, "A plain list of the same elements."},
    HALFLIFE_DRAFT_METHODS,
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_draft_list(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a list: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      {Py_tp_iter, as_slot(iter)},
      {Py_tp_methods, methods},
      {Py_mp_length, as_slot(length)},
      {Py_mp_subscript, as_slot(subscript)},
      {Py_mp_ass_subscript, as_slot(assign)},
      {Py_sq_length, as_slot(length)},
      {Py_sq_item, as_slot(item)},
      {Py_sq_contains, as_slot(list_contains)},
      {Py_sq_concat, as_slot(concatenate)},
      {Py_sq_repeat, as_slot(repeat)},
      {Py_sq_inplace_concat, as_slot(list_extend_in_place)},
      {Py_sq_inplace_repeat, as_slot(list_repeat_in_place)},
      {Py_nb_add, as_slot(add)},
      {Py_nb_inplace_add, as_slot(list_extend_in_place)},
      {0, nullptr},
  };
  draft_types.list = add_draft_type(module, "halflife._core.ListDraft",
                                    Py_TPFLAGS_SEQUENCE | Py_TPFLAGS_BASETYPE, slots);
  return draft_types.list == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
