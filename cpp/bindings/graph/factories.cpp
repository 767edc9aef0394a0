// atom(), derived(), action(), lazy(), effect(), loadable(), unwrap(): how atoms are made.
#include "factories.hpp"

#include "../support/arguments.hpp"
#include "../support/function_check.hpp"
#include "atom_object.hpp"
#include "factory_docs.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

namespace {

PyObject* none_if_null(PyObject* object) { return object == nullptr ? Py_None : object; }

bool given(PyObject* object) { return object != nullptr && object != Py_None; }

// The kind of a read function: async, a stream, with a signal?
bool inspect(PyObject* read, std::uint32_t& bits) {
  if (PyFunction_Check(read)) {
    auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(read));
    PyObject* defaults = PyFunction_GET_DEFAULTS(read);
    const Py_ssize_t optional = defaults == nullptr ? 0 : PyTuple_GET_SIZE(defaults);
    const Py_ssize_t required = code->co_argcount - optional;
    const bool starred = (code->co_flags & CO_VARARGS) != 0;
    // A wrapper with *args and **kwargs takes the arguments of the function that it wraps.
    const bool passes_on =
        starred && reinterpret_cast<PyFunctionObject*>(read)->func_dict != nullptr;
    const bool keyword_only =
        code->co_kwonlyargcount > 0 && PyFunction_GET_KW_DEFAULTS(read) == nullptr;
    if ((required == 1 || required == 2 || (required < 1 && (code->co_argcount > 0 || starred))) &&
        !keyword_only && !passes_on) {
      if ((code->co_flags & CO_COROUTINE) != 0) bits |= bit::asynchronous;
      if ((code->co_flags & CO_ASYNC_GENERATOR) != 0) bits |= bit::asynchronous | bit::stream;
      if (required == 2) bits |= bit::wants_signal;
      return true;
    }
  }
  Ref answer = Ref::take(PyObject_CallOneArg(registry().inspect_read, read));
  if (!answer) return false;
  int is_async = 0, is_stream = 0, wants_signal = 0;
  if (!PyArg_ParseTuple(answer.get(), "ppp", &is_async, &is_stream, &wants_signal)) return false;
  if (is_async) bits |= bit::asynchronous;
  if (is_stream) bits |= bit::asynchronous | bit::stream;
  if (wants_signal) bits |= bit::wants_signal;
  return true;
}

bool check_atom(const char* function, PyObject* object) {
  if (object != nullptr && is_atom(object)) return true;
  PyErr_Format(PyExc_TypeError, "%s() takes an atom, not %s", function,
               described(none_if_null(object)).c_str());
  return false;
}

bool choice(const char* argument, PyObject* value, const char* usual, const char* other,
            bool& is_other) {
  is_other = false;
  if (!given(value)) return true;
  if (PyUnicode_Check(value)) {
    if (PyUnicode_CompareWithASCIIString(value, usual) == 0) return true;
    if (PyUnicode_CompareWithASCIIString(value, other) == 0) {
      is_other = true;
      return true;
    }
  }
  PyErr_Format(PyExc_ValueError, "%s must be '%s' or '%s', not %s", argument, usual, other,
               described(value).c_str());
  return false;
}

PyObject* make_source(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  PyObject* slots[4] = {};
  if (count == 1 && kwnames == nullptr) {
    slots[0] = args[0];
  } else {
    static const char* const names[] = {"initial", "name", "equals", "on_mount", nullptr};
    if (!parse_arguments("atom", names, 1, args, count, kwnames, slots)) return nullptr;
    if (slots[0] == nullptr) {
      PyErr_SetString(PyExc_TypeError, "atom() needs an initial value");
      return nullptr;
    }
  }
  if (PyCoro_CheckExact(slots[0])) {
    PyErr_SetString(PyExc_TypeError,
                    "atom(initial): a coroutine can be awaited only once, in one store; use"
                    " lazy(lambda: coroutine_function()) or derived(async_function)");
    return nullptr;
  }
  AtomParts parts;
  parts.body = slots[0];
  parts.name = slots[1];
  parts.equals = slots[2];
  parts.on_mount = slots[3];
  return make_atom(registry().atom, parts);
}

