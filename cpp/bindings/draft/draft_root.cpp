#include "draft_root.hpp"

#include "../support/registry.hpp"
#include "draft_object.hpp"
#include "record_type.hpp"

namespace halflife::bindings {

namespace {

bool is_scalar(PyObject* value) {
  PyTypeObject* type = Py_TYPE(value);
  return type == &PyLong_Type || type == &PyUnicode_Type || type == &PyFloat_Type ||
         type == &PyBool_Type || type == &PyBytes_Type || type == &PyTuple_Type ||
         type == &PyFrozenSet_Type || value == Py_None;
}

// The entries of a container as a list of (key, value). None: the value is a leaf or a draft.
PyObject* parts_of(PyObject*, PyObject* value) {
  draft::Model& model = python_model();
  const draft::Kind kind = model.kind(value);
  if (kind == draft::Kind::leaf || is_draft(value)) Py_RETURN_NONE;
  Ref parts = Ref::take(PyList_New(0));
  const auto append = [&](PyObject* key, PyObject* part) {
    Ref pair = Ref::take(PyTuple_Pack(2, key, part));
    return pair && PyList_Append(parts.get(), pair.get()) == 0;
  };
  if (draft::is_positional(kind)) {
    for (std::size_t index = 0; parts && index < model.size(value); ++index) {
      Ref key = Ref::take(PyLong_FromSize_t(index));
      Ref item = Ref::borrow(to_object(model.item(value, index)));
      if (!key || !append(key.get(), item.get())) return nullptr;
    }
    return parts.release();
  }
  Value key = nullptr;
  Value part = nullptr;
  for (std::size_t cursor = 0; parts && model.next(value, &cursor, &key, &part);) {
    if (!append(to_object(key), to_object(part))) return nullptr;
  }
  return parts.release();
}

// Raises unless a recipe may be called with the value or with a draft of it.
PyObject* check_root_function(PyObject*, PyObject* value) {
  if (python_model().kind(value) == draft::Kind::leaf && !check_root(value)) return nullptr;
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"check_root", check_root_function, METH_O, "Raises for a leaf that could be edited in place."},
    {"parts_of", parts_of, METH_O, "The keys and values of what drafts look into, or None."},
    {"forget_class", forget_class, METH_O, "Forgets what drafts know of a class."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool check_root(PyObject* leaf) {
  if (is_scalar(leaf)) return true;
  return static_cast<bool>(Ref::take(PyObject_CallOneArg(registry().check_leaf, leaf)));
}

bool watch_leaves(PyObject* value, Ref& watch) {
  if (registry().watch_leaves == Py_None) return true;
  watch = Ref::take(PyObject_CallOneArg(registry().watch_leaves, value));
  return static_cast<bool>(watch);
}

bool check_leaves(const Ref& watch) {
  return !watch || Ref::take(PyObject_CallNoArgs(watch.get()));
}

int add_draft_root(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
