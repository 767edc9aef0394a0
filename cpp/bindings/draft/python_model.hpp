// The value model over Python objects (see core/draft/model.hpp): the containers of the language
// and of `collections`, tuples, and records. A record is an object of a class with named fields: a
// dataclass, an attrs class, a NamedTuple, a msgspec Struct, a pydantic model, or a class that was
// registered. Other subclasses of containers may have behavior that a draft could not keep, so they
// are leaves unless registered. All other values are leaves, too.
#pragma once

#include "../../core/draft/draft.hpp"
#include "../support/python.hpp"
#include "../support/registry.hpp"

namespace halflife::bindings {

draft::Model& python_model();

inline bool is_default_dict(PyObject* object) {
  return PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(registry().default_dict)) != 0;
}
inline bool is_counter(PyObject* object) {
  return PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(registry().counter)) != 0;
}
inline bool is_deque(PyObject* object) {
  return PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(registry().deque)) != 0;
}

inline PyObject* to_object(Value value) { return static_cast<PyObject*>(value); }

}  // namespace halflife::bindings
