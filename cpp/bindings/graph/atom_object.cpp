#include "atom_object.hpp"

#include <structmember.h>

#include <cstddef>
#include <vector>

#include "../support/arguments.hpp"
#include "../support/function_check.hpp"
#include "../support/heap_type.hpp"
#include "naming.hpp"
#include "store_object.hpp"
#include "wall.hpp"

namespace halflife::bindings {

const char* name_of(AtomKind kind) {
  constexpr const char* names[] = {"source", "lazy",     "derived", "action",
                                   "effect", "loadable", "unwrap"};
  return names[static_cast<unsigned>(kind)];
}

namespace {

// Without `name`, which is never part of a cycle.
using References = Owned<AtomObject, &AtomObject::body, &AtomObject::write, &AtomObject::equals,
                         &AtomObject::extras>;

int atom_traverse(PyObject* self, visitproc visit, void* arg) {
  if (const int stop = References::traverse(self, visit, arg); stop != 0) return stop;
  return visit_inputs(as_atom(self), visit, arg);
}

int atom_clear(PyObject* self) {
  AtomObject* atom = as_atom(self);
  if (atom->store != 0 || atom->has(bit::many_stores)) drop_inputs(atom);
  return References::clear(self);
}

void finish_atom(AtomObject* atom) {
  atom_clear(as_object(atom));
  Py_CLEAR(atom->name);
  free_object(as_object(atom));
}

// An atom's read function holds the atoms that it reads, so freeing a chain of 100,000 atoms would
// recurse as deep. Past a certain depth, atoms are put on a list (linked through `weakrefs`), which
// the outermost call frees.
constexpr int kDeepestDealloc = 50;
thread_local int dealloc_depth = 0;
thread_local AtomObject* dealloc_later = nullptr;

void atom_dealloc(PyObject* self) {
  AtomObject* atom = as_atom(self);
  PyObject_GC_UnTrack(self);
  if (atom->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  // Do this now: no other code may find an atom that is on the list. (Its newest store may be
  // closed already.)
  if (atom->store != 0 || atom->has(bit::many_stores)) forget_atom(atom);
  if (dealloc_depth >= kDeepestDealloc) {
    atom->weakrefs = as_object(dealloc_later);
    dealloc_later = atom;
    return;
  }
  ++dealloc_depth;
  finish_atom(atom);
  while (dealloc_depth == 1 && dealloc_later != nullptr) {
    AtomObject* next = dealloc_later;
    dealloc_later = reinterpret_cast<AtomObject*>(next->weakrefs);
    finish_atom(next);
  }
  --dealloc_depth;
}

PyObject* atom_repr(PyObject* self) { return PyObject_CallOneArg(registry().show_atom, self); }

PyObject* atom_repr_html(PyObject* self, PyObject*) {
  return PyObject_CallOneArg(registry().show_atom_html, self);
}

PyObject* atom_call(PyObject* self, PyObject*, PyObject*) { return refuse(self, "be called"); }

PyObject* atom_format(PyObject* self, PyObject* specification) {
  Ref text = Ref::take(atom_repr(self));
  return text ? PyObject_Format(text.get(), specification) : nullptr;
}

PyObject* get_name(PyObject* self, void*) { return atom_name_object(as_atom(self)); }

PyObject* get_explicit_name(PyObject* self, void*) {
  AtomObject* atom = as_atom(self);
  if (!atom->has(bit::named)) Py_RETURN_NONE;
  return Py_NewRef(atom->name);
}

PyObject* get_known_name(PyObject* self, void*) {
  PyObject* name = as_atom(self)->name;
  return Py_NewRef(name != nullptr && PyUnicode_Check(name) ? name : Py_None);
}

PyObject* get_place(PyObject* self, void*) { return definition_place(as_atom(self)); }

PyObject* get_kind(PyObject* self, void*) {
  return PyUnicode_FromString(name_of(as_atom(self)->kind));
}

PyObject* or_none(PyObject* object) { return Py_NewRef(object == nullptr ? Py_None : object); }

PyObject* get_initial(PyObject* self, void*) {
  AtomObject* atom = as_atom(self);
  return or_none(atom->kind == AtomKind::source ? atom->body : nullptr);
}

PyObject* get_read(PyObject* self, void*) {
  AtomObject* atom = as_atom(self);
  return or_none(atom->kind == AtomKind::source ? nullptr : atom->body);
}

PyObject* get_write(PyObject* self, void*) {
  AtomObject* atom = as_atom(self);
  return or_none(atom->kind == AtomKind::unwrap ? nullptr : atom->write);
}

PyObject* get_is_async(PyObject* self, void*) {
  return PyBool_FromLong(as_atom(self)->has(bit::asynchronous));
}

PyObject* get_is_stream(PyObject* self, void*) {
  return PyBool_FromLong(as_atom(self)->has(bit::stream));
}

PyObject* get_wants_signal(PyObject* self, void*) {
  return PyBool_FromLong(as_atom(self)->has(bit::wants_signal));
}

PyObject* get_signal_only(PyObject* self, void*) {
  return PyBool_FromLong(as_atom(self)->has(bit::signal_only));
}

PyObject* get_is_observed(PyObject* self, void*) {
  return PyBool_FromLong(observed_anywhere(as_atom(self)));
}

PyGetSetDef atom_properties[] = {
    {"name", get_name, nullptr, "The name shown in errors and graphs.", nullptr},
    {"explicit_name", get_explicit_name, nullptr, "The name that was given, or None.", nullptr},
    {"_known_name", get_known_name, nullptr, "The name, if it was worked out before, or None.",
     nullptr},
    {"_place", get_place, nullptr, "(code, offset) where it was made, or None.", nullptr},
    {"kind", get_kind, nullptr, "source, lazy, derived, action, effect, loadable, unwrap.",
     nullptr},
    {"initial", get_initial, nullptr, "A source atom's initial value, else None.", nullptr},
    {"read", get_read, nullptr, "The read function (or factory, or viewed atom), or None.",
     nullptr},
    {"write", get_write, nullptr, "The write function, or None.", nullptr},
    {"is_async", get_is_async, nullptr, "True if the read is defined with async.", nullptr},
    {"is_stream", get_is_stream, nullptr, "True if the read is an async generator.", nullptr},
    {"wants_signal", get_wants_signal, nullptr, "True if the read takes (get, signal).", nullptr},
    {"signal_only", get_signal_only, nullptr, "True for cancel='signal'.", nullptr},
    {"is_observed", get_is_observed, nullptr, "True if observed in any store.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyObject* rare_of(AtomObject* atom) {
  if (atom->extras == nullptr) atom->extras = PyDict_New();
  return atom->extras;
}

// atom._memo(key, make): the object that an earlier make() returned for this key, or make() now.
// The memo dies with the atom.
PyObject* atom_memo(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "_memo() takes a key and a function");
    return nullptr;
  }
  PyObject* memos = rare_of(as_atom(self));
  if (memos == nullptr) return nullptr;
  PyObject* known = PyDict_GetItemWithError(memos, args[0]);
  if (known != nullptr) return Py_NewRef(known);
  if (PyErr_Occurred() != nullptr) return nullptr;
  Ref made = Ref::take(PyObject_CallNoArgs(args[1]));
  if (!made || PyDict_SetItem(memos, args[0], made.get()) < 0) return nullptr;
  return made.release();
}

// atom.setter(write): a copy that can be set, as `property` does it.
PyObject* atom_setter(PyObject* self, PyObject* write) {
  AtomObject* atom = as_atom(self);
  if (atom->kind != AtomKind::derived) {
    PyErr_Format(PyExc_TypeError, "only a derived atom can be given a setter; %s is %s",
                 atom_name(atom), name_of(atom->kind));
    return nullptr;
  }
  if (write == Py_None) {
    PyErr_SetString(PyExc_TypeError, "setter() takes a function write(get, set, ...), not None");
    return nullptr;
  }
  AtomParts parts;
  parts.kind = atom->kind;
  parts.body = atom->body;
  parts.write = write;
  parts.equals = atom->equals;
  parts.name = atom->has(bit::named) ? atom->name : nullptr;
  parts.on_mount = atom_hook(atom);
  constexpr std::uint32_t kept = bit::asynchronous | bit::stream | bit::wants_signal | bit::deep |
                                 bit::signal_only | bit::abort_unseen;
  parts.bits = atom->bits & kept;
  return make_atom(Py_TYPE(self), parts);
}

PyObject* atom_reduce(PyObject* self, PyObject*) {
  PyErr_Format(
      PyExc_TypeError,
      "atom %s cannot be pickled or copied: an atom is a definition, known by its identity;"
      " import it instead",
      atom_name(as_atom(self)));
  return nullptr;
}

PyObject* atom_itself(PyObject* self, PyObject*) { return Py_NewRef(self); }

PyMethodDef atom_methods[] = {
    {"setter", atom_setter, METH_O, "A copy of this derived atom that can be set."},
    {"_memo", as_function(atom_memo), METH_FASTCALL, "What was made for a key, or make it now."},
    {"_repr_html_", atom_repr_html, METH_NOARGS, "How a notebook shows the atom."},
    {"__copy__", atom_itself, METH_NOARGS, nullptr},
    {"__deepcopy__", atom_itself, METH_O, nullptr},
    {"__reduce_ex__", atom_reduce, METH_O, nullptr},
    {"__format__", atom_format, METH_O, nullptr},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "Atom[int]"},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef atom_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(AtomObject, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyObject* atom_new(PyTypeObject*, PyObject*, PyObject*) {
  PyErr_SetString(PyExc_TypeError,
                  "an Atom is made by atom(), derived(), action() and the like, not by Atom()");
  return nullptr;
}

bool check_equals(const char* called, PyObject* equals, AtomParts& parts) {
  if (equals == nullptr || equals == Py_None) {
    parts.equals = nullptr;
  } else if (PyUnicode_Check(equals) && PyUnicode_CompareWithASCIIString(equals, "deep") == 0) {
    parts.equals = nullptr;
    parts.bits |= bit::deep;
  } else if (!is_function(equals)) {
    PyErr_Format(PyExc_TypeError, "equals must be None, 'deep' or a function of two values, not %s",
                 described(equals).c_str());
    return false;
  } else {
    return check_function(equals, {called, "equals", "the old value, the new value", 2, 2});
  }
  return true;
}

// The name of the function by which a user makes an atom of this kind.
const char* called_by(AtomKind kind) { return kind == AtomKind::source ? "atom" : name_of(kind); }

}  // namespace

PyObject* make_atom(PyTypeObject* type, const AtomParts& given) {
  AtomParts parts = given;
  if (parts.name == Py_None) parts.name = nullptr;
  if (parts.on_mount == Py_None) parts.on_mount = nullptr;
  if (parts.name != nullptr && !PyUnicode_Check(parts.name)) {
    PyErr_Format(PyExc_TypeError, "name must be a str, not %s", described(parts.name).c_str());
    return nullptr;
  }
  const char* called = called_by(parts.kind);
  if (parts.on_mount != nullptr &&
      !check_function(parts.on_mount, {called, "on_mount", "set", 1, 1})) {
    return nullptr;
  }
  if (parts.equals != nullptr && !check_equals(called, parts.equals, parts)) return nullptr;
  // A fetch that returns an equal value again must not count as a change.
  if (parts.equals == nullptr && (parts.bits & bit::asynchronous) != 0) parts.bits |= bit::deep;
  if (parts.kind == AtomKind::lazy &&
      !check_function(parts.body, {called, "factory", "", 0, 0, "async"})) {
    return nullptr;
  }
  if (parts.write == Py_None && parts.kind == AtomKind::derived) parts.write = nullptr;
  if (parts.write != nullptr && parts.kind != AtomKind::unwrap) {
    bool is_async = false;
    const FunctionRole role{called, "write", "get and set, and what is set", 2, -1, "async"};
    if (!check_function(parts.write, role, &is_async)) return nullptr;
    if (is_async) parts.bits |= bit::async_write;
  }
  auto* atom = reinterpret_cast<AtomObject*>(type->tp_alloc(type, 0));
  if (atom == nullptr) return nullptr;
  atom->kind = parts.kind;
  atom->bits = parts.bits;
  atom->body = Py_XNewRef(parts.body);
  atom->write = Py_XNewRef(parts.write);
  atom->equals = Py_XNewRef(parts.equals);
  if (parts.on_mount != nullptr) {
    atom->bits |= bit::hooked;
    if (rare_of(atom) == nullptr ||
        PyDict_SetItemString(atom->extras, "on_mount", parts.on_mount) < 0) {
      Py_DECREF(atom);
      return nullptr;
    }
  }
  if (parts.label != nullptr) atom->name = Py_NewRef(parts.label);
  if (parts.name != nullptr) {
    Py_XSETREF(atom->name, Py_NewRef(parts.name));
    atom->bits |= bit::named;
    Ref noted = Ref::take(PyObject_CallOneArg(registry().note_name, as_object(atom)));
    if (!noted) {
      Py_DECREF(atom);
      return nullptr;
    }
  }
  if (atom->name == nullptr) note_definition(atom);
  return as_object(atom);
}

namespace {

// The atom's name, which is found when it is first needed. Borrowed; null with an error set.
PyObject* known_name(AtomObject* atom) {
  if (atom->name == nullptr || !PyUnicode_Check(atom->name)) {
    Ref name = Ref::take(PyObject_CallOneArg(registry().find_name, as_object(atom)));
    if (!name) return nullptr;
    Py_XSETREF(atom->name, name.release());
  }
  return atom->name;
}

}  // namespace

PyObject* atom_name_object(AtomObject* atom) { return Py_XNewRef(known_name(atom)); }

const char* atom_name(AtomObject* atom) {
  if (atom == nullptr) return "(an atom that is gone)";
  SavedError saved;
  PyObject* name = known_name(atom);
  const char* text = name == nullptr ? nullptr : PyUnicode_AsUTF8(name);
  if (text == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0) {
      // An interrupt during the search for the name is raised when the message is complete.
      PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), PyErr_Occurred());
    }
    PyErr_Clear();
    return "an atom";
  }
  return text;
}