// derived(name=...) or effect(...) without a function returns a decorator.
PyObject* decorator(PyObject* function, PyObject* const* args, Py_ssize_t count,
                    PyObject* kwnames) {
  Ref functools = Ref::take(PyImport_ImportModule("functools"));
  if (!functools) return nullptr;
  Ref partial = Ref::take(PyObject_GetAttrString(functools.get(), "partial"));
  if (!partial) return nullptr;
  const Py_ssize_t keywords = kwnames == nullptr ? 0 : PyTuple_GET_SIZE(kwnames);
  Ref positional = Ref::take(PyTuple_Pack(1, function));
  Ref keyword = Ref::take(PyDict_New());
  if (!positional || !keyword) return nullptr;
  for (Py_ssize_t index = 0; index < keywords; ++index) {
    if (PyDict_SetItem(keyword.get(), PyTuple_GET_ITEM(kwnames, index), args[count + index]) < 0) {
      return nullptr;
    }
  }
  return PyObject_Call(partial.get(), positional.get(), keyword.get());
}

PyObject* make_derived(PyObject* module, PyObject* const* args, Py_ssize_t count,
                       PyObject* kwnames) {
  AtomParts parts;
  parts.kind = AtomKind::derived;
  PyObject* slots[7] = {};
  if (count == 1 && kwnames == nullptr) {
    slots[0] = args[0];
  } else {
    static const char* const names[] = {
        "read", "write", "name", "equals", "on_mount", "cancel", "cancel_on_unmount", nullptr};
    if (!parse_arguments("derived", names, 2, args, count, kwnames, slots)) return nullptr;
    if (slots[0] == nullptr) {
      Ref self = Ref::take(PyObject_GetAttrString(module, "derived"));
      return self ? decorator(self.get(), args, count, kwnames) : nullptr;
    }
    bool signal_only = false;
    bool abort_unseen = false;
    if (!choice("cancel", slots[5], "task", "signal", signal_only) ||
        !choice("cancel_on_unmount", slots[6], "never", "grace", abort_unseen)) {
      return nullptr;
    }
    if (signal_only) parts.bits |= bit::signal_only;
    if (abort_unseen) parts.bits |= bit::abort_unseen;
  }
  if (!inspect(slots[0], parts.bits)) return nullptr;
  parts.body = slots[0];
  parts.write = slots[1];
  parts.name = slots[2];
  parts.equals = slots[3];
  parts.on_mount = slots[4];
  return make_atom(registry().atom, parts);
}

