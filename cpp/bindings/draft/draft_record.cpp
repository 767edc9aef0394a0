#include "draft_record.hpp"

#include <cstring>
#include <string_view>

namespace halflife::bindings {

namespace {

bool is_dunder(PyObject* name) {
  const Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  return length > 4 && PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_' &&
         PyUnicode_READ_CHAR(name, length - 1) == '_' &&
         PyUnicode_READ_CHAR(name, length - 2) == '_';
}

bool is(PyObject* name, const char* text) {
  return PyUnicode_CompareWithASCIIString(name, text) == 0;
}

// Is it an attribute of draft types that plain objects lack, such as __eq__ or __copy__? The
// docstring does not count.
bool is_own(PyObject* self, PyObject* name) {
  PyObject* own = _PyType_Lookup(Py_TYPE(self), name);
  if (own == nullptr || own == _PyType_Lookup(&PyBaseObject_Type, name)) return false;
  return !is(name, "__doc__") && !is(name, "__module__");
}

bool is_field(const RecordType& type, PyObject* name) {
  return PyDict_GetItemWithError(type.positions, name) != nullptr;
}

bool is_storage(PyObject* descriptor) {
  return Py_IS_TYPE(descriptor, &PyMemberDescr_Type) || Py_IS_TYPE(descriptor, &PyGetSetDescr_Type);
}

// Is it a property, or another descriptor of the class that handles setting?
bool is_computed(PyTypeObject* type, PyObject* name) {
  PyObject* found = _PyType_Lookup(type, name);
  return found != nullptr && Py_TYPE(found)->tp_descr_set != nullptr && !is_storage(found);
}

// Can a record have a field of this name that its class does not declare?
bool is_further(PyTypeObject* type, const RecordType& record, PyObject* name) {
  return record.more != Py_None && !is_dunder(name) && !is_computed(type, name);
}

// A new dict of the fields that are set, with drafts of containers.
PyObject* record_fields(PyObject* self) {
  DraftAccess access(self);
  if (!access) return nullptr;
  if (record_type(record_class(access.draft()))->more != Py_None) access.size();
  Ref names = Ref::take(PyList_New(0));
  Value name = nullptr;
  Value value = nullptr;
  for (std::size_t cursor = 0;
       names && python_model().next(access.contents(), &cursor, &name, &value);) {
    if (PyList_Append(names.get(), to_object(name)) < 0) return nullptr;
  }
  Ref fields = Ref::take(names ? PyDict_New() : nullptr);
  if (!fields) return nullptr;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(names.get()); ++index) {
    PyObject* field = PyList_GET_ITEM(names.get(), index);
    Ref found = Ref::take(access.get(field));
    if (!found || PyDict_SetItem(fields.get(), field, found.get()) < 0) return nullptr;
  }
  return fields.release();
}

PyObject* no_attribute(PyTypeObject* type, PyObject* name) {
  if (PyErr_Occurred() == nullptr) {
    PyErr_Format(PyExc_AttributeError, "'%.200s' object has no attribute %R", type->tp_name, name);
  }
  return nullptr;
}

// An attribute of the record that is no field. Such attributes cannot be edited, so only leaves are
// handed out.
PyObject* beside_fields(PyObject* base, PyObject* name) {
  Ref found = Ref::take(PyObject_GenericGetAttr(base, name));
  PyErr_Clear();
  if (!found) {
    Ref attribute = Ref::take(PyUnicode_InternFromString("__pydantic_private__"));
    Ref more = Ref::take(attribute ? PyObject_GenericGetAttr(base, attribute.get()) : nullptr);
    if (more && PyDict_CheckExact(more.get())) {
      found = Ref::borrow(PyDict_GetItemWithError(more.get(), name));
    }
    PyErr_Clear();
  }
  if (!found) return nullptr;
  if (draft::Scope(python_model(), false).opens(found.get())) {
    PyErr_Format(PyExc_AttributeError,
                 "%R is no field of '%.200s', and its draft holds fields only; original(draft)"
                 " has it",
                 name, Py_TYPE(base)->tp_name);
    return nullptr;
  }
  return found.release();
}

// A read-only copy, because edits of it would be lost.
PyObject* read_only(PyObject* value) {
  if (PyDict_CheckExact(value)) {
    Ref copy = Ref::take(PyDict_Copy(value));
    return copy ? PyDictProxy_New(copy.get()) : nullptr;
  }
  return PyAnySet_Check(value) ? PyFrozenSet_New(value) : Py_NewRef(value);
}

// Attributes that vars() and pydantic's own methods read. They have the current fields.
PyObject* reserved(PyObject* self, PyObject* base, PyObject* name) {
  if (is(name, "__dict__")) {
    Ref stored = Ref::take(PyObject_GenericGetAttr(base, name));
    Ref fields = Ref::take(stored ? record_fields(self) : nullptr);
    return fields ? PyDictProxy_New(fields.get()) : nullptr;
  }
  const char* text = PyUnicode_AsUTF8(name);
  if (text == nullptr || std::strncmp(text, "__pydantic_", 11) != 0) return nullptr;
  Ref stored = Ref::take(PyObject_GenericGetAttr(base, name));
  if (!stored || !is(name, "__pydantic_extra__") || stored.get() == Py_None) {
    return stored ? read_only(stored.get()) : nullptr;
  }
  const RecordType* record = record_type(Py_TYPE(base));
  Ref fields = Ref::take(record_fields(self));
  for (Py_ssize_t index = 0; fields && index < PyTuple_GET_SIZE(record->fields); ++index) {
    PyObject* field = PyTuple_GET_ITEM(record->fields, index);
    if (PyDict_Contains(fields.get(), field) == 1) PyDict_DelItem(fields.get(), field);
  }
  return fields ? PyDictProxy_New(fields.get()) : nullptr;
}

// A functools.cached_property is computed from the draft at each access.
bool is_cached_property(PyObject* found) {
  return std::string_view(Py_TYPE(found)->tp_name) == "functools.cached_property" ||
         std::string_view(Py_TYPE(found)->tp_name) == "cached_property";
}

PyObject* from_class(PyObject* self, PyTypeObject* type, PyObject* found) {
  if (is_cached_property(found)) {
    Ref function = Ref::take(PyObject_GetAttrString(found, "func"));
    return function ? PyObject_CallOneArg(function.get(), self) : nullptr;
  }
  const descrgetfunc get = Py_TYPE(found)->tp_descr_get;
  return get == nullptr ? Py_NewRef(found) : get(found, self, as_object(type));
}

// A plain record of the same values, with drafts of containers.
PyObject* copy(PyObject* self, PyObject*) {
  DraftAccess access(self);
  Ref fields = Ref::take(access ? record_fields(self) : nullptr);
  return fields ? rebuild_record(to_object(access.draft().base), fields.get()) : nullptr;
}

PyObject* get_attribute(PyObject* self, PyObject* name) {
  DraftObject* face = as_draft(self);
  if (face->draft.scope == nullptr && is_dunder(name)) return PyObject_GenericGetAttr(self, name);
  DraftAccess access(self);
  if (!access) return nullptr;
  Ref base = Ref::borrow(to_object(face->draft.base));
  PyTypeObject* type = Py_TYPE(base.get());
  const RecordType* record = record_type(type);
  if (record == nullptr) return no_attribute(type, name);
  if (is_field(*record, name) || is_further(type, *record, name)) {
    PyObject* found = access.get(name);
    if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  }
  if (is_dunder(name)) {
    if (is(name, "__class__")) return Py_NewRef(as_object(type));
    if (is_own(self, name)) return PyObject_GenericGetAttr(self, name);
  }
  if (PyTuple_Check(base.get()) && (is(name, "index") || is(name, "count"))) {
    return PyObject_GenericGetAttr(self, name);
  }
  Ref found = Ref::borrow(_PyType_Lookup(type, name));
  if (found && !is_storage(found.get())) return from_class(self, type, found.get());
  // The attributes below are read from the base, and may depend on all of it.
  if (!access.scope().read_subtree(access.draft())) return nullptr;
  base = Ref::borrow(to_object(face->draft.base));
  if (found && is_dunder(name)) {
    PyObject* stored = reserved(self, base.get(), name);
    if (stored != nullptr) return stored;
  }
  if (found && !record->optional && Py_IS_TYPE(found.get(), &PyMemberDescr_Type)) {
    // A name of __slots__ that is no field: attrs stores cached properties there. Computed on a
    // plain copy.
    Ref plain = Ref::take(copy(self, nullptr));
    return plain ? PyObject_GetAttr(plain.get(), name) : nullptr;
  }
  // A deleted field is missing, although the base has it.
  const bool deleted = record->optional && stored_field(base.get(), *record, name) != nullptr;
  if (!found && !deleted) {
    PyObject* stored = beside_fields(base.get(), name);
    if (stored != nullptr || PyErr_Occurred() != nullptr) return stored;
  }
  if (!found) {
    Ref hook_name = Ref::take(PyUnicode_InternFromString("__getattr__"));
    Ref hook = Ref::borrow(hook_name ? _PyType_Lookup(type, hook_name.get()) : nullptr);
    Ref fields_set = Ref::take(PyUnicode_InternFromString("__pydantic_fields__"));
    // Pydantic's own __getattr__ finds private and extra attributes, which were looked up above.
    if (hook && fields_set && _PyType_Lookup(type, fields_set.get()) == nullptr) {
      return PyObject_CallFunctionObjArgs(hook.get(), self, name, nullptr);
    }
  }
  return no_attribute(type, name);
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  DraftAccess access(self);
  if (!access) return -1;
  PyTypeObject* type = record_class(access.draft());
  const RecordType* record = record_type(type);
  if (is_dunder(name)) {
    PyErr_Format(PyExc_AttributeError, "%R of a draft cannot be set", name);
    return -1;
  }
  const bool field = record != nullptr && is_field(*record, name);
  Ref found = Ref::borrow(field ? nullptr : _PyType_Lookup(type, name));
  const descrsetfunc set = found ? Py_TYPE(found.get())->tp_descr_set : nullptr;
  if (set != nullptr && !is_storage(found.get())) return set(found.get(), self, value);
  if (!field &&
      (record == nullptr || !takes_field(to_object(access.draft().base), *record, name))) {
    PyErr_Format(PyExc_AttributeError, "'%.200s' has no field %R", type->tp_name, name);
    return -1;
  }
  if (value == nullptr && python_model().is_optional(access.draft().base, name)) {
    bool present = false;
    if (!access.scope().has(access.draft(), name, &present)) return -1;
    if (present) return access.scope().erase(access.draft(), name) ? 0 : -1;
    no_attribute(type, name);
    return -1;
  }
  if (value == nullptr) {
    PyErr_Format(PyExc_AttributeError, "the field %R of a '%.200s' cannot be deleted", name,
                 type->tp_name);
    return -1;
  }
  return access.scope().set(access.draft(), name, value) ? 0 : -1;
}

PyObject* dir(PyObject* self, PyObject*) {
  DraftAccess access(self);
  return access ? PyObject_Dir(to_object(access.draft().base)) : nullptr;
}

// --- the tuple methods of NamedTuples

PyObject* tuple_subscript(PyObject* self, PyObject* key) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PyObject_GetItem(elements.get(), key) : nullptr;
}

