#include "registry.hpp"

#include <cstring>

namespace halflife::bindings {

PyObject* install(PyObject*, PyObject* args, PyObject* kwargs) {
  if (PyTuple_GET_SIZE(args) != 0 || kwargs == nullptr) {
    PyErr_SetString(PyExc_TypeError, "_install takes keyword arguments only");
    return nullptr;
  }
  Registry& known = registry();
  const struct {
    const char* name;
    PyObject** place;
  } places[] = {
      {"store_closed", &known.store_closed},
      {"wrong_thread", &known.wrong_thread},
      {"no_event_loop", &known.no_event_loop},
      {"cycle", &known.cycle},
      {"write_during_read", &known.write_during_read},
      {"flush_loop", &known.flush_loop},
      {"not_settled", &known.not_settled},
      {"superseded", &known.superseded},
      {"recipe_error", &known.recipe_error},
      {"revoked_draft", &known.revoked_draft},
      {"patch_error", &known.patch_error},
      {"find_name", &known.find_name},
      {"describe_name", &known.describe_name},
      {"own_folders", &known.own_folders},
      {"note_name", &known.note_name},
      {"inspect_read", &known.inspect_read},
      {"check_function", &known.check_function},
      {"wait", &known.wait},
      {"is_in_run", &known.is_in_run},
      {"same_task", &known.same_task},
      {"current_task", &known.current_task},
      {"make_signal", &known.make_signal},
      {"show_atom", &known.show_atom},
      {"show_atom_html", &known.show_atom_html},
      {"show_loadable", &known.show_loadable},
      {"show_loadable_html", &known.show_loadable_html},
      {"show_async_value", &known.show_async_value},
      {"show_async_value_html", &known.show_async_value_html},
      {"describe_record", &known.describe_record},
      {"check_leaf", &known.check_leaf},
      {"watch_leaves", &known.watch_leaves},
      {"drafted_built_ins", &known.drafted_built_ins},
      {"default_dict", &known.default_dict},
      {"counter", &known.counter},
      {"deque", &known.deque},
      {"scalars", &known.scalars},
      {"enum_type", &known.enum_type},
      {"absent", &known.absent},
  };
  for (const auto& place : places) {
    PyObject* value = PyDict_GetItemString(kwargs, place.name);
    if (value == nullptr) {
      PyErr_Format(PyExc_TypeError, "_install needs %s", place.name);
      return nullptr;
    }
    PyObject* before = *place.place;
    *place.place = Py_NewRef(value);
    Py_XDECREF(before);
  }
  Py_RETURN_NONE;
}

}  // namespace halflife::bindings
