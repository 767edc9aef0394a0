#include "patch_object.hpp"

#include <structmember.h>

#include <cstddef>

#include "../support/arguments.hpp"
#include "../support/equality.hpp"
#include "../support/heap_type.hpp"
#include "../support/spare_memory.hpp"
#include "draft_docs.hpp"
#include "draft_object.hpp"

namespace halflife::bindings {

namespace {

using draft::Op;

struct PatchObject {
  PyObject_HEAD PyObject* op;
  PyObject* path;
  PyObject* value;
  PyObject* from;
  bool by_pointer;  // read from JSON: see draft::Patch
};

PyTypeObject* patch_type = nullptr;
PyObject* op_names[6] = {};  // interned, in the order of Op

PatchObject* as_patch(PyObject* object) { return reinterpret_cast<PatchObject*>(object); }
bool is_patch(PyObject* object) { return Py_TYPE(object) == patch_type; }

bool needs_from(Op op) { return op == Op::move || op == Op::copy; }
bool needs_value(Op op) { return op == Op::add || op == Op::replace || op == Op::test; }

bool read_op(PyObject* name, Op* op) {
  if (find_patch_op(name, op)) return true;
  PyErr_Format(PyExc_ValueError,
               "op must be 'add', 'remove', 'replace', 'move', 'copy' or 'test', not %s",
               described(name).c_str());
  return false;
}

// Can the object never be part of a cycle? If so, the garbage collector need not track the patch.
bool is_simple(PyObject* object) {
  return PyObject_IS_GC(object) == 0 ||
         (PyTuple_CheckExact(object) && PyObject_GC_IsTracked(object) == 0);
}

constinit SpareMemory<PatchObject, 1024> memory;

// Takes the references to path and from.
PyObject* make(Op op, PyObject* path, PyObject* value, PyObject* from, bool by_pointer) {
  Ref owned_path = Ref::take(path);
  Ref owned_from = Ref::take(from);
  if (!owned_path || !owned_from) return nullptr;
  PatchObject* made = memory.make(patch_type);
  if (made == nullptr) return nullptr;
  made->op = Py_NewRef(op_names[static_cast<std::size_t>(op)]);
  made->path = owned_path.release();
  made->value = Py_NewRef(value);
  made->from = owned_from.release();
  made->by_pointer = by_pointer;
  if (!is_simple(made->path) || !is_simple(value) || !is_simple(made->from)) {
    PyObject_GC_Track(made);
  }
  return as_object(made);
}

PyObject* as_path(const char* name, PyObject* given) {
  if (PyTuple_Check(given)) return PySequence_Tuple(given);
  if (PyList_Check(given)) return PyList_AsTuple(given);
  PyErr_Format(PyExc_TypeError,
               "%s must be a tuple of keys, positions and field names, not %s; a JSON pointer is"
               " read by from_json_patch",
               name, described(given).c_str());
  return nullptr;
}

PyObject* construct_as(PyObject* args, PyObject* kwargs, bool by_pointer) {
  static const char* const names[] = {"op", "path", "value", "from_", nullptr};
  PyObject *name = nullptr, *path = nullptr, *value = Py_None, *from = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OO:Patch", const_cast<char**>(names), &name,
                                   &path, &value, &from)) {
    return nullptr;
  }
  Op op = Op::add;
  if (!read_op(name, &op)) return nullptr;
  if (needs_from(op) != (from != Py_None)) {
    PyErr_Format(PyExc_ValueError,
                 "Patch(%R): from_ is needed by 'move' and 'copy', and only by"
                 " them",
                 name);
    return nullptr;
  }
  Ref plain = Ref::take(plain_or_self(value));
  Ref source = Ref::take(from == Py_None ? Py_NewRef(Py_None) : as_path("from_", from));
  if (!plain || !source) return nullptr;
  return make(op, as_path("path", path), plain.get(), source.release(), by_pointer);
}

PyObject* construct(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  return construct_as(args, kwargs, false);
}

PyObject* construct_by_pointer(PyObject*, PyObject* args) {
  return construct_as(args, nullptr, true);
}

