// A returned awaitable: the awaitable that a plain read returned, or that a source was set to, with
// the abort signal of the read. Nodes and runs share it. If nobody has awaited it when it is freed
// (the run was superseded or undone, or the atom died), a coroutine is closed, because Python warns
// of coroutines that were never awaited.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// Borrows its arguments; the signal may be null. Null with an error set.
PyObject* make_returned(PyObject* awaitable, PyObject* signal);
PyObject* returned_awaitable(PyObject* returned);  // borrowed
PyObject* returned_signal(PyObject* returned);     // borrowed, or null

void close_coroutine(PyObject* object);  // does nothing to other objects

int add_returned(PyObject* module);

}  // namespace halflife::bindings
