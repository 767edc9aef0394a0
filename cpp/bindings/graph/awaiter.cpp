#include "awaiter.hpp"

#include "../support/copying.hpp"
#include "../support/heap_type.hpp"
#include "../support/spare_memory.hpp"
#include "async_value.hpp"

namespace halflife::bindings {

namespace {

struct AwaiterObject {
  PyObject_HEAD PyObject* value;
};

PyTypeObject* awaiter_type = nullptr;

// Of one awaiter: code rarely holds more at a time.
constinit SpareMemory<AwaiterObject, 1> memory;

AwaiterObject* as_awaiter(PyObject* object) { return reinterpret_cast<AwaiterObject*>(object); }

using References = Owned<AwaiterObject, &AwaiterObject::value>;

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  References::clear(self);
  memory.free(self);
}

// The value is null if a garbage collection has cleared a cycle.
PyObject* newest(PyObject* self) {
  PyObject* value = as_awaiter(self)->value;
  if (value != nullptr) return newest_asked(value);
  PyErr_SetString(PyExc_RuntimeError, "this awaiter was collected");
  return nullptr;
}

PySendResult send(PyObject* self, PyObject*, PyObject** result) {
  *result = newest(self);
  return *result == nullptr ? PYGEN_ERROR : PYGEN_RETURN;
}

PyObject* next(PyObject* self) {
  Ref now = Ref::take(newest(self));
  if (!now) return nullptr;
  if (PyTuple_Check(now.get()) || PyExceptionInstance_Check(now.get())) {
    Ref stop = Ref::take(PyObject_CallOneArg(PyExc_StopIteration, now.get()));
    if (stop) PyErr_SetObject(PyExc_StopIteration, stop.get());
  } else {
    PyErr_SetObject(PyExc_StopIteration, now.get());
  }
  return nullptr;
}

}  // namespace

PyObject* make_awaiter(PyObject* async_value) {
  AwaiterObject* made = memory.make(awaiter_type);
  if (made == nullptr) return nullptr;
  made->value = Py_NewRef(async_value);
  PyObject_GC_Track(made);
  return as_object(made);
}

int add_awaiter_type(PyObject*) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("Ends at once with the newest value of an AsyncValue.")},
      {Py_tp_dealloc, as_slot(dealloc)},
      {Py_tp_traverse, as_slot(References::traverse)},
      {Py_tp_clear, as_slot(References::clear)},
      {Py_tp_iter, as_slot(PyObject_SelfIter)},
      {Py_tp_iternext, as_slot(next)},
      {Py_am_send, as_slot(send)},
      {Py_tp_methods, methods_without_copies},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "halflife._core.Awaiter", sizeof(AwaiterObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  awaiter_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return awaiter_type == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
