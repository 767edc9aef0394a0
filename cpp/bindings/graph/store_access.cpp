// StoreObject: reading and writing atoms from outside.
#include <algorithm>
#include <unordered_set>

#include "../draft/record_type.hpp"
#include "../support/arguments.hpp"
#include "../support/function_check.hpp"
#include "../support/returned.hpp"
#include "async_value.hpp"
#include "callables.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

using graph::Node;
namespace flag = graph::flag;

bool StoreObject::readable(AtomObject* atom) {
  if (atom->kind != AtomKind::action && atom->kind != AtomKind::effect) return true;
  PyErr_Format(PyExc_TypeError, "%s is an %s and has no value to read", atom_name(atom),
               name_of(atom->kind));
  return false;
}

PyObject* StoreObject::result(Node& node) {
  if (node.is(flag::asynchronous)) return as_object(async_value_of(this, node, nullptr));
  if (node.is(flag::error)) return raise_error(node);
  if (node.value == nullptr) [[unlikely]] {  // the store was closed meanwhile
    enter_slowly();
    return nullptr;
  }
  return Py_NewRef(static_cast<PyObject*>(node.value));
}

PyObject* StoreObject::get(AtomObject* atom) {
  Node* node = node_of(atom);
  if (node == nullptr) return nullptr;
  if (!graph.ensure_asked(*node) || !raise_interrupt()) return nullptr;
  return result(*node);
}

PyObject* StoreObject::set(AtomObject* asked, PyObject* const* args, Py_ssize_t count) {
  AtomObject* atom = written_instead(asked);
  const bool source = atom->kind == AtomKind::source || atom->kind == AtomKind::lazy;
  // A source with its own write function: `set` within that function sets the value itself.
  const bool raw =
      atom->write == nullptr || std::find(writing_.begin(), writing_.end(), atom) != writing_.end();
  if (source && raw) {
    if (count != 1) {
      PyErr_Format(PyExc_TypeError, "set(%s, value) takes one value, got %zd", atom_name(atom),
                   count);
      return nullptr;
    }
    Node* node = node_of(atom);
    if (node == nullptr) return nullptr;
    PyObject* value = args[0];
    const PyAsyncMethods* methods = Py_TYPE(value)->tp_as_async;
    bool ok;
    if (methods != nullptr && methods->am_await != nullptr) {
      const graph::AsyncState* state = node->async();
      auto* known = static_cast<PyObject*>(state == nullptr ? nullptr : state->awaitable);
      PyObject* awaitable = known != nullptr && returned_awaitable(known) == value
                                ? Py_NewRef(known)
                                : make_returned(value, nullptr);
      ok = awaitable != nullptr && graph.set_awaitable(*node, awaitable);
    } else {
      ok = graph.set(*node, Py_NewRef(value));
    }
    if (!ok || !raise_interrupt()) return nullptr;
    Py_RETURN_NONE;
  }
  if (atom->write == nullptr || atom->kind == AtomKind::unwrap) {
    PyErr_Format(PyExc_TypeError,
                 "%s is %s and cannot be set; give it a setter (derived(read, write) or"
                 " @%s.setter), or set what it is derived from",
                 atom_name(atom), name_of(atom->kind), atom_name(atom));
    return nullptr;
  }
  return run_write(atom, args, count);
}

// Calls write(get, set, *args) as one batch. The coroutine of an async action becomes a task of the
// store.
PyObject* StoreObject::run_write(AtomObject* atom, PyObject* const* args, Py_ssize_t count) {
  if (!graph.writable_now()) return nullptr;
  if (atom->has(bit::async_write) && !can_start_task()) return nullptr;
  PyObject* getter = plain_getter();
  PyObject* setter = plain_setter();
  if (getter == nullptr || setter == nullptr) return nullptr;
  constexpr Py_ssize_t kFew = 8;
  PyObject* few[kFew + 3];
  std::vector<PyObject*> many;
  PyObject** stack = few;
  if (count > kFew) {
    many.resize(static_cast<std::size_t>(count) + 3);
    stack = many.data();
  }
  stack[1] = getter;
  stack[2] = setter;
  for (Py_ssize_t index = 0; index < count; ++index) stack[index + 3] = args[index];
  Ref held = Ref::borrow(as_object(atom));
  Ref held_getter = Ref::borrow(getter);
  Ref held_setter = Ref::borrow(setter);
  Ref write = Ref::borrow(atom->write);
  const std::uint32_t serial = graph.begin_batch();
  writing_.push_back(atom);
  Ref result = Ref::take(PyObject_Vectorcall(
      write.get(), stack + 1, static_cast<std::size_t>(count + 2) | PY_VECTORCALL_ARGUMENTS_OFFSET,
      nullptr));
  writing_.pop_back();
  if (closed()) return result.release();
  if (!result) {
    abort_batch(serial);
    return nullptr;
  }
  if (PyCoro_CheckExact(result.get())) {
    Ref task = driver.start_action(result.get(), atom);
    if (!task) {
      abort_batch(serial);
      return nullptr;
    }
    result = std::move(task);
  }
  if (!commit_batch(serial)) return nullptr;
  return result.release();
}

