// Memory of destroyed objects, kept for the next objects of the same size. It is worth its space
// for objects that are made and destroyed in large numbers, such as drafts and patches.
#pragma once

#include <cstddef>

#include "python.hpp"

namespace halflife::bindings {

// Under AddressSanitizer nothing is kept, so that it finds every use after the end.
template <class Object, std::size_t count>
class SpareMemory {
 public:
  // An object whose fields are not set and that the garbage collector does not track yet. Null: an
  // error is set.
  Object* make(PyTypeObject* type) {
    if (kept_ == 0) return PyObject_GC_New(Object, type);
    Object* made = spare_[--kept_];
    PyObject_Init(as_object(made), type);
    return made;
  }

  // As free_object(), for an object that make() has made.
  void free(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    if (kept_ < kMost) {
      spare_[kept_++] = reinterpret_cast<Object*>(self);
    } else {
      PyObject_GC_Del(self);
    }
    Py_DECREF(type);
  }

 private:
#if defined(__SANITIZE_ADDRESS__)
  static constexpr std::size_t kMost = 0;
#else
  static constexpr std::size_t kMost = count;
#endif
  Object* spare_[kMost + 1] = {};
  std::size_t kept_ = 0;
};

}  // namespace halflife::bindings
