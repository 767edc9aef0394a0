#include "ordered_dict.hpp"

#include <cstdint>

namespace halflife::bindings {

#if PY_VERSION_HEX < 0x030F0000

namespace {

// Copied from Objects/odictobject.c; unchanged since CPython 3.5.
struct Node {
  PyObject* key;
  Py_hash_t hash;
  Node* next;
  Node* previous;
};

struct Ordered {
  PyDictObject dict;
  Node* first;
};

constexpr std::size_t kEnd = 1;  // never the address of a node

}  // namespace

// The cursor is the address of the next node.
bool next_ordered(PyObject* dict, std::size_t* cursor, PyObject** key, PyObject** value) {
  if (*cursor == kEnd) return false;
  const Node* node = *cursor == 0 ? reinterpret_cast<Ordered*>(dict)->first
                                  : reinterpret_cast<Node*>(static_cast<std::uintptr_t>(*cursor));
  if (node == nullptr) return false;
  *cursor = node->next == nullptr ? kEnd : reinterpret_cast<std::uintptr_t>(node->next);
  *key = node->key;
  *value = PyDict_GetItemWithError(dict, node->key);
  return *value != nullptr;
}

#else

// The cursor is the index; each call walks there from the start.
bool next_ordered(PyObject* dict, std::size_t* cursor, PyObject** key, PyObject** value) {
  Ref keys = Ref::take(Py_TYPE(dict)->tp_iter(dict));
  for (std::size_t skipped = 0; keys && skipped < *cursor; ++skipped) {
    if (!Ref::take(PyIter_Next(keys.get()))) return false;
  }
  Ref found = Ref::take(keys ? PyIter_Next(keys.get()) : nullptr);
  if (!found) return false;
  ++*cursor;
  *key = found.get();
  *value = PyDict_GetItemWithError(dict, found.get());
  return *value != nullptr;
}

#endif

}  // namespace halflife::bindings
