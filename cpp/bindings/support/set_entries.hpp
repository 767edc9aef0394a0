// The members of a set and the keys of a dict, as they are stored. The C API cannot walk a set
// without an iterator object, nor find the member that equals a key.
#pragma once

#include <cstddef>

#include "python.hpp"

namespace halflife::bindings {

// The member after the cursor, which starts at 0, borrowed; null at the end.
inline PyObject* next_member(PyObject* set, std::size_t* cursor) {
  const auto* object = reinterpret_cast<PySetObject*>(set);
  const auto slots = static_cast<std::size_t>(object->mask) + 1;
  while (*cursor < slots) {
    const setentry& entry = object->table[(*cursor)++];
    if (entry.key != nullptr && entry.hash != -1) return entry.key;  // -1: a deleted entry
  }
  return nullptr;
}

// The member that equals `key`, borrowed from the set, or null. False: an error is set.
bool find_member(PyObject* set, PyObject* key, PyObject** member);

// The key stored in a dict that equals `key`, borrowed. If that fails, `key` itself.
PyObject* find_key(PyObject* dict, PyObject* key);

int add_set_entries(PyObject* module);

}  // namespace halflife::bindings
