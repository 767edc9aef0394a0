#include "frames.hpp"

#include <vector>

namespace halflife::bindings {

namespace {

// Has the frame ended? One of a generator or coroutine that goes on has an owner, and clearing it
// would close that.
bool has_ended(PyObject* frame) {
  Ref owner = Ref::take(PyFrame_GetGenerator(reinterpret_cast<PyFrameObject*>(frame)));
  return !owner;
}

bool clear_traceback(PyObject* error) {
  Ref at = Ref::take(PyException_GetTraceback(error));
  while (at && at.get() != Py_None) {
    Ref frame = Ref::take(PyObject_GetAttrString(at.get(), "tb_frame"));
    if (!frame) return false;
    if (has_ended(frame.get())) {
      Ref done = Ref::take(PyObject_CallMethod(frame.get(), "clear", nullptr));
      if (!done) {  // a function that is being executed
        if (PyErr_ExceptionMatches(PyExc_RuntimeError) == 0) return false;
        PyErr_Clear();
      }
    }
    Ref next = Ref::take(PyObject_GetAttrString(at.get(), "tb_next"));
    if (!next) return false;
    at = std::move(next);
  }
  return true;
}

// An error, and those that it came from: causes, contexts, and the errors of groups.
PyObject* clear_frames(PyObject*, PyObject* given) {
  if (PyExceptionInstance_Check(given) == 0) {
    PyErr_SetString(PyExc_TypeError, "clear_frames() takes an exception");
    return nullptr;
  }
  Ref met = Ref::take(PySet_New(nullptr));  // of addresses: an error may have an own __hash__
  std::vector<Ref> left;
  left.push_back(Ref::borrow(given));
  while (met && !left.empty()) {
    Ref error = std::move(left.back());
    left.pop_back();
    if (!error || PyExceptionInstance_Check(error.get()) == 0) continue;
    Ref address = Ref::take(PyLong_FromVoidPtr(error.get()));
    const int known = address ? PySet_Contains(met.get(), address.get()) : -1;
    if (known < 0 || PySet_Add(met.get(), address.get()) < 0) return nullptr;
    if (known > 0) continue;
    if (!clear_traceback(error.get())) return nullptr;
    left.push_back(Ref::take(PyException_GetCause(error.get())));
    left.push_back(Ref::take(PyException_GetContext(error.get())));
    if (PyErr_GivenExceptionMatches(error.get(), PyExc_BaseExceptionGroup) == 0) continue;
    Ref group = Ref::take(PyObject_GetAttrString(error.get(), "exceptions"));
    if (!group || !PyTuple_Check(group.get())) return nullptr;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(group.get()); ++index) {
      left.push_back(Ref::borrow(PyTuple_GET_ITEM(group.get(), index)));
    }
  }
  if (!met) return nullptr;
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"clear_frames", clear_frames, METH_O,
     "Clears the variables of the frames that have ended in an error's traceback, and in those of"
     " the errors that it came from."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_frames(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
