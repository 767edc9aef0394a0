// SavedLog is the result of LayerLog.save(): the state that LayerLog.restore() returns to when a
// batch of the store fails. While it lives, the log's journal keeps the records of all changes.
#include <utility>

#include "../support/heap_type.hpp"
#include "log_object.hpp"

namespace halflife::bindings {

namespace {

struct SavedObject {
  PyObject_HEAD optimistic::Journal::Mark mark;
  LogObject* owner;  // owned
};

constinit PyTypeObject* saved_type = nullptr;

SavedObject* as_saved(PyObject* object) { return reinterpret_cast<SavedObject*>(object); }

int saved_clear(PyObject* self) {
  SavedObject* object = as_saved(self);
  LogObject* owner = std::exchange(object->owner, nullptr);
  if (owner == nullptr) return 0;
  owner->log->release(object->mark);
  Py_DECREF(as_object(owner));
  return 0;
}

void saved_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  saved_clear(self);
  free_object(self);
}

PyType_Slot saved_slots[] = {
    {Py_tp_dealloc, as_slot(saved_dealloc)},
    {Py_tp_traverse, as_slot(Owned<SavedObject, &SavedObject::owner>::traverse)},
    {Py_tp_clear, as_slot(saved_clear)},
    {0, nullptr},
};

PyType_Spec saved_spec = {
    "halflife._core.SavedLog", sizeof(SavedObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, saved_slots};

}  // namespace

PyObject* log_save(PyObject* self, PyObject*) {
  Operation operation(self);
  if (!operation) return nullptr;
  PyObject* made = saved_type->tp_alloc(saved_type, 0);
  if (made == nullptr) return nullptr;
  SavedObject* object = as_saved(made);
  object->mark = operation.log().save();
  object->owner = as_log(Py_NewRef(self));
  return made;
}

PyObject* log_restore(PyObject* self, PyObject* saved) {
  Operation operation(self);
  if (!operation) return nullptr;
  if (Py_TYPE(saved) != saved_type || as_saved(saved)->owner != operation.object()) {
    PyErr_SetString(PyExc_ValueError, "restore() takes what save() of the same LayerLog gave");
    return nullptr;
  }
  operation.log().restore(as_saved(saved)->mark);
  Py_RETURN_NONE;
}

int add_saved_log_type() {
  PyObject* type = PyType_FromSpec(&saved_spec);
  saved_type = reinterpret_cast<PyTypeObject*>(type);
  return type == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
