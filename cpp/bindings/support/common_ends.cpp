// The functions of _core that compare tuples.
#include "common_ends.hpp"

#include <algorithm>

#include "arguments.hpp"
#include "equality.hpp"

namespace halflife::bindings {

namespace {

PyObject* common_ends(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 2 || !PyTuple_Check(args[0]) || !PyTuple_Check(args[1])) {
    PyErr_SetString(PyExc_TypeError, "common_ends() takes two tuples");
    return nullptr;
  }
  PyObject *one = args[0], *other = args[1];
  const Py_ssize_t size = PyTuple_GET_SIZE(one), other_size = PyTuple_GET_SIZE(other);
  const Py_ssize_t shorter = std::min(size, other_size);
  Py_ssize_t start = 0;
  while (start < shorter &&
         same_value(PyTuple_GET_ITEM(one, start), PyTuple_GET_ITEM(other, start))) {
    ++start;
  }
  Py_ssize_t end = 0;
  while (end < shorter - start && same_value(PyTuple_GET_ITEM(one, size - 1 - end),
                                             PyTuple_GET_ITEM(other, other_size - 1 - end))) {
    ++end;
  }
  return Py_BuildValue("(nn)", start, end);
}

PyObject* is_same(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "same() takes two values");
    return nullptr;
  }
  return PyBool_FromLong(same_value(args[0], args[1]));
}

PyObject* is_same_deep(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "same_deep() takes two values");
    return nullptr;
  }
  return PyBool_FromLong(same_deep(args[0], args[1]));
}

PyMethodDef functions[] = {
    {"same", as_function(is_same), METH_FASTCALL,
     "Whether a value that becomes the other one counts as unchanged."},
    {"same_deep", as_function(is_same_deep), METH_FASTCALL,
     "Whether two values are the same by the rule of equals='deep'."},
    {"common_ends", as_function(common_ends), METH_FASTCALL,
     "How many values two tuples have in common at their beginnings, and then at their ends."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_common_ends(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
