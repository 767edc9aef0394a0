#include "draft_path.hpp"

#include "../support/arguments.hpp"
#include "draft_object.hpp"

namespace halflife::bindings {

namespace {

// The key or position of a draft in its parent. Null: no longer in it, or an error is set.
PyObject* key_in_parent(const draft::Draft& parent, const draft::Draft& child) {
  if (!draft::is_positional(parent.kind)) {
    Value held = nullptr;
    if (parent.children == nullptr || !python_model().find(parent.children, child.key, &held)) {
      return nullptr;
    }
    return held == child.face ? Py_NewRef(to_object(child.key)) : nullptr;
  }
  if (!parent.structural) {
    if (parent.rows == nullptr) return nullptr;
    const auto row = parent.rows->find(child.index);
    if (row == parent.rows->end() || row->second != &child) return nullptr;
    return PyLong_FromSize_t(child.index);
  }
  PyObject* list = to_object(parent.scratch);
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(list); ++index) {
    if (PyList_GET_ITEM(list, index) == to_object(child.face)) return PyLong_FromSsize_t(index);
  }
  return nullptr;
}

PyObject* path_of(PyObject*, PyObject* object) {
  if (!is_draft(object)) {
    PyErr_Format(PyExc_TypeError, "path_of() takes a draft, not %s", described(object).c_str());
    return nullptr;
  }
  DraftAccess access(object);
  if (!access) return nullptr;
  Ref path = Ref::take(PyList_New(0));
  if (!path) return nullptr;
  for (const draft::Draft* at = &access.draft(); at->parent != nullptr; at = at->parent) {
    Ref key = Ref::take(key_in_parent(*at->parent, *at));
    if (!key) {
      if (PyErr_Occurred() != nullptr) return nullptr;
      Py_RETURN_NONE;
    }
    if (PyList_Append(path.get(), key.get()) < 0) return nullptr;
  }
  if (PyList_Reverse(path.get()) < 0) return nullptr;
  return PyList_AsTuple(path.get());
}

PyMethodDef functions[] = {
    {"path_of", path_of, METH_O, "The keys from the root to a draft, or None if it is not there."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_draft_path(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
