#include "layer_object.hpp"

#include <structmember.h>

#include <cstddef>
#include <new>

#include "../support/copying.hpp"
#include "../support/heap_type.hpp"

namespace halflife::bindings {

namespace {

using optimistic::Layer;
using optimistic::LayerStatus;

using References = Owned<LayerObject, &LayerObject::context, &LayerObject::error>;

// The log owns the references in the layer's body and releases them. They are stored in this
// object, so this object visits them.
int layer_traverse(PyObject* self, visitproc visit, void* arg) {
  const optimistic::LayerBody& body = as_layer(self)->layer.body;
  Py_VISIT(static_cast<PyObject*>(body.recipe));
  Py_VISIT(static_cast<PyObject*>(body.then));
  Py_VISIT(static_cast<PyObject*>(body.replacement));
  return References::traverse(self, visit, arg);
}

void layer_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  LayerObject* object = as_layer(self);
  if (object->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  References::clear(self);
  for (Value* part :
       {&object->layer.body.recipe, &object->layer.body.then, &object->layer.body.replacement}) {
    Py_XDECREF(static_cast<PyObject*>(*part));  // not null only if the layer never entered a log
  }
  object->layer.~Layer();
  free_object(self);
}

const char* name_of(LayerStatus status) {
  constexpr const char* names[] = {"pending", "conflicted", "confirmed",
                                   "folded",  "superseded", "rolled_back"};
  return names[static_cast<unsigned>(status)];
}

PyObject* layer_id(PyObject* self, void*) {
  return PyLong_FromUnsignedLongLong(as_layer(self)->layer.seq);
}

PyObject* layer_status(PyObject* self, void*) {
  return PyUnicode_FromString(name_of(as_layer(self)->layer.status));
}

PyObject* layer_context(PyObject* self, void*) {
  PyObject* context = as_layer(self)->context;
  return Py_NewRef(context == nullptr ? Py_None : context);
}

PyObject* layer_error(PyObject* self, void*) {
  const LayerObject* object = as_layer(self);
  const bool conflicted = object->layer.status == LayerStatus::conflicted;
  return Py_NewRef(conflicted && object->error != nullptr ? object->error : Py_None);
}

PyObject* layer_repr(PyObject* self) {
  const Layer& layer = as_layer(self)->layer;
  return PyUnicode_FromFormat("<LayerState %llu, %s>", static_cast<unsigned long long>(layer.seq),
                              name_of(layer.status));
}

PyGetSetDef layer_properties[] = {
    {"id", layer_id, nullptr, "Its number in the log; greater is newer.", nullptr},
    {"status", layer_status, nullptr, "What has become of it.", nullptr},
    {"context", layer_context, nullptr, "What its recipe returned.", nullptr},
    {"error", layer_error, nullptr, "Why it is conflicted, or None.", nullptr},
    {},
};

PyMemberDef layer_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(LayerObject, weakrefs), READONLY, nullptr},
    {},
};

PyType_Slot layer_slots[] = {
    {Py_tp_dealloc, as_slot(layer_dealloc)},   {Py_tp_traverse, as_slot(layer_traverse)},
    {Py_tp_clear, as_slot(References::clear)}, {Py_tp_repr, as_slot(layer_repr)},
    {Py_tp_getset, layer_properties},          {Py_tp_members, layer_members},
    {Py_tp_methods, methods_without_copies},   {0, nullptr},
};

PyType_Spec layer_spec = {
    "halflife._core.LayerState", sizeof(LayerObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, layer_slots};

}  // namespace

LayerObject* make_layer(std::uint64_t log, const optimistic::LayerBody& body) {
  PyObject* self = layer_type->tp_alloc(layer_type, 0);
  if (self == nullptr) return nullptr;
  LayerObject* object = as_layer(self);
  new (&object->layer) Layer;
  object->layer.token = self;
  object->layer.body = body;
  for (Value part : {body.recipe, body.then, body.replacement}) {
    Py_XINCREF(static_cast<PyObject*>(part));
  }
  object->log = log;
  return object;
}

int add_layer_type(PyObject* module) {
  PyObject* type = PyType_FromSpec(&layer_spec);
  if (type == nullptr) return -1;
  layer_type = reinterpret_cast<PyTypeObject*>(type);
  return PyModule_AddObjectRef(module, "LayerState", type);
}

}  // namespace halflife::bindings
