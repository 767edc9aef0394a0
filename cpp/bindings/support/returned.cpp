#include "returned.hpp"

#include "heap_type.hpp"
#include "registry.hpp"

namespace halflife::bindings {

namespace {

struct ReturnedObject {
  PyObject_HEAD PyObject* awaitable;
  PyObject* signal;  // or null
};

ReturnedObject* as_returned(PyObject* object) { return reinterpret_cast<ReturnedObject*>(object); }

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyObject* awaitable = as_returned(self)->awaitable;
  PyObject* signal = as_returned(self)->signal;
  free_object(self);
  // Nobody else holds the awaitable, so nobody will await it.
  if (Py_REFCNT(awaitable) == 1) close_coroutine(awaitable);
  Py_DECREF(awaitable);
  Py_XDECREF(signal);
}

}  // namespace

void close_coroutine(PyObject* object) {
  if (!PyCoro_CheckExact(object)) return;
  SavedError saved;
  Ref closed = Ref::take(PyObject_CallMethod(object, "close", nullptr));
  if (!closed) PyErr_WriteUnraisable(object);
}

PyObject* make_returned(PyObject* awaitable, PyObject* signal) {
  auto* returned = PyObject_GC_New(ReturnedObject, registry().returned);
  if (returned == nullptr) return nullptr;
  returned->awaitable = Py_NewRef(awaitable);
  returned->signal = Py_XNewRef(signal);
  PyObject_GC_Track(returned);
  return as_object(returned);
}

PyObject* returned_awaitable(PyObject* returned) { return as_returned(returned)->awaitable; }

PyObject* returned_signal(PyObject* returned) { return as_returned(returned)->signal; }

int add_returned(PyObject*) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("What a read returned to be awaited.")},
      {Py_tp_dealloc, as_slot(dealloc)},
      {Py_tp_traverse,
       as_slot(
           Owned<ReturnedObject, &ReturnedObject::awaitable, &ReturnedObject::signal>::traverse)},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "halflife._core.Returned", sizeof(ReturnedObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  registry().returned = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return registry().returned == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
