// Drafts of registered subclasses of dict, list and set. Such a draft edits the container. Methods
// of the class run with the draft as `self`. Attributes of the object can be read, not edited.
#include "draft_dict.hpp"
#include "record_type.hpp"

namespace halflife::bindings {

namespace {

PyObject* base_of(const DraftAccess& access) { return to_object(access.draft().base); }

// Is it a built-in container's own method? It would not see the draft.
bool is_native(PyObject* found) {
  return Py_IS_TYPE(found, &PyMethodDescr_Type) || Py_IS_TYPE(found, &PyWrapperDescr_Type) ||
         Py_IS_TYPE(found, &PyMemberDescr_Type) || Py_IS_TYPE(found, &PyGetSetDescr_Type);
}

PyObject* bind(PyObject* self, PyTypeObject* type, PyObject* found) {
  const descrgetfunc get = Py_TYPE(found)->tp_descr_get;
  return get == nullptr ? Py_NewRef(found) : get(found, self, as_object(type));
}

PyObject* refuse(PyTypeObject* type, PyObject* name, const char* why) {
  PyErr_Format(PyExc_AttributeError, "'%.200s' object %s %R", type->tp_name, why, name);
  return nullptr;
}

// A plain dict, list or set of the contents, with drafts of containers.
PyObject* plain_contents(PyObject* self) {
  DraftAccess access(self);
  if (!access) return nullptr;
  switch (access.draft().kind) {
    case draft::Kind::map:
      return dict_copy(self, nullptr);
    case draft::Kind::set:
      access.size();
      return PySet_New(access.contents());
    default:
      return PySequence_List(self);
  }
}

}  // namespace

Ref subclass_method(PyObject* self, const char* name) {
  DraftAccess access(self);
  Ref key = Ref::take(access ? PyUnicode_InternFromString(name) : nullptr);
  if (!key) return {};
  PyTypeObject* type = Py_TYPE(base_of(access));
  Ref found = Ref::borrow(_PyType_Lookup(type, key.get()));
  return found && !is_native(found.get()) ? Ref::take(bind(self, type, found.get())) : Ref{};
}

PyObject* subclass_subscript(PyObject* self, PyObject* key) {
  DraftAccess access(self);
  if (!access) return nullptr;
  PyObject* found = access.get(key);
  if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  Ref method = subclass_method(self, "__missing__");
  return method ? PyObject_CallOneArg(method.get(), key) : missing_key(key);
}

PyObject* subclass_copy(PyObject* self, PyObject*) {
  DraftAccess access(self);
  Ref contents = Ref::take(access ? plain_contents(self) : nullptr);
  if (!contents) return nullptr;
  return to_object(python_model().rebuild(access.draft().base, contents.get()));
}

PyObject* subclass_attribute(PyObject* self, PyObject* name) {
  PyObject* own = PyObject_GenericGetAttr(self, name);
  if (own != nullptr || PyErr_ExceptionMatches(PyExc_AttributeError) == 0) return own;
  if (as_draft(self)->draft.scope == nullptr) return nullptr;
  PyErr_Clear();
  DraftAccess access(self);
  Ref base = Ref::borrow(base_of(access));
  PyTypeObject* type = Py_TYPE(base.get());
  Ref found = Ref::borrow(_PyType_Lookup(type, name));
  const RecordType* known = record_type(type);
  Ref held = Ref::borrow(known == nullptr ? nullptr : stored_field(base.get(), *known, name));
  // The order of a plain lookup: data descriptor, attribute of the object, other attribute of the
  // class.
  const bool is_data = found && Py_TYPE(found.get())->tp_descr_set != nullptr;
  if (found && !is_native(found.get()) && (is_data || !held)) return bind(self, type, found.get());
  if (!held) return refuse(type, name, "has no attribute");
  if (access.scope().opens(held.get())) {
    return refuse(type, name, "is edited as a container; original(draft) has its attribute");
  }
  return held.release();
}

int subclass_set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  DraftAccess access(self);
  if (!access) return -1;
  PyTypeObject* type = Py_TYPE(base_of(access));
  Ref found = Ref::borrow(_PyType_Lookup(type, name));
  const descrsetfunc set = found ? Py_TYPE(found.get())->tp_descr_set : nullptr;
  if (set != nullptr && !is_native(found.get())) return set(found.get(), self, value);
  refuse(type, name, "is edited as a container: its draft cannot set");
  return -1;
}

int add_draft_subclasses(PyObject* module) {
  static PyMethodDef methods[] = {
      {"copy", subclass_copy, METH_NOARGS, "A plain object of its class with the same contents."},
      {"__copy__", subclass_copy, METH_NOARGS, "A plain object of its class, the same contents."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyType_Slot dict_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a registered subclass of dict.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_mp_subscript, as_slot(subclass_subscript)},
      {Py_tp_methods, methods + 1},
      {0, nullptr},
  };
  static PyType_Slot list_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a registered subclass of list.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_tp_methods, methods + 1},
      {0, nullptr},
  };
  static PyType_Slot set_slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a registered subclass of set.")},
      HALFLIFE_DRAFT_SLOTS,
      HALFLIFE_SUBCLASS_SLOTS,
      {Py_tp_methods, methods},
      {0, nullptr},
  };
  constexpr unsigned long kBase = Py_TPFLAGS_BASETYPE;
  draft_types.dict_subclass =
      add_draft_type(module, "halflife._core.DictSubclassDraft", Py_TPFLAGS_MAPPING | kBase,
                     dict_slots, draft_types.dict);
  draft_types.list_subclass = add_draft_type(module, "halflife._core.ListSubclassDraft",
                                             Py_TPFLAGS_SEQUENCE, list_slots, draft_types.list);
  draft_types.set_subclass =
      add_draft_type(module, "halflife._core.SetSubclassDraft", 0, set_slots, draft_types.set);
  return draft_types.dict_subclass == nullptr || draft_types.list_subclass == nullptr ||
                 draft_types.set_subclass == nullptr
             ? -1
             : 0;
}

}  // namespace halflife::bindings
