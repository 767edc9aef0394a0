// Batch: the context manager of `Store.batch()`. Native, so that no interrupt can come between its
// beginning and the with block, or between the block and its end.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_batch_type(PyObject* module);

}  // namespace halflife::bindings
