// StoreObject: the graph's host, for which values are Python objects.
#include "../support/arguments.hpp"
#include "../support/equality.hpp"
#include "../support/error_value.hpp"
#include "../support/returned.hpp"
#include "async_value.hpp"
#include "callables.hpp"
#include "loadable_object.hpp"
#include "run_object.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

using graph::Frame;
using graph::Node;
namespace flag = graph::flag;

namespace {

PyObject* object_of(Value value) { return static_cast<PyObject*>(value); }

AtomObject* atom_of(const Node& node) { return static_cast<AtomObject*>(node.atom); }

bool is_exception(PyObject* type) {
  return PyErr_GivenExceptionMatches(type, PyExc_Exception) != 0;
}

}  // namespace

Outcome StoreObject::run(Node& node, Frame& frame) {
  AtomObject* atom = atom_of(node);
  if (node.kind == graph::Kind::view) return run_view(node, frame, atom);
  if (!overrides_.empty()) {
    if (const Override* override = override_of(atom)) return run_overridden(node, frame, *override);
  }
  if (node.kind == graph::Kind::source) {  // a lazy source: its factory makes the first value now
    return outcome_of(PyObject_CallNoArgs(atom->body), node, nullptr);
  }
  PyObject* getter = getter_of(node);
  if (getter == nullptr) return outcome_of_error(node);
  if (!atom->has(bit::wants_signal)) [[likely]] {
    PyObject* args[] = {nullptr, getter};
    PyObject* result =
        PyObject_Vectorcall(atom->body, args + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    return outcome_of(result, node, nullptr);
  }
  Ref signal = Ref::take(PyObject_CallNoArgs(registry().make_signal));
  if (!signal) return outcome_of_error(node);
  PyObject* args[] = {nullptr, getter, signal.get()};
  PyObject* result =
      PyObject_Vectorcall(atom->body, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  Ref held = Ref::borrow(as_object(atom));
  const Outcome outcome = outcome_of(result, node, signal.get());
  if (outcome.status != Status::awaitable) {  // the signal cannot be aborted any more
    SavedError saved;
    Ref ended = Ref::take(PyObject_CallMethod(signal.get(), "_end", "O", as_object(atom)));
    if (!ended) PyErr_Clear();
  }
  return outcome;
}

// The outcome of a read that returned `result`, which is stolen.
Outcome StoreObject::outcome_of(PyObject* result, Node& node, PyObject* signal) {
  if (result == nullptr) return outcome_of_error(node);
  const PyAsyncMethods* methods = Py_TYPE(result)->tp_as_async;
  if (methods == nullptr || methods->am_await == nullptr) [[likely]] {
    return {Status::value, result};
  }
  if (graph.unwinding() || !can_start(node, true)) {
    close_coroutine(result);  // nobody will await it
    Py_DECREF(result);
    if (graph.unwinding()) return {Status::unwind, nullptr};
    return outcome_of_error(node);
  }
  PyObject* awaitable = make_returned(result, signal);
  Py_DECREF(result);
  if (awaitable == nullptr) return outcome_of_error(node);
  return {Status::awaitable, awaitable};
}

// The error set now becomes the atom's value, unless it is an interrupt or the signal to unwind.
Outcome StoreObject::outcome_of_error(Node& node) {
  if (graph.unwinding()) {
    PyErr_Clear();
    return {Status::unwind, nullptr};
  }
  PyObject* type = PyErr_Occurred();
  if (type == nullptr) {
    PyErr_SetString(PyExc_SystemError, "a read failed without an error");
    type = PyErr_Occurred();
  }
  if (!is_exception(type)) return {Status::interrupted, nullptr};
  if (graph.depth() > 1 && PyErr_GivenExceptionMatches(type, PyExc_RecursionError)) {
    // Nested reads fill the C stack: unwind, so that this atom is evaluated from the outermost
    // read.
    PyErr_Clear();
    graph.unwind_to(node);
    return {Status::unwind, nullptr};
  }
  if (PyErr_GivenExceptionMatches(type, registry().no_event_loop)) {
    node.set_flag(flag::dirty);  // the next read tries again, since a loop may run then
  }
  PyObject* error = make_error_value(take_error());
  return {Status::error, error};
}

Outcome StoreObject::run_view(Node& node, Frame& frame, AtomObject* atom) {
  AtomObject* target = as_atom(atom->body);
  Node* input = node_of(target);
  if (input == nullptr || !graph.record(frame, *input, true)) return outcome_of_error(node);
  const graph::LoadState state = graph::Store::load_state(*input);
  const bool keep = atom->has(bit::keep_previous);
  PyObject* value = object_of(state.value);
  PyObject* shown = object_of(state.shown);
  const bool unwraps = atom->kind == AtomKind::unwrap;
  PyObject* result = nullptr;
  if (!state.pending && state.error) {
    if (unwraps) return {Status::error, Py_NewRef(value)};
    result = make_has_error(error_of(value), shown);
  } else if (!state.pending) {
    result = unwraps ? Py_NewRef(value) : make_has_data(value, false);
  } else if (shown != nullptr && (state.streaming || keep)) {
    result = unwraps ? Py_NewRef(shown) : make_has_data(shown, true);
  } else {
    result = unwraps ? Py_NewRef(atom->write) : make_loading(shown);
  }
  if (result == nullptr) return outcome_of_error(node);
  return {Status::value, result};
}

void StoreObject::run_cleanup(Node& node) {
  if (!node.extra || node.extra->cleanup == nullptr) return;
  Ref cleanup = Ref::take(object_of(std::exchange(node.extra->cleanup, nullptr)));
  Ref atom = Ref::borrow(static_cast<PyObject*>(node.atom));
  Ref done = Ref::take(PyObject_CallNoArgs(cleanup.get()));
  if (!done) collect_error("the cleanup of", as_atom(atom.get()));
}

void StoreObject::run_effect(Node& node, Frame&) {
  run_cleanup(node);
  if (closed() || node.keepalive_count == 0) return;  // the cleanup has ended the effect
  AtomObject* atom = atom_of(node);
  Ref held = Ref::borrow(as_object(atom));
  Ref getter = Ref::borrow(getter_of(node));
  Ref setter = Ref::borrow(plain_setter());
  if (!getter || !setter) {
    collect_error("effect", atom);
    return;
  }
  auto* own = reinterpret_cast<GetterObject*>(getter.get());
  if (own->name == nullptr && (own->name = atom_name_object(atom)) == nullptr) {
    collect_error("effect", atom);
    return;
  }
  PyObject* args[] = {nullptr, getter.get(), setter.get()};
  Ref result = Ref::take(
      PyObject_Vectorcall(atom->body, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  keep_cleanup(node, atom, std::move(result), "effect");
}

// What an effect or an on_mount returned becomes the node's cleanup, or an error of `where`. The
// node has no atom any more if the call has closed the store.
void StoreObject::keep_cleanup(Node& node, AtomObject* atom, Ref returned, const char* where) {
  if (!returned) {
    collect_error(where, atom);
  } else if (is_function(returned.get())) {
    node.more().cleanup = returned.release();
  } else if (returned.get() != Py_None) {
    PyErr_Format(PyExc_TypeError, "%s %s returned %s; it may return a cleanup function", where,
                 atom_name(atom), described(returned.get()).c_str());
    collect_error(where, atom);
  }
}

void StoreObject::mount(Node& node) {
  AtomObject* atom = atom_of(node);
  PyObject* hook = atom_hook(atom);
  if (hook == nullptr) return;
  Ref held_atom = Ref::borrow(as_object(atom));
  Ref held = Ref::borrow(hook);
  Ref setter = Ref::take(as_object(make_setter(this, atom)));
  keep_cleanup(node, atom, setter ? Ref::take(PyObject_CallOneArg(hook, setter.get())) : Ref(),
               "on_mount of");
  if (closed()) run_cleanup(node);  // the hook closed the store
}

void StoreObject::unmount(Node& node) { run_cleanup(node); }

bool StoreObject::equal(Node& node, Value before, Value now) {
  PyObject* one = object_of(before);
  PyObject* other = object_of(now);
  AtomObject* atom = atom_of(node);
  if (atom == nullptr) return false;
  if (node.kind == graph::Kind::view && atom->kind == AtomKind::loadable &&
      atom->equals == nullptr) {
    return same_loadable(one, other);
  }
  if (atom->equals == nullptr) [[likely]] {
    return atom->has(bit::deep) ? same_deep(one, other) : same_value(one, other);
  }
  Ref held = Ref::borrow(as_object(atom));
  Ref equals = Ref::borrow(atom->equals);
  Ref held_one = Ref::borrow(one);
  SavedError saved;
  Ref answer = Ref::take(PyObject_CallFunctionObjArgs(equals.get(), one, other, nullptr));
  const int equal = answer ? PyObject_IsTrue(answer.get()) : -1;
  if (equal >= 0) return equal != 0;
  if (graph.unwinding()) {  // `equals` read an atom nested too deep; it will be called again
    PyErr_Clear();
  } else if (PyErr_ExceptionMatches(PyExc_Exception)) {
    report_pending(atom);
  } else {
    collect_error();
  }
  return false;  // a failing comparison counts as a change
}

bool StoreObject::same_error(Value before, Value now) {
  PyObject* one = error_of(object_of(before));
  PyObject* other = error_of(object_of(now));
  if (one == other) return true;
  // An equal message means the same cycle, which is no change.
  if (as_object(Py_TYPE(one)) != registry().cycle || Py_TYPE(one) != Py_TYPE(other)) return false;
  SavedError saved;
  Ref left = Ref::take(PyObject_Str(one));
  Ref right = Ref::take(PyObject_Str(other));
  const bool same = left && right && same_value(left.get(), right.get());
  PyErr_Clear();
  return same;
}

void StoreObject::own(Value value) { Py_INCREF(object_of(value)); }

void StoreObject::release(Value value) { Py_DECREF(object_of(value)); }

bool StoreObject::release_plain(Value value) {
  PyObject* object = object_of(value);
  if (Py_REFCNT(object) > 1) {
    Py_DECREF(object);
    return true;
  }
  PyTypeObject* type = Py_TYPE(object);
  if (type != &PyLong_Type && type != &PyFloat_Type && type != &PyUnicode_Type &&
      type != &PyBytes_Type) {
    return false;
  }
  Py_DECREF(object);
  return true;
}

bool StoreObject::can_start_task() {
  if (!driver.exists()) {
    PyErr_SetString(registry().store_closed, "the store is closed");
    return false;
  }
  Ref ready = driver.ready(nullptr);
  return static_cast<bool>(ready);
}

bool StoreObject::can_start(Node& node, bool demand) {
  if (demand && starts_nothing) {
    PyErr_SetString(registry().no_event_loop, "nothing is started for a snapshot");
    return false;
  }
  if (!driver.exists()) {
    if (demand) PyErr_SetString(registry().store_closed, "the store is closed");
    return false;
  }
  Ref ready = demand ? driver.ready(atom_of(node)) : driver.is_ready(atom_of(node));
  if (!ready) {
    if (!demand) PyErr_Clear();
    return false;
  }
  if (closed()) return demand && enter();  // the driver closed the store: enter() raises
  return ready.get() == Py_True;
}

Value StoreObject::make_run(Node& node, Generation generation) {
  node.async()->handle = nullptr;
  PyObject* run = make_run_object(this, node, generation);
  if (run == nullptr) Py_FatalError("halflife: out of memory while starting a run");
  return run;
}

void StoreObject::start(Value run) {
  if (current_node(as_run(object_of(run))) == nullptr || !driver.exists()) return;
  SavedError saved;
  Ref done = driver.start(object_of(run));
  if (!done) collect_error();
}

void StoreObject::cancel(Value run) {
  if (!driver.exists()) return;
  SavedError saved;
  const char* reason = closed() ? "the store was closed" : "superseded";
  Ref done = driver.cancel(object_of(run), reason);
  if (!done) collect_error();
}

bool StoreObject::defer() {
  if (!driver.exists()) return false;
  SavedError saved;
  Ref deferred = driver.after_tick();
  if (!deferred) {
    PyErr_Clear();
    return false;
  }
  return deferred.get() == Py_True;
}

void StoreObject::flush_soon() {
  if (!driver.exists()) return;
  SavedError saved;
  Ref done = driver.flush_soon();
  if (!done) PyErr_Clear();
}

void StoreObject::notify(graph::Subscription& subscription) {
  Node& node = *subscription.node;
  AtomObject* atom = atom_of(node);
  if (node.is(flag::error)) {
    Ref error = Ref::borrow(error_of(object_of(node.value)));
    if (subscription.on_error == nullptr) {
      if (reported_ == node.changed_at) return;  // one report for several subscribers
      reported_ = node.changed_at;
      report(error.get(), atom);
      return;
    }
    Ref on_error = Ref::borrow(object_of(subscription.on_error));
    Ref done = Ref::take(PyObject_CallOneArg(on_error.get(), error.get()));
    if (!done) collect_error("the on_error of a subscriber of", atom);
    return;
  }
  PyObject* callback = object_of(subscription.callback);
  Py_INCREF(callback);
  PyObject* value = result(node);
  PyObject* done = nullptr;
  if (value != nullptr) {
    PyObject* args[] = {nullptr, value};
    done = PyObject_Vectorcall(callback, args + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    Py_DECREF(value);
  }
  Py_DECREF(callback);
  if (done == nullptr) {
    collect_error("a subscriber of", atom);
  } else {
    Py_DECREF(done);
  }
}

void StoreObject::tell_at_once(graph::Subscription& subscription) {
  if (graph.in_batch()) {
    ++subscription.references;
    subscription.seen =
        0;  // no change has this stamp, so it shows whether the subscriber is called meanwhile
    untold_.push_back(&subscription);
  } else {
    tell_first(subscription);
  }
}

void StoreObject::tell_first(graph::Subscription& subscription) {
  Node* node = subscription.node;
  if (node == nullptr || closed() || node->value == nullptr || node->pending()) return;
  subscription.seen = node->changed_at;
  if (node->is(flag::error)) reported_ = 0;  // this subscriber was not told of the error
  notify(subscription);
}

}  // namespace halflife::bindings