PyObject* tuple_item(PyObject* self, Py_ssize_t index) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PySequence_GetItem(elements.get(), index) : nullptr;
}

PyObject* tuple_iter(PyObject* self) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PyObject_GetIter(elements.get()) : nullptr;
}

Py_ssize_t tuple_length(PyObject* self) {
  DraftAccess access(self);
  return access ? PyTuple_GET_SIZE(to_object(access.draft().base)) : -1;
}

int tuple_contains(PyObject* self, PyObject* value) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PySequence_Contains(elements.get(), value) : -1;
}

PyObject* tuple_concatenate(PyObject* self, PyObject* other) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PySequence_Concat(elements.get(), other) : nullptr;
}

PyObject* tuple_repeat(PyObject* self, Py_ssize_t times) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PySequence_Repeat(elements.get(), times) : nullptr;
}

PyObject* tuple_index(PyObject* self, PyObject* args) {
  Ref elements = Ref::take(named_tuple_elements(self));
  Ref method = Ref::take(elements ? PyObject_GetAttrString(elements.get(), "index") : nullptr);
  return method ? PyObject_CallObject(method.get(), args) : nullptr;
}

PyObject* tuple_count(PyObject* self, PyObject* value) {
  Ref elements = Ref::take(named_tuple_elements(self));
  return elements ? PyObject_CallMethod(elements.get(), "count", "O", value) : nullptr;
}

