// What user functions are called with: `get` and `set`. Both are vectorcall objects, so that a call
// from Python costs about what a dict look-up does. Neither keeps the store alive: when the store
// or the node goes, the pointer in them is cleared.
#pragma once

#include "../support/python.hpp"
#include "atom_object.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

// `get` of a derived atom's read; with no node, the `get` of writers, which registers nothing.
struct GetterObject {
  PyObject_HEAD vectorcallfunc call;
  union {
    graph::Node* node;
    std::uint32_t store_id;  // once `store` is null
  };
  StoreObject* store;  // null: closed, or the node is gone
  PyObject* name;      // of an effect; None: of an atom that is gone; else null
};

// `set` of writers; with an atom, the `set(value)` of its on_mount.
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
