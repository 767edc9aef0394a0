// QueryCacheBase, the native half of halflife.QueryCache: data by key, for a time, the most
// recently used ones only.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

int add_query_cache_type(PyObject* module);

}  // namespace halflife::bindings
