#include "cache_key.hpp"

namespace halflife::bindings {

namespace {

// In forms they stand for True and False, which equal 1 and 0.
constinit PyObject* true_form = nullptr;
constinit PyObject* false_form = nullptr;

// Whether a value equals no value of another type that may be in a form.
bool is_own_form(PyObject* value) {
  return PyUnicode_CheckExact(value) || PyLong_CheckExact(value) || value == Py_None;
}

// The form of a plain value; empty, without an error, for other values. NaN is one of those: it
// does not equal itself.
Ref plain_form(PyObject* value) {
  if (is_own_form(value)) return Ref::borrow(value);
  if (value == Py_True) return Ref::borrow(true_form);
  if (value == Py_False) return Ref::borrow(false_form);
  if (PyFloat_CheckExact(value) && PyFloat_AS_DOUBLE(value) == PyFloat_AS_DOUBLE(value)) {
    return Ref::take(PyTuple_Pack(2, as_object(&PyFloat_Type), value));
  }
  return {};
}

bool all_own_forms(PyObject* parts) {
  const Py_ssize_t size = PyTuple_GET_SIZE(parts);
  for (Py_ssize_t index = 0; index < size; ++index) {
    if (!is_own_form(PyTuple_GET_ITEM(parts, index))) return false;
  }
  return true;
}

// The form of a tuple of plain values; empty if a part is none, or with an error set.
Ref flat_form(PyObject* parts) {
  const Py_ssize_t size = PyTuple_GET_SIZE(parts);
  if (size == 1) return plain_form(PyTuple_GET_ITEM(parts, 0));
  if (all_own_forms(parts)) return Ref::borrow(parts);
  Ref form = Ref::take(PyTuple_New(size));
  if (!form) return {};
  for (Py_ssize_t index = 0; index < size; ++index) {
    Ref part = plain_form(PyTuple_GET_ITEM(parts, index));
    if (!part) return {};
    PyTuple_SET_ITEM(form.get(), index, part.release());
  }
  return form;
}

}  // namespace

Ref cache_key(PyObject* key, PyObject* nested_form, PyObject* method) {
  Ref form;
  if (PyTuple_CheckExact(key)) {
    form = flat_form(key);
  } else if (PyTuple_Check(key) || PyList_Check(key)) {
    Ref parts = Ref::take(PySequence_Tuple(key));
    if (!parts) return {};
    form = flat_form(parts.get());
  } else {
    form = plain_form(key);
  }
  if (form || PyErr_Occurred() != nullptr) return form;
  return Ref::take(PyObject_CallFunctionObjArgs(nested_form, key, method, nullptr));
}

int add_cache_keys() {
  true_form = PyObject_CallNoArgs(as_object(&PyBaseObject_Type));
  false_form = PyObject_CallNoArgs(as_object(&PyBaseObject_Type));
  return true_form == nullptr || false_form == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
