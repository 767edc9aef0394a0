// The getters and setters that user functions are called with: `get` and `set`. Both are vectorcall
// objects, so that a call from Python costs about as much as a dict look-up. Neither keeps the
// store alive: when the store or the node is freed, its pointer is cleared.
#pragma once

#include "../support/python.hpp"
#include "atom_object.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

// `get` of a derived atom's read. Without a node: the `get` of write functions, which records no
// inputs.
struct GetterObject {
  PyObject_HEAD vectorcallfunc call;
  union {
    graph::Node* node;
    std::uint32_t store_id;  // for messages, once `store` is null
  };
  StoreObject* store;  // null once the store is closed or the node is freed
  PyObject* name;      // name of an effect; None if its atom is freed; else null
};

// `set` of write functions. With an atom: the `set(value)` of its on_mount.
struct SetterObject {
  PyObject_HEAD vectorcallfunc call;
  StoreObject* store;
  PyObject* atom;
};

GetterObject* make_getter(StoreObject* store, graph::Node* node);
SetterObject* make_setter(StoreObject* store, AtomObject* atom);

int add_callable_types(PyObject* module);

// "expected an atom, got ...": a TypeError that says where.
PyObject* not_an_atom(const char* where, PyObject* given);

}  // namespace halflife::bindings