PyMethodDef record_methods[] = {
    {"__copy__", copy, METH_NOARGS, "A plain record of the same values."},
    {"__dir__", dir, METH_NOARGS, "The names that the record has."},
    {"__format__", record_format, METH_O, "As the record's class formats it."},
    HALFLIFE_DRAFT_METHODS,
    {nullptr, nullptr, 0, nullptr},
};

PyMethodDef tuple_methods[] = {
    {"index", tuple_index, METH_VARARGS, "Where a value is first."},
    {"count", tuple_count, METH_O, "How often a value is in it."},
    {"__copy__", copy, METH_NOARGS, "A plain NamedTuple of the same values."},
    {"__dir__", dir, METH_NOARGS, "The names that the record has."},
    {"__format__", record_format, METH_O, "As the record's class formats it."},
    HALFLIFE_DRAFT_METHODS,
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

PyObject* named_tuple_elements(PyObject* self) {
  DraftAccess access(self);
  if (!access) return nullptr;
  const RecordType* record = record_type(record_class(access.draft()));
  Ref names = Ref::borrow(record == nullptr ? nullptr : record->fields);
  Ref elements = Ref::take(names ? PyTuple_New(PyTuple_GET_SIZE(names.get())) : nullptr);
  if (!elements) return nullptr;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(names.get()); ++index) {
    PyObject* value = access.get(PyTuple_GET_ITEM(names.get(), index));
    if (value == nullptr) return nullptr;
    PyTuple_SET_ITEM(elements.get(), index, value);
  }
  return elements.release();
}

