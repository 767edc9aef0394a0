#include "record_type.hpp"

#include <unordered_map>

#include "../../core/draft/equality.hpp"
#include "../support/registry.hpp"
#include "python_model.hpp"

namespace halflife::bindings {

namespace {

// Never destroyed, because it holds Python objects and the interpreter ends first.
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
    for (PyObject* part :
         {gone.weak, gone.fields, gone.positions, gone.rebuild, gone.more, gone.hidden}) {
      Py_XDECREF(part);
    }
  }
  Py_RETURN_NONE;
}

bool is_drafted_built_in(PyTypeObject* type) {
  PyObject* listed = registry().drafted_built_ins;
  return listed != nullptr && PySet_Contains(listed, as_object(type)) == 1;
}

PyMethodDef forget_method = {"forget_record_type", forget, METH_O, "The class is gone."};

// Reads the tuple that halflife._support.draftable.describe returned. False: an error is set.
bool read_answer(PyObject* answer, RecordType& made) {
  if (answer == Py_None) return true;
  int kind = 0, keeps = 0, optional = 0;
  PyObject *fields = nullptr, *rebuild = nullptr, *more = nullptr, *hidden = nullptr;
  if (!PyArg_ParseTuple(answer, "iO!OpOO!p", &kind, &PyTuple_Type, &fields, &rebuild, &keeps, &more,
                        &PyFrozenSet_Type, &hidden, &optional)) {
    return false;
  }
  Ref positions = Ref::take(PyDict_New());
  if (!positions) return false;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(fields); ++index) {
    Ref position = Ref::take(PyLong_FromSsize_t(index));
    if (!position ||
        PyDict_SetItem(positions.get(), PyTuple_GET_ITEM(fields, index), position.get()) < 0) {
      return false;
    }
  }
  made.kind = static_cast<draft::Kind>(kind);
  made.fields = Py_NewRef(fields);
  made.rebuild = Py_NewRef(rebuild);
  made.more = Py_NewRef(more);
  made.hidden = Py_NewRef(hidden);
  made.positions = positions.release();
  made.keeps = keeps != 0;
  made.optional = optional != 0;
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
  return type.kind == draft::Kind::leaf ? nullptr : &type;
}

}  // namespace

const RecordType* record_type(PyTypeObject* type) {
  if (latest.type == type) return latest.found;
  // Only a few of the many built-in classes are containers, or were registered.
  if (registry().describe_record == nullptr) return nullptr;
  if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0 && !is_drafted_built_in(type)) return nullptr;
  const auto known = record_types().find(type);
  if (known != record_types().end()) {
    latest = {type, as_answer(known->second)};
    return latest.found;
  }
  SavedError pending;
  RecordType made;
  if (!describe(type, made)) {
    PyErr_Clear();  // the class cannot be described: a leaf, and tried again next time
    return nullptr;
  }
  const auto [entry, fresh] = record_types().emplace(type, made);
  latest = {type, as_answer(entry->second)};
  return latest.found;
}

PyObject* forget_class(PyObject*, PyObject* type) {
  Ref address = Ref::take(PyLong_FromVoidPtr(type));
  return address ? forget(address.get(), nullptr) : nullptr;
}

namespace {

// The dict of the further fields, borrowed from the record. Null without an error: there is none.
PyObject* more_fields(PyObject* record, const RecordType& type) {
  if (type.more == Py_None) return nullptr;
  Ref found = Ref::take(PyObject_GenericGetAttr(record, type.more));
  PyErr_Clear();
  return found && PyDict_CheckExact(found.get()) && Py_REFCNT(found.get()) > 1 ? found.get()
                                                                               : nullptr;
}

bool is_reserved(PyObject* name) {
  const Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  return length > 4 && PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_' &&
         PyUnicode_READ_CHAR(name, length - 1) == '_' &&
         PyUnicode_READ_CHAR(name, length - 2) == '_';
}

bool is_further(const RecordType& type, PyObject* name) {
  return PyUnicode_Check(name) && !is_reserved(name) && PySet_Contains(type.hidden, name) == 0 &&
         PyDict_GetItemWithError(type.positions, name) == nullptr;
}

}  // namespace

bool takes_field(PyObject* record, const RecordType& type, PyObject* name) {
  if (PyDict_GetItemWithError(type.positions, name) != nullptr) return true;
  if (!PyUnicode_Check(name) || is_reserved(name)) return false;
  return more_fields(record, type) != nullptr && is_further(type, name);
}

PyObject* stored_field(PyObject* record, const RecordType& type, PyObject* name) {
  PyObject* position = PyDict_GetItemWithError(type.positions, name);
  if (position == nullptr) {
    PyErr_Clear();
    PyObject* more = PyUnicode_Check(name) ? more_fields(record, type) : nullptr;
    return more != nullptr && is_further(type, name) ? PyDict_GetItemWithError(more, name)
                                                     : nullptr;
  }
  if (PyTuple_Check(record)) return PyTuple_GET_ITEM(record, PyLong_AsSsize_t(position));
  // Not through __getattribute__ or __getattr__, which may be user code.
  PyObject* value = PyObject_GenericGetAttr(record, name);
  if (value == nullptr) {
    PyErr_Clear();
    return nullptr;
  }
  const bool stored = Py_REFCNT(value) > 1;  // else a property has just made it
  Py_DECREF(value);
  return stored ? value : nullptr;
}

