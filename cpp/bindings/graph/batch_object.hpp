// Batch: the context manager of `Store.batch()`. It is native, so that no interrupt can come
// between the begin of the batch and the with block, or between the block and the end of the batch.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_batch_type(PyObject* module);

}  // namespace halflife::bindings