PyObject* atom_hook(AtomObject* atom) {
  if (!atom->has(bit::hooked) || atom->extras == nullptr) return nullptr;
  return PyDict_GetItemString(atom->extras, "on_mount");
}

int add_atom_type(PyObject* module) {
  std::vector<PyType_Slot> slots = {
      {Py_tp_doc, const_cast<char*>("A definition; holds no state.")},
      {Py_tp_new, as_slot(atom_new)},
      {Py_tp_dealloc, as_slot(atom_dealloc)},
      {Py_tp_traverse, as_slot(atom_traverse)},
      {Py_tp_clear, as_slot(atom_clear)},
      {Py_tp_repr, as_slot(atom_repr)},
      {Py_tp_call, as_slot(atom_call)},
      {Py_tp_getset, atom_properties},
      {Py_tp_methods, atom_methods},
      {Py_tp_members, atom_members},
  };
  add_wall_slots(slots);
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"halflife._core.Atom", sizeof(AtomObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr || add_wall_methods(type) < 0) return -1;
  registry().atom = reinterpret_cast<PyTypeObject*>(type);
  // There is one type at run time; the stub distinguishes atoms that can be set, awaited or run.
  for (const char* name : {"Atom", "SourceAtom", "WritableAtom", "AsyncAtom", "ActionAtom"}) {
    if (PyModule_AddObjectRef(module, name, type) < 0) return -1;
  }
  return 0;
}

}  // namespace halflife::bindings