// Without `op`, which is never part of a cycle.
using References = Owned<PatchObject, &PatchObject::path, &PatchObject::value, &PatchObject::from>;

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  References::clear(self);
  Py_XDECREF(as_patch(self)->op);
  memory.free(self);
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  if (!is_patch(other) || (operation != Py_EQ && operation != Py_NE)) Py_RETURN_NOTIMPLEMENTED;
  const PatchObject* one = as_patch(self);
  const PatchObject* two = as_patch(other);
  bool equal = one->op == two->op;
  PyObject* const left[] = {one->path, one->value, one->from};
  PyObject* const right[] = {two->path, two->value, two->from};
  for (std::size_t index = 0; equal && index < std::size(left); ++index) {
    const int answer = equal_for_people(left[index], right[index]);
    if (answer < 0) return nullptr;
    equal = answer > 0;
  }
  return PyBool_FromLong(equal == (operation == Py_EQ));
}

PyObject* repr(PyObject* self) {
  const PatchObject* patch = as_patch(self);
  Op op = Op::add;
  if (!read_op(patch->op, &op)) return nullptr;
  if (needs_value(op)) {
    return PyUnicode_FromFormat("Patch(%R, %R, %R)", patch->op, patch->path, patch->value);
  }
  if (needs_from(op)) {
    return PyUnicode_FromFormat("Patch(%R, %R, from_=%R)", patch->op, patch->path, patch->from);
  }
  return PyUnicode_FromFormat("Patch(%R, %R)", patch->op, patch->path);
}

PyObject* reduce(PyObject* self, PyObject*) {
  const PatchObject* patch = as_patch(self);
  Ref maker = patch->by_pointer
                  ? Ref::take(PyObject_GetAttrString(as_object(patch_type), "_by_pointer"))
                  : Ref::borrow(as_object(patch_type));
  return maker ? Py_BuildValue("O(OOOO)", maker.get(), patch->op, patch->path, patch->value,
                               patch->from)
               : nullptr;
}

draft::Path as_parts(PyObject* path) {
  draft::Path parts;
  if (!PyTuple_Check(path)) return parts;  // None
  parts.reserve(static_cast<std::size_t>(PyTuple_GET_SIZE(path)));
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(path); ++index) {
    parts.push_back(PyTuple_GET_ITEM(path, index));
  }
  return parts;
}

PyObject* as_tuple(const draft::Path& path) {
  PyObject* tuple = PyTuple_New(static_cast<Py_ssize_t>(path.size()));
  if (tuple == nullptr) return nullptr;
  Py_ssize_t index = 0;
  bool simple = true;
  for (Value part : path) {
    simple = simple && is_simple(to_object(part));
    PyTuple_SET_ITEM(tuple, index++, Py_NewRef(to_object(part)));
  }
  if (simple) PyObject_GC_UnTrack(tuple);
  return tuple;
}

// Does the tuple consist of these same objects?
bool is_path(PyObject* tuple, const draft::Path& path) {
  if (PyTuple_GET_SIZE(tuple) != static_cast<Py_ssize_t>(path.size())) return false;
  Py_ssize_t index = 0;
  for (Value part : path) {
    if (PyTuple_GET_ITEM(tuple, index++) != part) return false;
  }
  return true;
}

}  // namespace

PyObject* patch_op_name(Op op) { return op_names[static_cast<std::size_t>(op)]; }

bool find_patch_op(PyObject* name, Op* op) {
  for (std::size_t index = 0; index < std::size(op_names); ++index) {
    if (name != op_names[index] &&
        !(PyUnicode_Check(name) && PyUnicode_Compare(name, op_names[index]) == 0)) {
      continue;
    }
    *op = static_cast<Op>(index);
    return true;
  }
  return false;
}