// The cursor counts the declared fields. After these, it is a position in the dict of the further
// fields.
bool next_field(PyObject* record, const RecordType& type, std::size_t* cursor, PyObject** name,
                PyObject** value) {
  const auto size = static_cast<std::size_t>(PyTuple_GET_SIZE(type.fields));
  while (*cursor < size) {
    *name = PyTuple_GET_ITEM(type.fields, static_cast<Py_ssize_t>((*cursor)++));
    *value = stored_field(record, type, *name);
    if (*value != nullptr) return true;
  }
  PyObject* more = more_fields(record, type);
  if (more == nullptr) return false;
  auto position = static_cast<Py_ssize_t>(*cursor - size);
  while (PyDict_Next(more, &position, name, value)) {
    *cursor = size + static_cast<std::size_t>(position);
    if (is_further(type, *name)) return true;
  }
  return false;
}

Py_ssize_t stored_fields(PyObject* record, const RecordType& type) {
  if (PyTuple_Check(record)) return PyTuple_GET_SIZE(type.fields);
  PyObject *name = nullptr, *value = nullptr;
  Py_ssize_t count = 0;
  for (std::size_t cursor = 0; next_field(record, type, &cursor, &name, &value);) ++count;
  return count;
}

PyObject* copy_fields(PyObject* record, const RecordType& type) {
  Ref fields = Ref::take(PyDict_New());
  if (!fields) return nullptr;
  PyObject *name = nullptr, *value = nullptr;
  for (std::size_t cursor = 0; next_field(record, type, &cursor, &name, &value);) {
    if (PyDict_SetItem(fields.get(), name, value) < 0) return nullptr;
  }
  return fields.release();
}

namespace {

bool is_same(PyObject* one, PyObject* other, bool* same) {
  *same = one == other;
  return *same || one == nullptr || other == nullptr ||
         draft::equal(python_model(), one, other, true, same);
}

// Restores fields that no edit touched, after the class has rebuilt the record. A field that is
// equal gets its old object back. A field with another value keeps that value if the class computes
// it from the other fields. Whether it does shows when the old record is rebuilt without changes:
// if even then the field's value differs from the old one, the old value was set by the user, and
// is restored.
bool keep_untouched(PyObject* like, PyObject* made, PyObject* rebuild, const RecordType& type,
                    PyObject* fields, PyObject* changes) {
  Ref names = Ref::borrow(type.fields);
  Ref again;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(names.get()); ++index) {
    PyObject* name = PyTuple_GET_ITEM(names.get(), index);
    PyObject* value = PyDict_GetItemWithError(fields, name);
    if (value == nullptr || PyDict_GetItemWithError(changes, name) != nullptr) continue;
    PyObject* now = stored_field(made, type, name);
    bool keep = false;
    if (now == value) continue;
    if (!is_same(value, now, &keep)) return false;
    if (!keep) {
      if (!again) {
        Ref none = Ref::take(PyDict_New());
        Ref gone = Ref::take(none ? PyList_New(0) : nullptr);
        if (!gone) return false;
        again =
            Ref::take(PyObject_CallFunctionObjArgs(rebuild, like, none.get(), gone.get(), nullptr));
        if (!again) return false;
      }
      PyObject* before =
          Py_TYPE(again.get()) == Py_TYPE(like) ? stored_field(again.get(), type, name) : value;
      bool computed = false;
      if (!is_same(value, before, &computed)) return false;
      keep = !computed;
    }
    if (keep && PyObject_GenericSetAttr(made, name, value) < 0) return false;
  }
  return true;
}

}  // namespace

PyObject* rebuild_record(PyObject* like, PyObject* fields) {
  const RecordType* type = record_type(Py_TYPE(like));
  if (type == nullptr) {
    PyErr_Format(PyExc_TypeError, "drafts no longer know the class %.200s", Py_TYPE(like)->tp_name);
    return nullptr;
  }
  Ref rebuild = Ref::borrow(type->rebuild);
  if (type->kind != draft::Kind::record) {
    return PyObject_CallFunctionObjArgs(rebuild.get(), like, fields, nullptr);
  }
  Ref kept = Ref::borrow(as_object(Py_TYPE(like)));
  Ref changes = Ref::take(PyDict_New());
  Ref gone = Ref::take(changes ? PyList_New(0) : nullptr);
  if (!gone) return nullptr;
  PyObject *name = nullptr, *value = nullptr;
  for (Py_ssize_t cursor = 0; PyDict_Next(fields, &cursor, &name, &value);) {
    if (value == stored_field(like, *type, name)) continue;
    if (PyDict_SetItem(changes.get(), name, value) < 0) return nullptr;
  }
  for (std::size_t cursor = 0; next_field(like, *type, &cursor, &name, &value);) {
    if (PyDict_GetItemWithError(fields, name) != nullptr) continue;
    if (PyList_Append(gone.get(), name) < 0) return nullptr;
  }
  Ref made = Ref::take(
      PyObject_CallFunctionObjArgs(rebuild.get(), like, changes.get(), gone.get(), nullptr));
  type = record_type(Py_TYPE(like));  // user code ran, and may have changed the entry
  if (!made || type == nullptr || !type->keeps) return made.release();
  if (Py_TYPE(made.get()) != Py_TYPE(like))
    return made.release();  // its __replace__ chose another class
  const bool ok = keep_untouched(like, made.get(), rebuild.get(), *type, fields, changes.get());
  return ok ? made.release() : nullptr;
}

}  // namespace halflife::bindings
