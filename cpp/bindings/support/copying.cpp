#include "copying.hpp"

#include <pybind11/pybind11.h>

#include <cstring>

#include "registry.hpp"

namespace halflife::bindings {

PyObject* refuse_copy(PyObject* self, PyObject*) {
  const char* full_name = Py_TYPE(self)->tp_name;
  const char* dot = std::strrchr(full_name, '.');
  const bool is_store = PyObject_TypeCheck(self, registry().store) != 0;
  PyErr_Format(PyExc_TypeError,
               "a %s cannot be pickled or copied, because it takes part in what is under way in"
               " this process; %s",
               dot == nullptr ? full_name : dot + 1,
               is_store ? "take its values along by store.dehydrate(atoms)"
                        : "pickle or copy the values themselves");
  return nullptr;
}

PyMethodDef methods_without_copies[] = {
    {"__reduce_ex__", refuse_copy, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

void refuse_copies(PyObject* type) {
  static PyMethodDef methods[] = {
      {"__reduce_ex__", refuse_copy, METH_O, nullptr},
      {"__reduce__", refuse_copy, METH_NOARGS, nullptr},
  };
  for (PyMethodDef& method : methods) {
    PyObject* descriptor = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), &method);
    if (descriptor == nullptr || PyObject_SetAttrString(type, method.ml_name, descriptor) < 0) {
      throw pybind11::error_already_set();
    }
    Py_DECREF(descriptor);
  }
}

}  // namespace halflife::bindings
