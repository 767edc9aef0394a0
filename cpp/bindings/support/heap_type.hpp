// A heap type takes part in garbage collection by three slots: tp_traverse, tp_clear, tp_dealloc.
// `Owned` writes them from the list of fields that own a reference. A type that has more to do
// calls them from its own slots.
#pragma once

#include <utility>

#include "python.hpp"

namespace halflife::bindings {

// Frees the memory of an object whose fields are cleared, and its reference to its type.
inline void free_object(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

template <class Object, auto... Fields>
struct Owned {
  static int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    auto* object = reinterpret_cast<Object*>(self);
    int stopped = 0;
    const auto visit_field = [&](PyObject* field) {
      if (stopped == 0 && field != nullptr) stopped = visit(field, arg);
    };
    (visit_field(as_object(object->*Fields)), ...);
    return stopped;
  }

  // All fields are null before the first reference is dropped: code that this runs sees no field
  // that is about to be freed.
  static int clear(PyObject* self) {
    auto* object = reinterpret_cast<Object*>(self);
    PyObject* parts[] = {as_object(std::exchange(object->*Fields, nullptr))...};
    for (PyObject* part : parts) Py_XDECREF(part);
    return 0;
  }

  static void dealloc(PyObject* self) {
    PyObject_GC_UnTrack(self);
    clear(self);
    free_object(self);
  }
};

}  // namespace halflife::bindings
