#include "arguments.hpp"

namespace halflife::bindings {

bool parse_arguments(const char* function, const char* const* names, int positional,
                     PyObject* const* args, Py_ssize_t count, PyObject* kwnames, PyObject** slots) {
  if (count > positional) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %d positional arguments, got %zd", function,
                 positional, count);
    return false;
  }
  for (Py_ssize_t index = 0; index < count; ++index) slots[index] = args[index];
  const Py_ssize_t keywords = kwnames == nullptr ? 0 : PyTuple_GET_SIZE(kwnames);
  for (Py_ssize_t index = 0; index < keywords; ++index) {
    PyObject* keyword = PyTuple_GET_ITEM(kwnames, index);
    int place = 0;
    while (names[place] != nullptr &&
           PyUnicode_CompareWithASCIIString(keyword, names[place]) != 0) {
      ++place;
    }
    if (names[place] == nullptr) {
      PyErr_Format(PyExc_TypeError, "%s() has no argument %R", function, keyword);
      return false;
    }
    if (place < count) {
      PyErr_Format(PyExc_TypeError, "%s() got two values for argument %R", function, keyword);
      return false;
    }
    slots[place] = args[count + index];
  }
  return true;
}

std::string described(PyObject* object) {
  constexpr Py_ssize_t kLongest = 100;
  Ref text = Ref::take(PyObject_Repr(object));
  if (text && PyUnicode_GET_LENGTH(text.get()) > kLongest) {
    text = Ref::take(PyUnicode_Substring(text.get(), 0, kLongest));
  }
  const char* utf8 = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  if (utf8 != nullptr) return utf8;
  PyErr_Clear();
  return std::string("<") + Py_TYPE(object)->tp_name + " object>";
}

}  // namespace halflife::bindings
