// The registry has the Python objects that the extension uses: error classes and a few functions,
// which the package installs once when it is imported, and our own types. They are raw pointers
// that are never released: an owner at module level would release them after the end of the
// interpreter.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

struct Registry {
  // Our types.
  PyTypeObject* atom = nullptr;
  PyTypeObject* store = nullptr;
  PyTypeObject* getter = nullptr;
  PyTypeObject* run_getter = nullptr;
  PyTypeObject* setter = nullptr;
  PyTypeObject* async_value = nullptr;
  PyTypeObject* run = nullptr;
  PyTypeObject* returned = nullptr;
  PyTypeObject* loading = nullptr;
  PyTypeObject* has_data = nullptr;
  PyTypeObject* has_error = nullptr;
  PyObject* unwind = nullptr;      // raised to unwind reads that are nested too deep
  PyObject* no_loading = nullptr;  // the one Loading() without previous data

  // Errors, from halflife._errors.
  PyObject* store_closed = nullptr;
  PyObject* wrong_thread = nullptr;
  PyObject* no_event_loop = nullptr;
  PyObject* cycle = nullptr;
  PyObject* write_during_read = nullptr;
  PyObject* flush_loop = nullptr;
  PyObject* not_settled = nullptr;
  PyObject* superseded = nullptr;
  PyObject* recipe_error = nullptr;
  PyObject* revoked_draft = nullptr;
  PyObject* patch_error = nullptr;

  // Functions of the Python side.
  PyObject* find_name = nullptr;  // (atom) -> str
  PyObject* describe_name =
      nullptr;                       // str: the attribute by which a function tells its atom's name
  PyObject* own_folders = nullptr;   // tuple of str: the package's folder, and exceptions in it
  PyObject* note_name = nullptr;     // (atom) -> None: an atom with an explicit name was made
  PyObject* inspect_read = nullptr;  // (callable) -> (is_async, is_stream, wants_signal)
  // (callable, (call, argument, parameters, least, most, may_be)) -> is it async? raises TypeError
  PyObject* check_function = nullptr;
  PyObject* wait = nullptr;          // (AsyncValue) -> generator that waits for the newest value
  PyObject* same_task = nullptr;     // (task or None) -> bool: is it the current task?
  PyObject* current_task = nullptr;  // () -> task or None
  PyObject* is_in_run = nullptr;     // () -> bool: does a run work here?
  PyObject* make_signal = nullptr;   // () -> AbortSignal
  PyObject* show_atom = nullptr;     // (atom) -> str
  PyObject* show_atom_html = nullptr;
  PyObject* show_loadable = nullptr;
  PyObject* show_loadable_html = nullptr;
  PyObject* show_async_value = nullptr;
  PyObject* show_async_value_html = nullptr;
  PyObject* describe_record = nullptr;  // (class) -> the fields of RecordType, or None
  PyObject* check_leaf = nullptr;       // (leaf) -> None: raises if it could be edited in place
  PyObject* watch_leaves = nullptr;     // debug mode: (value) -> () -> None, which raises; or None
  // set: built-in classes that drafts know, or that were registered
  PyObject* drafted_built_ins = nullptr;
  PyObject* default_dict = nullptr;
  PyObject* counter = nullptr;
  PyObject* deque = nullptr;
  PyObject* scalars = nullptr;  // tuple of further types compared by ==
  PyObject* enum_type = nullptr;
  PyObject* absent = nullptr;  // the base of layers over data that is not there
};

inline constinit Registry the_registry;
inline Registry& registry() { return the_registry; }

// `_core._install(**names)`: sets the objects of the Python side.
PyObject* install(PyObject* module, PyObject* args, PyObject* kwargs);

}  // namespace halflife::bindings
