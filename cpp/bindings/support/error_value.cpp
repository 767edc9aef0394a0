// A raised error holds the frames of its callers, and these hold their variables: often the atom
// itself. A store that keeps the error would keep all of them alive, and the atom with its node. So
// each full garbage collection first removes the frames that have ended from the errors that nodes
// keep.
#include "error_value.hpp"

#include <vector>

#include "frames.hpp"
#include "heap_type.hpp"

namespace halflife::bindings {

namespace {

struct ErrorValue {
  PyObject_HEAD PyObject* error;
  PyObject* traceback;  // or null
  ErrorValue* older;
  ErrorValue* newer;
};

PyTypeObject* error_value_type = nullptr;
PyObject* before_collection = nullptr;  // the callback of the garbage collector
ErrorValue* newest = nullptr;           // all error values, as a linked list

ErrorValue* as_error_value(PyObject* object) { return reinterpret_cast<ErrorValue*>(object); }

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  ErrorValue* value = as_error_value(self);
  (value->newer != nullptr ? value->newer->older : newest) = value->older;
  if (value->older != nullptr) value->older->newer = value->newer;
  PyObject* parts[] = {value->error, value->traceback};
  free_object(self);
  for (PyObject* part : parts) Py_XDECREF(part);
}

bool release_frames(ErrorValue* value, FrameRelease& frames) {
  if (!frames.release(value->error)) return false;
  if (value->traceback == nullptr) return true;
  Ref bare = frames.without_frames(value->traceback);
  if (!bare) return false;
  Ref before = Ref::take(std::exchange(value->traceback, bare.release()));
  return true;
}

// The callback of the garbage collector: (phase, {"generation": ...}).
PyObject* on_collection(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2 || newest == nullptr || !PyDict_Check(arguments[1])) Py_RETURN_NONE;
  PyObject* generation = PyDict_GetItemString(arguments[1], "generation");
  if (generation == nullptr || PyLong_AsLong(generation) != 2) Py_RETURN_NONE;
  if (PyUnicode_CompareWithASCIIString(arguments[0], "start") != 0) Py_RETURN_NONE;
  // Dropping variables may run any code, even code that frees an error value.
  std::vector<Ref> kept;
  for (ErrorValue* value = newest; value != nullptr; value = value->older) {
    kept.push_back(Ref::borrow(as_object(value)));
  }
  FrameRelease frames;
  for (const Ref& value : kept) {
    if (!release_frames(as_error_value(value.get()), frames)) PyErr_Clear();  // out of memory
  }
  Py_RETURN_NONE;
}

// Called with the first error value, so that programs without errors do not pay for it.
bool watch_collector() {
  PyObject* collector = PyImport_GetModuleDict();
  collector = PyDict_GetItemString(collector, "gc");
  Ref callbacks =
      collector == nullptr ? Ref() : Ref::take(PyObject_GetAttrString(collector, "callbacks"));
  if (!callbacks || !PyList_Check(callbacks.get())) return PyErr_Occurred() == nullptr;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(callbacks.get()); ++index) {
    if (PyList_GET_ITEM(callbacks.get(), index) == before_collection) return true;
  }
  return PyList_Append(callbacks.get(), before_collection) == 0;
}

PyMethodDef callback = {"before_collection", as_function(on_collection), METH_FASTCALL,
                        "Takes the frames that have ended out of the errors that stores keep."};

PyObject* keep_error(PyObject*, PyObject* error) {
  if (PyExceptionInstance_Check(error) == 0) {
    PyErr_SetString(PyExc_TypeError, "keep_error() takes an exception");
    return nullptr;
  }
  return make_error_value(Py_NewRef(error));
}

PyObject* raise_again(PyObject* self, PyObject*) { return raise_error_value(self); }

PyMethodDef methods[] = {
    {"raise_again", raise_again, METH_NOARGS, "Raises the error, with its first traceback."},
    {nullptr, nullptr, 0, nullptr},
};

PyMethodDef functions[] = {
    {"keep_error", keep_error, METH_O, "The error as the value of an atom."},
    {nullptr, nullptr, 0, nullptr},
};

// There is no tp_clear: a cycle with an error goes through a frame, which has one. So the error
// exists as long as a node holds it.
PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("An error as the value of an atom.")},
    {Py_tp_dealloc, as_slot(dealloc)},
    {Py_tp_traverse,
     as_slot(Owned<ErrorValue, &ErrorValue::error, &ErrorValue::traceback>::traverse)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {"halflife._core.ErrorValue", sizeof(ErrorValue), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    slots};

}  // namespace

PyObject* take_error() {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value;
}

PyObject* make_error_value(PyObject* error) {
  Ref owned = Ref::take(error);
  if (!watch_collector()) return nullptr;
  ErrorValue* value = PyObject_GC_New(ErrorValue, error_value_type);
  if (value == nullptr) return nullptr;
  value->traceback = PyException_GetTraceback(error);
  if (value->traceback == Py_None) Py_CLEAR(value->traceback);
  value->error = owned.release();
  value->newer = nullptr;
  value->older = newest;
  if (newest != nullptr) newest->newer = value;
  newest = value;
  PyObject_GC_Track(as_object(value));
  return as_object(value);
}

PyObject* error_of(PyObject* error_value) { return as_error_value(error_value)->error; }

PyObject* raise_error_value(PyObject* error_value) {
  PyObject* error = as_error_value(error_value)->error;
  PyObject* traceback = as_error_value(error_value)->traceback;
  PyException_SetTraceback(error, traceback == nullptr ? Py_None : traceback);
  PyErr_Restore(Py_NewRef(as_object(Py_TYPE(error))), Py_NewRef(error), Py_XNewRef(traceback));
  return nullptr;
}

int add_error_values(PyObject* module) {
  // `gc` is a built-in module, which stays once it is imported.
  Ref collector = Ref::take(PyImport_ImportModule("gc"));
  Ref type = Ref::take(PyType_FromSpec(&spec));
  before_collection = PyCFunction_NewEx(&callback, nullptr, nullptr);
  if (!collector || !type || before_collection == nullptr) return -1;
  error_value_type = reinterpret_cast<PyTypeObject*>(type.release());
  return PyModule_AddFunctions(module, functions);
}

}  // namespace halflife::bindings
