// The Python module halflife._core: calls the register function of each noun.
#include <pybind11/pybind11.h>

#include "draft/draft_functions.hpp"
#include "draft/draft_object.hpp"
#include "draft/draft_path.hpp"
#include "draft/draft_root.hpp"
#include "draft/json_patch.hpp"
#include "draft/patch_object.hpp"
#include "graph/async_value.hpp"
#include "graph/atom_object.hpp"
#include "graph/awaiter.hpp"
#include "graph/batch_object.hpp"
#include "graph/callables.hpp"
#include "graph/factories.hpp"
#include "graph/loadable_object.hpp"
#include "graph/run_object.hpp"
#include "graph/store_type.hpp"
#include "optimistic/layer_log.hpp"
#include "optimistic/layer_object.hpp"
#include "policy/entry_policy.hpp"
#include "policy/policy_types.hpp"
#include "policy/query_cache.hpp"
#include "support/common_ends.hpp"
#include "support/error_value.hpp"
#include "support/frames.hpp"
#include "support/registry.hpp"
#include "support/returned.hpp"
#include "support/set_entries.hpp"

namespace {

void check(int status) {
  if (status < 0) throw pybind11::error_already_set();
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  using namespace halflife::bindings;
  module.doc() = "The native core of halflife. Private: use the names of the package halflife.";
  // A BaseException, so that `except Exception` in a read does not stop it.
  registry().unwind = PyErr_NewException("halflife._core.Unwind", PyExc_BaseException, nullptr);
  check(registry().unwind == nullptr ? -1 : 0);
  check(add_atom_type(module.ptr()));
  check(add_callable_types(module.ptr()));
  check(add_loadable_types(module.ptr()));
  check(add_returned(module.ptr()));
  check(add_run_types(module.ptr()));
  check(add_async_value_type(module.ptr()));
  check(add_awaiter_type(module.ptr()));
  check(add_layer_type(module.ptr()));
  check(add_layer_log_type(module.ptr()));
  check(add_factories(module.ptr()));
  check(add_common_ends(module.ptr()));
  check(add_error_values(module.ptr()));
  check(add_frames(module.ptr()));
  check(add_set_entries(module.ptr()));
  check(add_draft_types(module.ptr()));
  check(add_patch_type(module.ptr()));
  check(add_draft_functions(module.ptr()));
  check(add_draft_path(module.ptr()));
  check(add_draft_root(module.ptr()));
  check(add_json_patch(module.ptr()));
  check(add_query_cache_type(module.ptr()));
  bind_store(module);
  check(add_batch_type(module.ptr()));
  bind_subscription(module);
  bind_policies(module);
  bind_entry_policy(module);
}
