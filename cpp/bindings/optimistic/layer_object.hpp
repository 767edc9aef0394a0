// The native half of a layer: its place in a log, its status, and what its recipe returned. It
// lives on after it has left the log, so that whoever holds it can ask what became of it.
#pragma once

#include "../../core/optimistic/layer.hpp"
#include "../support/python.hpp"

namespace halflife::bindings {

struct LayerObject {
  PyObject_HEAD optimistic::Layer layer;
  PyObject* context;  // null until it has run
  PyObject* error;    // why it is conflicted, or null
  PyObject* weakrefs;
  std::uint64_t log;  // number of the log it belongs to
};

inline constinit PyTypeObject* layer_type = nullptr;

inline LayerObject* as_layer(PyObject* object) { return reinterpret_cast<LayerObject*>(object); }
inline LayerObject* object_of(optimistic::Layer& layer) {
  return as_layer(static_cast<PyObject*>(layer.token));
}

// A new layer that is in no log yet; takes references to the parts. Null on an error.
LayerObject* make_layer(std::uint64_t log, const optimistic::LayerBody& body);

int add_layer_type(PyObject* module);

}  // namespace halflife::bindings