bool check_replacement(const char* call, AtomObject* atom, PyObject* before, PyObject* after) {
  if (after != Py_None) return true;
  const RecordType* record = record_type(Py_TYPE(before));
  const bool editable = PyDict_Check(before) || PyList_Check(before) || PySet_Check(before) ||
                        (record != nullptr && record->fields != nullptr);
  if (!editable) return true;
  PyErr_Format(
      PyExc_TypeError,
      "%s(%s, fn): fn returned None for a %s, so it has edited the value in place, and nobody"
      " was told; return a new value, or make the atom by draft_atom(...), whose update edits"
      " a draft (to set None, use set)",
      call, atom_name(atom), Py_TYPE(before)->tp_name);
  return false;
}

PyObject* StoreObject::update(AtomObject* asked, PyObject* function) {
  AtomObject* atom = written_instead(asked);
  constexpr FunctionRole role{"update", "fn", "the value", 1, 1, "async"};
  if (!is_function(function)) {
    PyErr_Format(PyExc_TypeError,
                 "update(%s, fn): fn must be callable, a function of the value, not %s",
                 atom_name(atom), described(function).c_str());
    return nullptr;
  }
  if (atom->has(bit::recipes)) {
    PyObject* recipe[] = {function, Py_True};
    return run_write(atom, recipe, 2);
  }
  if (!graph.writable_now()) return nullptr;
  Ref current = Ref::take(get(atom));
  if (!current) return nullptr;
  if (is_async_value(current.get())) {
    PyErr_Format(PyExc_TypeError,
                 "update(%s, fn): the atom is async; await its value and set what follows from it",
                 atom_name(atom));
    return nullptr;
  }
  Ref next = Ref::take(PyObject_CallOneArg(function, current.get()));
  if (!next) explain_failed_call(function, role);
  if (!next || !enter()) return nullptr;
  if (!check_replacement("update", atom, current.get(), next.get())) return nullptr;
  PyObject* args[] = {next.get()};
  return set(atom, args, 1);
}

namespace {

// The target of a view: an atom, a tuple of atoms, or null. Borrowed.
PyObject* viewed_by(AtomObject* atom) {
  if (atom->kind == AtomKind::loadable || atom->kind == AtomKind::unwrap) return atom->body;
  return atom->extras == nullptr ? nullptr : PyDict_GetItemString(atom->extras, "views");
}

// The function that is called when the atom is refreshed, in the place of a run, and whose result
// refresh() returns. Borrowed, or null.
PyObject* refresh_hook(AtomObject* atom) {
  return atom->extras == nullptr ? nullptr : PyDict_GetItemString(atom->extras, "on_refresh");
}

}  // namespace

// The atoms that run again when this one is refreshed: for a view, its targets.
bool StoreObject::find_refreshed(AtomObject* atom, std::vector<Ref>& found) {
  std::vector<AtomObject*> work{atom};
  std::unordered_set<AtomObject*> seen;
  while (!work.empty()) {
    AtomObject* one = written_instead(work.back());
    work.pop_back();
    if (!seen.insert(one).second) continue;
    if (override_of(one) != nullptr) continue;  // the override is a value: nothing to run
    PyObject* viewed = viewed_by(one);
    if (viewed == nullptr) {
      if (one->kind == AtomKind::derived) found.push_back(Ref::borrow(as_object(one)));
    } else if (PyTuple_Check(viewed)) {
      for (Py_ssize_t index = PyTuple_GET_SIZE(viewed); index-- > 0;) {
        work.push_back(as_atom(PyTuple_GET_ITEM(viewed, index)));
      }
    } else {
      work.push_back(as_atom(viewed));
    }
  }
  if (!found.empty() || override_of(atom) != nullptr) return true;
  if (atom->kind == AtomKind::derived) {  // a view of a source: only the view itself can run
    found.push_back(Ref::borrow(as_object(atom)));
    return true;
  }
  PyErr_Format(PyExc_TypeError, "refresh(%s): only a derived atom can be run again; it is %s",
               atom_name(atom), name_of(atom->kind));
  return false;
}

PyObject* StoreObject::refresh(AtomObject* atom) {
  if (!readable(atom)) return nullptr;
  std::vector<Ref> refreshed;
  if (!find_refreshed(atom, refreshed)) return nullptr;
  for (const Ref& one : refreshed) {
    if (PyObject* hook = refresh_hook(as_atom(one.get()))) {
      Ref function = Ref::borrow(hook);
      Ref result = Ref::take(PyObject_CallNoArgs(function.get()));
      if (!result || !enter()) return nullptr;
      if (as_object(atom) == one.get()) return result.release();
      continue;
    }
    Node* node = node_of(as_atom(one.get()));
    if (node == nullptr || !graph.refresh(*node) || !enter()) return nullptr;
  }
  return get(atom);
}

}  // namespace halflife::bindings
