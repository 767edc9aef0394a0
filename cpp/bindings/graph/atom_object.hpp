// The native Atom: a definition. Immutable, hashed by identity, and without state, except that it
// remembers its node in the store that used it last, so that the usual look-up is one comparison.
#pragma once

#include <cstdint>

#include "../../core/graph/node.hpp"
#include "../support/python.hpp"
#include "../support/registry.hpp"

namespace halflife::bindings {

enum class AtomKind : std::uint8_t {
  source,
  lazy,
  derived,
  action,
  effect,
  loadable,
  unwrap,
};

const char* name_of(AtomKind kind);

namespace bit {
constexpr std::uint32_t asynchronous = 1u << 0;  // the read is `async def`
constexpr std::uint32_t stream = 1u << 1;        // the read is an async generator
constexpr std::uint32_t wants_signal = 1u << 2;  // read(get, signal)
constexpr std::uint32_t async_write = 1u << 3;
constexpr std::uint32_t deep = 1u << 4;    // equals="deep"
constexpr std::uint32_t hooked = 1u << 5;  // has on_mount
constexpr std::uint32_t named = 1u << 6;   // the user gave the name; it was not found by inspection
constexpr std::uint32_t many_stores = 1u << 7;    // has been in more than one store
constexpr std::uint32_t keep_previous = 1u << 8;  // of a view
constexpr std::uint32_t signal_only = 1u << 9;    // cancel="signal"
constexpr std::uint32_t abort_unseen = 1u << 10;  // cancel_on_unmount="grace"
constexpr std::uint32_t recipes = 1u << 11;       // update(a, fn) is write(get, set, fn, True)
constexpr std::uint32_t holds_value = 1u << 12;   // its values refer to the atom: see flag::of_atom
}  // namespace bit

struct AtomObject {
  PyObject_HEAD PyObject*
      body;          // initial value, factory, read, effect function, or the viewed atom
  PyObject* write;   // write function, unwrap's fallback, or null
  PyObject* equals;  // user's function, or null
  PyObject* name;    // str; before it is needed: null, or the code that made the atom
  PyObject* extras;  // dict: on_mount, memos; or null
  PyObject* weakrefs;
  graph::Node* node;    // its node in the store that used it last; or null
  std::uint32_t store;  // id of that store; 0 if none
  AtomKind kind;
  std::uint32_t bits;
  int offset;  // of the instruction in the code that made the atom

  bool has(std::uint32_t wanted) const { return (bits & wanted) != 0; }
};

inline bool is_atom(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  return type == registry().atom || PyType_IsSubtype(type, registry().atom) != 0;
}

// May the object be passed as a function? An atom is callable, but only to raise an error that says
// what to do instead.
inline bool is_function(PyObject* object) {
  return PyCallable_Check(object) != 0 && !is_atom(object);
}

inline AtomObject* as_atom(PyObject* object) { return reinterpret_cast<AtomObject*>(object); }

// The arguments an atom is made from. Borrowed.
struct AtomParts {
  AtomKind kind = AtomKind::source;
  PyObject* body = nullptr;
  PyObject* write = nullptr;
  PyObject* equals = nullptr;    // None, "deep", or a callable
  PyObject* name = nullptr;      // None or str
  PyObject* label = nullptr;     // a name for messages, by which the atom cannot be found
  PyObject* on_mount = nullptr;  // None or a callable
  std::uint32_t bits = 0;
};

// A new atom of `type` (Atom or a subclass of it), or null with an error set.
PyObject* make_atom(PyTypeObject* type, const AtomParts& parts);

// The atom's name as UTF-8, for messages. Never fails.
const char* atom_name(AtomObject* atom);
PyObject* atom_name_object(AtomObject* atom);  // new reference, or null with an error set

// The on_mount function, or null. Borrowed.
PyObject* atom_hook(AtomObject* atom);

int add_atom_type(PyObject* module);

}  // namespace halflife::bindings
