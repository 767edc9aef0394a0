#include "function_check.hpp"

#include <set>
#include <tuple>

#include "registry.hpp"

namespace halflife::bindings {

namespace {

bool within(Py_ssize_t required, Py_ssize_t possible, bool starred, int least, int most) {
  return (starred || possible >= least) && (most < 0 || required <= most);
}

// `bound` arguments are given already.
bool function_takes(PyObject* function, int bound, int least, int most) {
  constexpr int kOther = CO_COROUTINE | CO_ASYNC_GENERATOR | CO_GENERATOR;
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
  const bool starred = (code->co_flags & CO_VARARGS) != 0;
  if ((code->co_flags & kOther) != 0) return false;
  // A wrapper with *args and **kwargs takes the arguments of the function that it wraps.
  if (starred && reinterpret_cast<PyFunctionObject*>(function)->func_dict != nullptr) return false;
  if (code->co_kwonlyargcount > 0) {
    PyObject* defaults = PyFunction_GET_KW_DEFAULTS(function);
    if (defaults == nullptr || PyDict_GET_SIZE(defaults) < code->co_kwonlyargcount) return false;
  }
  PyObject* defaults = PyFunction_GET_DEFAULTS(function);
  const Py_ssize_t optional = defaults == nullptr ? 0 : PyTuple_GET_SIZE(defaults);
  const Py_ssize_t possible = code->co_argcount - bound;
  return possible >= 0 && within(possible - optional, possible, starred, least, most);
}

// Built-in functions, such as operator.is_, are passed again and again, and only `inspect` knows
// their parameters, so the answer is cached by their definition. Definitions are static data of the
// extension modules, so their addresses stay valid.
bool known_before(PyObject* function, const FunctionRole& role, bool passed) {
  if (!PyCFunction_CheckExact(function)) return false;
  PyObject* self = PyCFunction_GET_SELF(function);
  if (self == nullptr || !PyModule_Check(self)) return false;
  using Key = std::tuple<const PyMethodDef*, int, int>;
  static std::set<Key> known;
  const Key key{reinterpret_cast<PyCFunctionObject*>(function)->m_ml, role.least, role.most};
  if (passed) known.insert(key);
  return known.contains(key);
}

}  // namespace

bool plainly_takes(PyObject* function, int least, int most) {
  if (PyFunction_Check(function)) return function_takes(function, 0, least, most);
  if (PyMethod_Check(function)) {
    PyObject* body = PyMethod_GET_FUNCTION(function);
    return PyFunction_Check(body) && function_takes(body, 1, least, most);
  }
  if (PyCFunction_CheckExact(function)) {
    const int flags = PyCFunction_GET_FLAGS(function);
    if ((flags & METH_O) != 0) return within(1, 1, false, least, most);
  }
  return false;
}

bool check_function(PyObject* function, const FunctionRole& role, bool* is_async) {
  if (is_async != nullptr) *is_async = false;
  if (plainly_takes(function, role.least, role.most)) return true;
  if (known_before(function, role, false)) return true;
  Ref answer = Ref::take(PyObject_CallFunction(registry().check_function, "O(sssiis)", function,
                                               role.call, role.argument, role.parameters,
                                               role.least, role.most, role.may_be));
  if (!answer) return false;
  known_before(function, role, true);
  if (is_async != nullptr) *is_async = answer.get() == Py_True;
  return true;
}

void explain_failed_call(PyObject* function, const FunctionRole& role) {
  if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) return;
  PyObject *type = nullptr, *error = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &error, &traceback);
  // An error with a traceback was raised inside the function.
  if (traceback == nullptr && !check_function(function, role)) {
    Py_XDECREF(type);
    Py_XDECREF(error);
    return;
  }
  PyErr_Restore(type, error, traceback);
}

PyObject* plainly_takes_function(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 3) {
    PyErr_SetString(PyExc_TypeError, "plainly_takes() takes a function and two numbers");
    return nullptr;
  }
  const long least = PyLong_AsLong(args[1]);
  const long most = PyLong_AsLong(args[2]);
  if (PyErr_Occurred() != nullptr) return nullptr;
  return PyBool_FromLong(
      plainly_takes(args[0], static_cast<int>(least), static_cast<int>(most)) ? 1 : 0);
}

}  // namespace halflife::bindings
