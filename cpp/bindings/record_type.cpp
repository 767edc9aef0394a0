#include "record_type.hpp"

#include <unordered_map>

#include "registry.hpp"

namespace halflife::bindings {

namespace {

// Never destroyed: it holds Python objects, and the interpreter goes first.
using RecordTypes = std::unordered_map<PyTypeObject*, RecordType>;
RecordTypes& record_types() {
  static RecordTypes* const types = new RecordTypes;
  return *types;
}

struct Latest {
  PyTypeObject* type = nullptr;
  const RecordType* found = nullptr;
};
constinit Latest latest;

PyObject* forget(PyObject* address, PyObject*) {
  auto* type = static_cast<PyTypeObject*>(PyLong_AsVoidPtr(address));
  const auto known = record_types().find(type);
  if (known != record_types().end()) {
    if (latest.type == type) latest = {};
    const RecordType gone = known->second;
    record_types().erase(known);
    for (PyObject* part : {gone.weak, gone.fields, gone.positions, gone.rebuild}) Py_XDECREF(part);
  }
  Py_RETURN_NONE;
}

PyMethodDef forget_method = {"forget_record_type", forget, METH_O, "The class is gone."};

// The parts that _records.describe answers with; false: an error is set.
bool read_answer(PyObject* answer, RecordType& made) {
  if (answer == Py_None) return true;
  int keeps = 0;
  PyObject* fields = nullptr;
  PyObject* rebuild = nullptr;
  if (!PyArg_ParseTuple(answer, "O!Op", &PyTuple_Type, &fields, &rebuild, &keeps)) return false;
  Ref positions = Ref::take(PyDict_New());
  if (!positions) return false;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(fields); ++index) {
    Ref position = Ref::take(PyLong_FromSsize_t(index));
    if (!position ||
        PyDict_SetItem(positions.get(), PyTuple_GET_ITEM(fields, index), position.get()) < 0) {
      return false;
    }
  }
  made.fields = Py_NewRef(fields);
  made.rebuild = Py_NewRef(rebuild);
  made.positions = positions.release();
  made.keeps = keeps != 0;
  return true;
}

bool describe(PyTypeObject* type, RecordType& made) {
  Ref address = Ref::take(PyLong_FromVoidPtr(type));
  Ref callback = Ref::take(address ? PyCFunction_New(&forget_method, address.get()) : nullptr);
  Ref weak = Ref::take(callback ? PyWeakref_NewRef(as_object(type), callback.get()) : nullptr);
  if (!weak) return false;
  Ref answer = Ref::take(PyObject_CallOneArg(registry().describe_record, as_object(type)));
  if (!answer || !read_answer(answer.get(), made)) return false;
  made.weak = weak.release();
  return true;
}

const RecordType* as_answer(const RecordType& type) {
  return type.fields == nullptr ? nullptr : &type;
}

}  // namespace

const RecordType* record_type(PyTypeObject* type) {
  if (latest.type == type) return latest.found;
  // No built-in class has fields.
  if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0 || registry().describe_record == nullptr) {
    return nullptr;
  }
  const auto known = record_types().find(type);
  if (known != record_types().end()) {
    latest = {type, as_answer(known->second)};
    return latest.found;
  }
  SavedError pending;
  RecordType made;
  if (!describe(type, made)) {
    PyErr_Clear();  // a class that cannot be looked at: a leaf, and tried again next time
    return nullptr;
  }
  const auto [place, fresh] = record_types().emplace(type, made);
  latest = {type, as_answer(place->second)};
  return latest.found;
}

PyObject* stored_field(PyObject* record, const RecordType& type, PyObject* name) {
  if (PyTuple_Check(record)) {
    PyObject* position = PyDict_GetItemWithError(type.positions, name);
    if (position == nullptr) {
      PyErr_Clear();
      return nullptr;
    }
    return PyTuple_GET_ITEM(record, PyLong_AsSsize_t(position));
  }
  // Not through __getattribute__ or __getattr__: those are the user's.
  PyObject* value = PyObject_GenericGetAttr(record, name);
  if (value == nullptr) {
    PyErr_Clear();
    return nullptr;
  }
  const bool stored = Py_REFCNT(value) > 1;  // else it was made just now, and dies just now
  Py_DECREF(value);
  return stored ? value : nullptr;
}

Py_ssize_t stored_fields(PyObject* record, const RecordType& type) {
  const Py_ssize_t size = PyTuple_GET_SIZE(type.fields);
  if (PyTuple_Check(record)) return size;
  Py_ssize_t count = 0;
  for (Py_ssize_t index = 0; index < size; ++index) {
    if (stored_field(record, type, PyTuple_GET_ITEM(type.fields, index)) != nullptr) ++count;
  }
  return count;
}

PyObject* copy_fields(PyObject* record, const RecordType& type) {
  Ref fields = Ref::take(PyDict_New());
  if (!fields) return nullptr;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(type.fields); ++index) {
    PyObject* name = PyTuple_GET_ITEM(type.fields, index);
    PyObject* value = stored_field(record, type, name);
    if (value != nullptr && PyDict_SetItem(fields.get(), name, value) < 0) return nullptr;
  }
  return fields.release();
}

PyObject* rebuild_record(PyObject* like, PyObject* fields) {
  const RecordType* type = record_type(Py_TYPE(like));
  if (type == nullptr) {
    PyErr_Format(PyExc_TypeError, "%.200s is no class of records any more", Py_TYPE(like)->tp_name);
    return nullptr;
  }
  Ref names = Ref::borrow(type->fields);
  Ref rebuild = Ref::borrow(type->rebuild);
  const bool keeps = type->keeps;
  Ref changes = Ref::take(PyDict_New());
  if (!changes) return nullptr;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(names.get()); ++index) {
    PyObject* name = PyTuple_GET_ITEM(names.get(), index);
    PyObject* value = PyDict_GetItemWithError(fields, name);
    if (value == nullptr || value == stored_field(like, *type, name)) continue;
    if (PyDict_SetItem(changes.get(), name, value) < 0) return nullptr;
  }
  Ref made = Ref::take(PyObject_CallFunctionObjArgs(rebuild.get(), like, changes.get(), nullptr));
  if (!made || !keeps) return made.release();
  if (Py_TYPE(made.get()) != Py_TYPE(like)) return made.release();  // its __replace__ knows why
  // What no edit touched stays the same object, even if the class makes a copy or a new default.
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(names.get()); ++index) {
    PyObject* name = PyTuple_GET_ITEM(names.get(), index);
    PyObject* value = PyDict_GetItemWithError(fields, name);
    if (value == nullptr || PyDict_GetItemWithError(changes.get(), name) != nullptr) continue;
    if (stored_field(made.get(), *type, name) == value) continue;
    if (PyObject_GenericSetAttr(made.get(), name, value) < 0) return nullptr;
  }
  return made.release();
}

}  // namespace halflife::bindings
