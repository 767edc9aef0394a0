#include "naming.hpp"

#include <cstring>
#include <string_view>

namespace halflife::bindings {

namespace {

// Names such as `_` are throwaway variables, and `<lambda>` is what Python calls functions without
// a name.
bool says_something(PyObject* name) {
  if (name == nullptr || !PyUnicode_Check(name)) return false;
  const Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  const int kind = PyUnicode_KIND(name);
  const void* data = PyUnicode_DATA(name);
  if (length == 0 || PyUnicode_READ(kind, data, 0) == '<') return false;
  for (Py_ssize_t index = 0; index < length; ++index) {
    if (PyUnicode_READ(kind, data, index) != '_') return true;
  }
  return false;
}

// The function's name, borrowed; null if it has none, or if the function itself tells the name of
// its atom.
PyObject* function_name(PyObject* body) {
  if (body == nullptr) return nullptr;
  if (PyMethod_Check(body)) body = PyMethod_GET_FUNCTION(body);
  if (!PyFunction_Check(body)) return nullptr;
  auto* function = reinterpret_cast<PyFunctionObject*>(body);
  if (function->func_dict != nullptr &&
      PyDict_GetItemWithError(function->func_dict, registry().describe_name) != nullptr) {
    return nullptr;
  }
  return says_something(function->func_name) ? function->func_name : nullptr;
}

bool begins_with(PyObject* text, PyObject* prefix) {
  if (PyUnicode_IS_COMPACT_ASCII(text) && PyUnicode_IS_COMPACT_ASCII(prefix)) {
    const auto length = static_cast<std::size_t>(PyUnicode_GET_LENGTH(prefix));
    return static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)) >= length &&
           std::memcmp(PyUnicode_DATA(text), PyUnicode_DATA(prefix), length) == 0;
  }
  return PyUnicode_Tailmatch(text, prefix, 0, PY_SSIZE_T_MAX, -1) > 0;
}

// Code of the package is skipped, since it does not know how users name their atoms; code of its
// programs (the demo) is not. The first folder is the package's own, the others are the exceptions.
bool is_own(PyCodeObject* code) {
  PyObject* folders = registry().own_folders;
  if (!begins_with(code->co_filename, PyTuple_GET_ITEM(folders, 0))) return false;
  for (Py_ssize_t index = 1; index < PyTuple_GET_SIZE(folders); ++index) {
    if (begins_with(code->co_filename, PyTuple_GET_ITEM(folders, index))) return false;
  }
  return true;
}

}  // namespace

void note_definition(AtomObject* atom) {
  if (atom->kind == AtomKind::loadable || atom->kind == AtomKind::unwrap) return;
  if (atom->kind != AtomKind::source) {
    if (PyObject* name = function_name(atom->body)) {
      atom->name = Py_NewRef(name);
      return;
    }
  }
  Ref frame = Ref::take(as_object(PyThreadState_GetFrame(PyThreadState_Get())));
  while (frame) {
    auto* own = reinterpret_cast<PyFrameObject*>(frame.get());
    Ref code = Ref::take(as_object(PyFrame_GetCode(own)));
    if (!is_own(reinterpret_cast<PyCodeObject*>(code.get()))) {
      atom->offset = PyFrame_GetLasti(own);
      atom->name = code.release();
      return;
    }
    frame = Ref::take(as_object(PyFrame_GetBack(own)));
  }
}

PyObject* definition_place(AtomObject* atom) {
  if (atom->name == nullptr || !PyCode_Check(atom->name)) Py_RETURN_NONE;
  return Py_BuildValue("(Oi)", atom->name, atom->offset);
}

}  // namespace halflife::bindings
