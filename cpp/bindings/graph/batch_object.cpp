#include "batch_object.hpp"

#include <vector>

#include "../support/copying.hpp"
#include "../support/heap_type.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

namespace {

struct BatchObject {
  PyObject_HEAD PyObject* store;
  std::vector<std::uint32_t>* open;  // the numbers of the batches that were entered and not left;
                                     // the object may be entered again
};

BatchObject* as_batch(PyObject* object) { return reinterpret_cast<BatchObject*>(object); }

PyObject* batch_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  PyObject* store = nullptr;
  if (kwargs != nullptr || !PyArg_ParseTuple(args, "O:Batch", &store)) {
    if (PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_TypeError, "Batch(store)");
    return nullptr;
  }
  if (store_argument(store) == nullptr) return nullptr;
  auto* batch = reinterpret_cast<BatchObject*>(type->tp_alloc(type, 0));
  if (batch == nullptr) return nullptr;
  batch->store = Py_NewRef(store);
  batch->open = new std::vector<std::uint32_t>;
  return as_object(batch);
}

PyObject* batch_enter(PyObject* self, PyObject*) {
  BatchObject* batch = as_batch(self);
  StoreObject* store = store_of(batch->store);
  const std::uint32_t serial = store == nullptr ? 0 : store->begin_batch();
  if (serial == 0) return nullptr;
  batch->open->push_back(serial);
  Py_RETURN_NONE;
}

PyObject* batch_exit(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (count != 3) {
    PyErr_SetString(PyExc_TypeError, "__exit__() takes the type, the error and its traceback");
    return nullptr;
  }
  BatchObject* batch = as_batch(self);
  if (batch->open->empty()) Py_RETURN_FALSE;  // left already
  StoreObject* store = store_of(batch->store);
  if (store == nullptr) return nullptr;
  const std::uint32_t serial = batch->open->back();
  batch->open->pop_back();
  const bool ok = args[0] == Py_None ? store->commit_batch(serial) : store->abort_batch(serial);
  if (!ok) return nullptr;
  Py_RETURN_FALSE;
}

int batch_clear(PyObject* self) {
  BatchObject* batch = as_batch(self);
  Ref store = Ref::take(std::exchange(batch->store, nullptr));
  std::vector<std::uint32_t> open;
  if (batch->open != nullptr) open.swap(*batch->open);
  if (!store || open.empty()) return 0;
  SavedError saved;
  StoreObject* native = store_of(store.get());
  if (native == nullptr) {
    PyErr_Clear();
    return 0;
  }
  native->abandon_batch(open.front());  // the batches inside it end with it
  return 0;
}

void batch_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  batch_clear(self);
  delete as_batch(self)->open;
  free_object(self);
}

PyMethodDef methods[] = {
    {"__enter__", batch_enter, METH_NOARGS, nullptr},
    {"__exit__", as_function(batch_exit), METH_FASTCALL, nullptr},
    {"__reduce_ex__", refuse_copy, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("The with block of `Store.batch()`.")},
    {Py_tp_new, as_slot(batch_new)},
    {Py_tp_dealloc, as_slot(batch_dealloc)},
    {Py_tp_traverse, as_slot(Owned<BatchObject, &BatchObject::store>::traverse)},
    {Py_tp_clear, as_slot(batch_clear)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {"halflife._core.Batch", sizeof(BatchObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

}  // namespace

int add_batch_type(PyObject* module) {
  Ref type = Ref::take(PyType_FromSpec(&spec));
  return type ? PyModule_AddObjectRef(module, "Batch", type.get()) : -1;
}

}  // namespace halflife::bindings
