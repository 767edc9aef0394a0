// LayerState, the native half of a layer: its position in a log, its status, and the value that its
// recipe returned. It outlives its time in the log, so that its holder can still read the status.
#pragma once

#include "../../core/optimistic/layer.hpp"
#include "../support/python.hpp"

namespace halflife::bindings {

struct LayerObject {
  PyObject_HEAD optimistic::Layer layer;
  PyObject* context;  // what the recipe returned; null before it ran
  PyObject* error;    // the error of the last conflict, or null
  PyObject* weakrefs;
  std::uint64_t log;  // number of the log it belongs to
};

inline constinit PyTypeObject* layer_type = nullptr;

inline LayerObject* as_layer(PyObject* object) { return reinterpret_cast<LayerObject*>(object); }
inline LayerObject* object_of(optimistic::Layer& layer) {
  return as_layer(static_cast<PyObject*>(layer.token));
}

// A new layer that is in no log yet; takes references to the values of the body. Null: an error is
// set.
LayerObject* make_layer(std::uint64_t log, const optimistic::LayerBody& body);

int add_layer_type(PyObject* module);

}  // namespace halflife::bindings