#define HALFLIFE_RECORD_SLOTS                                     \
  HALFLIFE_DRAFT_SLOTS, {Py_tp_getattro, as_slot(get_attribute)}, \
      {Py_tp_setattro, as_slot(set_attribute)}, {                 \
    Py_tp_str, as_slot(record_str)                                \
  }

int add_draft_record(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a record: has its fields and methods.")},
      HALFLIFE_RECORD_SLOTS,
      {Py_tp_methods, record_methods},
      {Py_tp_iter, as_slot(record_iter)},
      {Py_mp_length, as_slot(record_length)},
      {Py_mp_subscript, as_slot(record_subscript)},
      {Py_mp_ass_subscript, as_slot(record_assign)},
      {Py_sq_contains, as_slot(record_contains)},
      {Py_nb_bool, as_slot(record_bool)},
      {Py_nb_add, as_slot(record_binary<PyNumber_Add>)},
      {Py_nb_subtract, as_slot(record_binary<PyNumber_Subtract>)},
      {Py_nb_multiply, as_slot(record_binary<PyNumber_Multiply>)},
      {Py_nb_matrix_multiply, as_slot(record_binary<PyNumber_MatrixMultiply>)},
      {Py_nb_true_divide, as_slot(record_binary<PyNumber_TrueDivide>)},
      {Py_nb_floor_divide, as_slot(record_binary<PyNumber_FloorDivide>)},
      {Py_nb_remainder, as_slot(record_binary<PyNumber_Remainder>)},
      {Py_nb_and, as_slot(record_binary<PyNumber_And>)},
      {Py_nb_or, as_slot(record_binary<PyNumber_Or>)},
      {Py_nb_xor, as_slot(record_binary<PyNumber_Xor>)},
      {Py_nb_negative, as_slot(record_unary<PyNumber_Negative>)},
      {Py_nb_positive, as_slot(record_unary<PyNumber_Positive>)},
      {Py_nb_absolute, as_slot(record_unary<PyNumber_Absolute>)},
      {0, nullptr},
  };
  draft_types.record = add_draft_type(module, "halflife._core.RecordDraft", 0, slots);
  static PyType_Slot tuple_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a NamedTuple: has its fields and methods.")},
      HALFLIFE_RECORD_SLOTS,
      {Py_tp_methods, tuple_methods},
      {Py_tp_iter, as_slot(tuple_iter)},
      {Py_mp_length, as_slot(tuple_length)},
      {Py_mp_subscript, as_slot(tuple_subscript)},
      {Py_sq_length, as_slot(tuple_length)},
      {Py_sq_item, as_slot(tuple_item)},
      {Py_sq_contains, as_slot(tuple_contains)},
      {Py_sq_concat, as_slot(tuple_concatenate)},
      {Py_sq_repeat, as_slot(tuple_repeat)},
      {0, nullptr},
  };
  draft_types.named_tuple =
      add_draft_type(module, "halflife._core.NamedTupleDraft", Py_TPFLAGS_SEQUENCE, tuple_slots);
  return draft_types.record == nullptr || draft_types.named_tuple == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
