// Operators and built-in functions on drafts of records. The class's methods run with the draft as
// `self`. Only str() and format() run on the current value.
#include "draft_record.hpp"

namespace halflife::bindings {

namespace {

// The class's method, bound to the draft. Null without an error: no such method.
Ref special(PyObject* self, const char* name) {
  DraftAccess access(self);
  if (!access) return {};
  PyTypeObject* type = record_class(access.draft());
  Ref key = Ref::take(PyUnicode_InternFromString(name));
  Ref found = Ref::borrow(key ? _PyType_Lookup(type, key.get()) : nullptr);
  if (!found) return {};
  const descrgetfunc get = Py_TYPE(found.get())->tp_descr_get;
  return get == nullptr ? std::move(found) : Ref::take(get(found.get(), self, as_object(type)));
}

// Sets the TypeError that Python raises for an object of the class, unless an error is set already.
void refuse(PyObject* self, const char* format) {
  if (PyErr_Occurred() != nullptr) return;
  PyErr_Format(PyExc_TypeError, format, record_class(as_draft(self)->draft)->tp_name);
}

}  // namespace

PyObject* record_str(PyObject* self) {
  if (as_draft(self)->draft.scope == nullptr) return draft_repr(self);
  Ref value = Ref::take(current_value(self));
  if (!value) return nullptr;
  const bool has_own = Py_TYPE(value.get())->tp_str != PyBaseObject_Type.tp_str;
  return has_own ? PyObject_Str(value.get()) : draft_repr(self);
}

PyObject* record_format(PyObject* self, PyObject* spec) {
  if (PyUnicode_Check(spec) && PyUnicode_GET_LENGTH(spec) == 0) return PyObject_Str(self);
  Ref value = Ref::take(current_value(self));
  return value ? PyObject_Format(value.get(), spec) : nullptr;
}

PyObject* record_iter(PyObject* self) {
  Ref method = special(self, "__iter__");
  if (method) return PyObject_CallNoArgs(method.get());
  refuse(self, "'%.200s' object is not iterable");
  return nullptr;
}

PyObject* record_subscript(PyObject* self, PyObject* key) {
  Ref method = special(self, "__getitem__");
  if (method) return PyObject_CallOneArg(method.get(), key);
  refuse(self, "'%.200s' object is not subscriptable");
  return nullptr;
}

int record_assign(PyObject* self, PyObject* key, PyObject* value) {
  Ref method = special(self, value == nullptr ? "__delitem__" : "__setitem__");
  if (!method) {
    refuse(self, value == nullptr ? "'%.200s' object does not support item deletion"
                                  : "'%.200s' object does not support item assignment");
    return -1;
  }
  Ref done = Ref::take(PyObject_CallFunctionObjArgs(method.get(), key, value, nullptr));
  return done ? 0 : -1;
}

Py_ssize_t record_length(PyObject* self) {
  Ref method = special(self, "__len__");
  if (!method) {
    refuse(self, "object of type '%.200s' has no len()");
    return -1;
  }
  Ref length = Ref::take(PyObject_CallNoArgs(method.get()));
  return length ? PyNumber_AsSsize_t(length.get(), PyExc_OverflowError) : -1;
}

int record_contains(PyObject* self, PyObject* value) {
  Ref method = special(self, "__contains__");
  if (!method) {
    if (PyErr_Occurred() == nullptr && special(self, "__iter__")) {
      Ref iterator = Ref::take(PyObject_GetIter(self));  // like Python, searches an iterator
      return iterator ? PySequence_Contains(iterator.get(), value) : -1;
    }
    refuse(self, "argument of type '%.200s' is not iterable");
    return -1;
  }
  Ref found = Ref::take(PyObject_CallOneArg(method.get(), value));
  return found ? PyObject_IsTrue(found.get()) : -1;
}

int record_bool(PyObject* self) {
  Ref method = special(self, "__bool__");
  if (method) {
    Ref truth = Ref::take(PyObject_CallNoArgs(method.get()));
    return truth ? PyObject_IsTrue(truth.get()) : -1;
  }
  if (PyErr_Occurred() != nullptr) return -1;
  if (Ref sized = special(self, "__len__"); sized) {
    const Py_ssize_t length = record_length(self);
    return length < 0 ? -1 : length > 0;
  }
  return PyErr_Occurred() != nullptr ? -1 : 1;
}

}  // namespace halflife::bindings
