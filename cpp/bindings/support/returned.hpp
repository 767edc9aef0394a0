// What a plain read returned, or a source atom was set to, to be awaited, with the signal that the
// read got. Nodes and runs share it. If nobody awaits it in the end (the run was superseded,
// undone, or the atom is gone), a coroutine is closed, because Python complains of one never
// awaited.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// Borrows its arguments; the signal may be null. Null with an error set.
PyObject* make_returned(PyObject* awaitable, PyObject* signal);
PyObject* returned_awaitable(PyObject* returned);  // borrowed
PyObject* returned_signal(PyObject* returned);     // borrowed, or null

void close_coroutine(PyObject* object);  // if it is one

int add_returned(PyObject* module);

}  // namespace halflife::bindings
