// The awaiter: what `await` iterates when an AsyncValue is settled. It ends at once with the newest
// value. It is an object of its own because an AsyncValue itself cannot be iterated: asyncio's
// `yield from value.__await__()` asks for an iterator that has `__iter__`.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

// A new reference, or null with an error set.
PyObject* make_awaiter(PyObject* async_value);

int add_awaiter_type(PyObject* module);

}  // namespace halflife::bindings
