// The awaiter is the iterator of an `await` on a settled AsyncValue: it ends immediately with the
// newest value. It is a separate object because an AsyncValue must not be iterable, while asyncio's
// `yield from value.__await__()` needs an iterator that has `__iter__`.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

// A new reference, or null with an error set.
PyObject* make_awaiter(PyObject* async_value);

int add_awaiter_type(PyObject* module);

}  // namespace halflife::bindings