PyObject* patches_to_list(const draft::PatchList& patches, PyObject* mirrored) {
  Ref list = Ref::take(PyList_New(static_cast<Py_ssize_t>(patches.size())));
  if (!list) return nullptr;
  Py_ssize_t index = 0;
  for (const draft::Patch& patch : patches) {
    PyObject* value = patch.value == nullptr ? Py_None : to_object(patch.value);
    PyObject* from = needs_from(patch.op) ? as_tuple(patch.from) : Py_NewRef(Py_None);
    PyObject* path = nullptr;
    if (mirrored != nullptr && PyList_GET_SIZE(mirrored) == PyList_GET_SIZE(list.get())) {
      const Py_ssize_t mirror = PyList_GET_SIZE(mirrored) - 1 - index;
      path = as_patch(PyList_GET_ITEM(mirrored, mirror))->path;
    }
    path = path != nullptr && is_path(path, patch.path) ? Py_NewRef(path) : as_tuple(patch.path);
    PyObject* made = make(patch.op, path, value, from, patch.by_pointer);
    if (made == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), index++, made);
  }
  return list.release();
}

bool patches_from(PyObject* iterable, draft::PatchList& patches) {
  Ref list = Ref::take(PySequence_List(iterable));
  if (!list) return false;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(list.get()); ++index) {
    PyObject* object = PyList_GET_ITEM(list.get(), index);
    if (!is_patch(object)) {
      PyErr_Format(PyExc_TypeError,
                   "patches must hold Patch objects (from_json_patch makes them of JSON), and"
                   " patch %zd is %s",
                   index, described(object).c_str());
      return false;
    }
    const PatchObject* patch = as_patch(object);
    Op op = Op::add;
    if (!read_op(patch->op, &op)) return false;
    patches.add(op, as_parts(patch->path), needs_value(op) ? patch->value : nullptr,
                as_parts(patch->from), patch->by_pointer);
  }
  return true;
}

PyObject* describe_patch(std::size_t number, const draft::Patch& patch) {
  Ref path = Ref::take(as_tuple(patch.path));
  if (!path) return nullptr;
  return PyUnicode_FromFormat("patch %zu (%U at %s)", number,
                              op_names[static_cast<std::size_t>(patch.op)],
                              described(path.get()).c_str());
}

int add_patch_type(PyObject* module) {
  constexpr const char* names[] = {"add", "remove", "replace", "move", "copy", "test"};
  for (std::size_t index = 0; index < std::size(names); ++index) {
    op_names[index] = PyUnicode_InternFromString(names[index]);
    if (op_names[index] == nullptr) return -1;
  }
  static PyMemberDef members[] = {
      {"op", T_OBJECT, offsetof(PatchObject, op), READONLY,
       "add, remove, replace, move, copy or test."},
      {"path", T_OBJECT, offsetof(PatchObject, path), READONLY,
       "Keys, positions and field names from the root."},
      {"value", T_OBJECT, offsetof(PatchObject, value), READONLY, "What is put there, or None."},
      {"from_", T_OBJECT, offsetof(PatchObject, from), READONLY,
       "Of a move or copy: the path it comes from."},
      {nullptr, 0, 0, 0, nullptr},
  };
  static PyMethodDef methods[] = {
      {"__reduce__", reduce, METH_NOARGS, "How to make an equal one."},
      {"_by_pointer", construct_by_pointer, METH_VARARGS | METH_STATIC,
       "Makes a patch whose paths are parts of JSON pointers."},
      {nullptr, nullptr, 0, nullptr},
  };
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(docs::patch)},
      {Py_tp_new, as_slot(construct)},
      {Py_tp_dealloc, as_slot(dealloc)},
      {Py_tp_traverse, as_slot(References::traverse)},
      {Py_tp_clear, as_slot(References::clear)},
      {Py_tp_richcompare, as_slot(compare)},
      {Py_tp_hash, as_slot(PyObject_HashNotImplemented)},
      {Py_tp_repr, as_slot(repr)},
      {Py_tp_members, members},
      {Py_tp_methods, methods},
      {0, nullptr},
  };
  static PyType_Spec spec = {"halflife._core.Patch", sizeof(PatchObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) return -1;
  Ref match = Ref::take(Py_BuildValue("(ssss)", "op", "path", "value", "from_"));
  if (!match || PyObject_SetAttrString(type, "__match_args__", match.get()) < 0) return -1;
  patch_type = reinterpret_cast<PyTypeObject*>(type);
  patch_type->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
  return PyModule_AddObjectRef(module, "Patch", type);
}

}  // namespace halflife::bindings
