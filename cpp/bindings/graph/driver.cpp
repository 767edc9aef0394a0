#include "driver.hpp"

#include <utility>

#include "atom_object.hpp"

namespace halflife::bindings {

void Driver::set(PyObject* object) {
  PyObject* before = std::exchange(object_, Py_NewRef(object));
  Py_XDECREF(before);
}

Ref Driver::bind() const { return Ref::take(PyObject_CallMethod(object_, "bind", nullptr)); }

Ref Driver::note_loop() const {
  return Ref::take(PyObject_CallMethod(object_, "note_loop", nullptr));
}

Ref Driver::refuse_thread() const {
  return Ref::take(PyObject_CallMethod(object_, "refuse_thread", nullptr));
}

Ref Driver::ready(AtomObject* atom) const {
  PyObject* of = atom == nullptr ? Py_None : as_object(atom);
  return Ref::take(PyObject_CallMethod(object_, "ready", "O", of));
}

Ref Driver::is_ready(AtomObject* atom) const {
  return Ref::take(PyObject_CallMethod(object_, "is_ready", "O", as_object(atom)));
}

Ref Driver::start(PyObject* run) const {
  return Ref::take(PyObject_CallMethod(object_, "start", "O", run));
}

Ref Driver::cancel(PyObject* run, const char* reason) const {
  return Ref::take(PyObject_CallMethod(object_, "cancel", "Os", run, reason));
}

Ref Driver::start_action(PyObject* coroutine, AtomObject* atom) const {
  return Ref::take(PyObject_CallMethod(object_, "start_action", "OO", coroutine, as_object(atom)));
}

Ref Driver::after_tick() const {
  return Ref::take(PyObject_CallMethod(object_, "after_tick", nullptr));
}

Ref Driver::flush_soon() const {
  return Ref::take(PyObject_CallMethod(object_, "flush_soon", nullptr));
}

Ref Driver::linger(AtomObject* atom) const {
  return Ref::take(PyObject_CallMethod(object_, "linger", "O", as_object(atom)));
}

Ref Driver::end_listeners() const {
  return Ref::take(PyObject_CallMethod(object_, "end_listeners", nullptr));
}

Ref Driver::note(const char* event, PyObject* atom, PyObject* detail) const {
  return Ref::take(PyObject_CallMethod(object_, "note", "sOO", event, atom, detail));
}

Ref Driver::report(PyObject* error, PyObject* atom) const {
  return Ref::take(PyObject_CallMethod(object_, "report", "OO", error, atom));
}

}  // namespace halflife::bindings
