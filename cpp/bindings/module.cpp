// The Python module halflife._core: calls the register function of each noun.
#include <pybind11/pybind11.h>

#include "async_value.hpp"
#include "atom_object.hpp"
#include "awaiter.hpp"
#include "batch_object.hpp"
#include "callables.hpp"
#include "common_ends.hpp"
#include "draft_functions.hpp"
#include "draft_object.hpp"
#include "draft_path.hpp"
#include "draft_root.hpp"
#include "error_value.hpp"
#include "factories.hpp"
#include "frames.hpp"
#include "json_patch.hpp"
#include "layer_log.hpp"
#include "layer_object.hpp"
#include "loadable_object.hpp"
#include "patch_object.hpp"
#include "registry.hpp"
#include "returned.hpp"
#include "run_object.hpp"
#include "set_entries.hpp"
#include "store_type.hpp"

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
  bind_store(module);
  check(add_batch_type(module.ptr()));
  bind_subscription(module);
}