PyObject* make_action(PyObject* module, PyObject* const* args, Py_ssize_t count,
                      PyObject* kwnames) {
  static const char* const names[] = {"write", "name", nullptr};
  PyObject* slots[2] = {};
  if (!parse_arguments("action", names, 1, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr) {
    Ref self = Ref::take(PyObject_GetAttrString(module, "action"));
    return self ? decorator(self.get(), args, count, kwnames) : nullptr;
  }
  AtomParts parts;
  parts.kind = AtomKind::action;
  parts.body = slots[0];
  parts.write = slots[0];
  parts.name = slots[1];
  return make_atom(registry().atom, parts);
}

PyObject* make_lazy(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  static const char* const names[] = {"factory", "name", "equals", "on_mount", nullptr};
  PyObject* slots[4] = {};
  if (!parse_arguments("lazy", names, 1, args, count, kwnames, slots)) return nullptr;
  AtomParts parts;
  parts.kind = AtomKind::lazy;
  parts.body = none_if_null(slots[0]);
  parts.name = slots[1];
  parts.equals = slots[2];
  parts.on_mount = slots[3];
  return make_atom(registry().atom, parts);
}

PyObject* make_effect(PyObject* module, PyObject* const* args, Py_ssize_t count,
                      PyObject* kwnames) {
  static const char* const names[] = {"fn", "name", nullptr};
  PyObject* slots[2] = {};
  if (!parse_arguments("effect", names, 1, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr) {
    Ref self = Ref::take(PyObject_GetAttrString(module, "effect"));
    return self ? decorator(self.get(), args, count, kwnames) : nullptr;
  }
  if (!check_function(slots[0], {"effect", "fn", "get and set", 2, 2})) return nullptr;
  AtomParts parts;
  parts.kind = AtomKind::effect;
  parts.body = slots[0];
  parts.name = slots[1];
  return make_atom(registry().atom, parts);
}

// A view of an atom, which the atom keeps under `key`. Takes the reference to the key.
PyObject* remembered(PyObject* target, PyObject* key, const AtomParts& parts) {
  Ref owned = Ref::take(key);
  if (!owned) return nullptr;
  AtomObject* atom = as_atom(target);
  if (atom->extras == nullptr) atom->extras = PyDict_New();
  if (atom->extras == nullptr) return nullptr;
  PyObject* known = PyDict_GetItemWithError(atom->extras, key);
  if (known != nullptr) return Py_NewRef(known);
  if (PyErr_Occurred() != nullptr) PyErr_Clear();  // an unhashable fallback: the view is not kept
  Ref made = Ref::take(make_atom(registry().atom, parts));
  if (!made) return nullptr;
  if (PyDict_SetItem(atom->extras, key, made.get()) < 0) PyErr_Clear();
  return made.release();
}

bool viewable(const char* function, PyObject* target) {
  if (!check_atom(function, target)) return false;
  const AtomKind kind = as_atom(target)->kind;
  if (kind != AtomKind::action && kind != AtomKind::effect) return true;
  PyErr_Format(PyExc_TypeError, "%s(): %s is an %s and has no value", function,
               atom_name(as_atom(target)), name_of(kind));
  return false;
}

int truth(PyObject* object) { return object == nullptr ? 0 : PyObject_IsTrue(object); }

PyObject* make_loadable(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  static const char* const names[] = {"a", "keep_previous", nullptr};
  PyObject* slots[2] = {};
  if (!parse_arguments("loadable", names, 1, args, count, kwnames, slots)) return nullptr;
  if (!viewable("loadable", slots[0])) return nullptr;
  const int keep = truth(slots[1]);
  if (keep < 0) return nullptr;
  AtomParts parts;
  parts.kind = AtomKind::loadable;
  parts.body = slots[0];
  if (keep != 0) parts.bits |= bit::keep_previous;
  return remembered(slots[0], Py_BuildValue("(si)", "loadable", keep), parts);
}

PyObject* make_unwrap(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  static const char* const names[] = {"a", "fallback", "keep_previous", nullptr};
  PyObject* slots[3] = {};
  if (!parse_arguments("unwrap", names, 2, args, count, kwnames, slots)) return nullptr;
  if (!viewable("unwrap", slots[0])) return nullptr;
  const int keep = truth(slots[2]);
  if (keep < 0) return nullptr;
  AtomParts parts;
  parts.kind = AtomKind::unwrap;
  parts.body = slots[0];
  parts.write = none_if_null(slots[1]);
  if (keep != 0) parts.bits |= bit::keep_previous;
  // The key has the type, too: 1, 1.0 and True are three fallbacks.
  PyObject* key = Py_BuildValue("(siOO)", "unwrap", keep, Py_TYPE(parts.write), parts.write);
  return remembered(slots[0], key, parts);
}

// _core.make(cls, kind, body, write=None, *, name, equals, on_mount, label, recipes, views,
// holds_value, on_refresh): makes atoms of the package's own subclasses.
PyObject* make_any(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  static const char* const names[] = {"cls",         "kind",       "body",  "write",   "name",
                                      "equals",      "on_mount",   "label", "recipes", "views",
                                      "holds_value", "on_refresh", nullptr};
  PyObject* slots[12] = {};
  if (!parse_arguments("make", names, 4, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr || !PyType_Check(slots[0]) ||
      !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(slots[0]), registry().atom)) {
    PyErr_SetString(PyExc_TypeError, "make() takes Atom or a subclass of it");
    return nullptr;
  }
  const char* kind = slots[1] == nullptr ? nullptr : PyUnicode_AsUTF8(slots[1]);
  if (kind == nullptr) return nullptr;
  AtomParts parts;
  bool found = false;
  for (AtomKind one : {AtomKind::source, AtomKind::lazy, AtomKind::derived, AtomKind::action,
                       AtomKind::effect, AtomKind::loadable}) {
    if (std::string_view(name_of(one)) != kind) continue;
    parts.kind = one;
    found = true;
  }
  if (!found) {
    PyErr_Format(PyExc_ValueError, "make(): unknown kind %R", slots[1]);
    return nullptr;
  }
  parts.body = none_if_null(slots[2]);
  parts.write = parts.kind == AtomKind::action ? parts.body : slots[3];
  parts.name = slots[4];
  parts.equals = slots[5];
  parts.on_mount = slots[6];
  if (given(slots[7])) {
    if (!PyUnicode_Check(slots[7])) {
      PyErr_Format(PyExc_TypeError, "label must be a str, not %.100R", slots[7]);
      return nullptr;
    }
    parts.label = slots[7];
  }
  if (parts.kind == AtomKind::loadable && !viewable("make", slots[2])) return nullptr;
  const int recipes = truth(slots[8]);
  if (recipes < 0) return nullptr;
  if (recipes != 0) parts.bits |= bit::recipes;
  const int holds = truth(slots[10]);
  if (holds < 0) return nullptr;
  if (holds != 0) parts.bits |= bit::holds_value;
  if (parts.kind == AtomKind::derived && !inspect(parts.body, parts.bits)) return nullptr;
  Ref made = Ref::take(make_atom(reinterpret_cast<PyTypeObject*>(slots[0]), parts));
  if (!made) return nullptr;
  AtomObject* atom = as_atom(made.get());
  for (const auto& [key, value] :
       {std::pair{"views", slots[9]}, std::pair{"on_refresh", slots[11]}}) {
    if (!given(value)) continue;
    if (atom->extras == nullptr) atom->extras = PyDict_New();
    if (atom->extras == nullptr || PyDict_SetItemString(atom->extras, key, value) < 0) {
      return nullptr;
    }
  }
  return made.release();
}

PyObject* tell_function(PyObject*, PyObject* object) {
  return PyBool_FromLong(is_function(object) ? 1 : 0);
}

PyObject* check_replaced(PyObject*, PyObject* args) {
  const char* call = nullptr;
  PyObject *atom = nullptr, *before = nullptr, *after = nullptr;
  if (!PyArg_ParseTuple(args, "sOOO", &call, &atom, &before, &after)) return nullptr;
  if (!check_atom(call, atom)) return nullptr;
  if (!check_replacement(call, as_atom(atom), before, after)) return nullptr;
  Py_RETURN_NONE;
}

constexpr int kFast = METH_FASTCALL | METH_KEYWORDS;

PyMethodDef functions[] = {
    {"atom", as_function(make_source), kFast, docs::atom},
    {"derived", as_function(make_derived), kFast, docs::derived},
    {"action", as_function(make_action), kFast, docs::action},
    {"lazy", as_function(make_lazy), kFast, docs::lazy},
    {"effect", as_function(make_effect), kFast, docs::effect},
    {"loadable", as_function(make_loadable), kFast, docs::loadable},
    {"unwrap", as_function(make_unwrap), kFast, docs::unwrap},
    {"is_function", tell_function, METH_O, "Callable, and no atom?"},
    {"plainly_takes", as_function(plainly_takes_function), METH_FASTCALL,
     "Certainly a plain function of so many arguments?"},
    {"check_replacement", check_replaced, METH_VARARGS,
     "Raises TypeError if a function that returned None has edited its argument."},
    {"make", as_function(make_any), kFast, "Makes an atom of a subclass."},
    {"_install", as_function(install), METH_VARARGS | METH_KEYWORDS,
     "Hands over what the native side needs of the Python side."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_factories(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
