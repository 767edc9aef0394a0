// Loading, HasData and HasError: frozen values made for `match`.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

struct LoadableObject {
  PyObject_HEAD PyObject* content;  // data or error; null for Loading
  PyObject* previous;               // the last data, or null
  bool refreshing;
};

// New references, or null with an error set. Arguments are borrowed; `previous` may be null.
PyObject* make_loading(PyObject* previous);
PyObject* make_has_data(PyObject* data, bool refreshing);
PyObject* make_has_error(PyObject* error, PyObject* previous);

bool is_loadable(PyObject* object);
bool same_loadable(PyObject* one, PyObject* other);

int add_loadable_types(PyObject* module);

}  // namespace halflife::bindings
