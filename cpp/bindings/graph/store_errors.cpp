// StoreObject: errors, as values of atoms, of callbacks (collected into one group), and those that
// have no caller.
#include <string>

#include "../support/error_value.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

PyObject* StoreObject::raise_error(graph::Node& node) {
  return raise_error_value(static_cast<PyObject*>(node.value));
}

void StoreObject::report(PyObject* error, AtomObject* atom) {
  report_to(Driver(driver), error, atom);
}

void StoreObject::report_to(const Driver& receiver, PyObject* error, AtomObject* atom) {
  if (!receiver.exists()) {
    PyErr_SetObject(as_object(Py_TYPE(error)), error);
    PyErr_WriteUnraisable(as_object(atom));
    return;
  }
  SavedError saved;
  PyObject* where = atom == nullptr ? Py_None : as_object(atom);
  Ref done = receiver.report(error, where);
  if (done) return;
  if (PyErr_ExceptionMatches(PyExc_Exception)) {
    PyErr_WriteUnraisable(where);
  } else {
    collect_error();
  }
}

void StoreObject::report_pending(AtomObject* atom) {
  Ref error = Ref::take(take_error());
  if (error) report(error.get(), atom);
}

void StoreObject::report_or_keep(AtomObject* atom) {
  if (PyErr_ExceptionMatches(PyExc_Exception)) {
    report_pending(atom);
  } else {
    collect_error();
  }
}

bool StoreObject::report_exception(AtomObject* atom) {
  if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) || PyErr_ExceptionMatches(PyExc_SystemExit)) {
    return false;
  }
  report_pending(atom);
  return true;
}

// A comparison cannot fail, so an interrupt within one waits until nothing is under way.
bool StoreObject::raise_kept_interrupt() {
  if (graph.busy() || graph.flushing()) return false;
  Ref interrupt = Ref::take(std::exchange(interrupt_, nullptr));
  PyErr_SetObject(as_object(Py_TYPE(interrupt.get())), interrupt.get());
  return true;
}

namespace {

// Adds a note that names the atom from which the error comes; only one, if several callbacks raise
// the same error.
void add_note(PyObject* error, const char* where, AtomObject* atom) {
  Ref note = Ref::take(PyUnicode_FromFormat("raised by %s %s", where, atom_name(atom)));
  Ref notes = note ? Ref::take(PyObject_GetAttrString(error, "__notes__")) : Ref();
  PyErr_Clear();
  const int known =
      notes && PyList_Check(notes.get()) ? PySequence_Contains(notes.get(), note.get()) : 0;
  if (note && known == 0) Ref::take(PyObject_CallMethod(error, "add_note", "O", note.get()));
  PyErr_Clear();
}

}  // namespace

void StoreObject::collect_error(const char* where, AtomObject* atom) {
  PyObject* error = take_error();
  if (error == nullptr) return;
  if (where != nullptr && atom != nullptr) add_note(error, where, atom);
  if (!PyObject_TypeCheck(error, reinterpret_cast<PyTypeObject*>(PyExc_Exception))) {
    // KeyboardInterrupt and the like are raised as they are, after all callbacks were called; one
    // is enough.
    if (interrupt_ == nullptr) {
      interrupt_ = error;
    } else {
      Py_DECREF(error);
    }
    return;
  }
  collected_.push_back(error);
}

void StoreObject::keep_interrupt() { collect_error(); }

bool StoreObject::raise_collected() {
  wake_waiters();
  if (!untold_.empty() && !graph.in_batch()) {
    SavedError saved;  // the error of an interrupted read
    std::vector<graph::Subscription*> untold;
    untold.swap(untold_);
    for (graph::Subscription* subscription : untold) {
      if (subscription->seen == 0) tell_first(*subscription);
      graph::Store::drop(subscription);
    }
  }
  if (collected_.empty() && interrupt_ == nullptr) return true;
  std::vector<PyObject*> errors;
  errors.swap(collected_);
  const bool raising = PyErr_Occurred() != nullptr;
  if (raising || interrupt_ != nullptr || reports) {
    // The caller gets another error, or the store has an on_error: report all of them, even if the
    // on_error closes the store after the first one.
    const Driver receiver = driver;
    for (PyObject* error : errors) {
      report_to(receiver, error, nullptr);
      Py_DECREF(error);
    }
    PyObject* interrupt = std::exchange(interrupt_, nullptr);  // may also come from on_error
    if (interrupt == nullptr) return !raising;
    if (!raising) PyErr_SetObject(as_object(Py_TYPE(interrupt)), interrupt);
    Py_DECREF(interrupt);
    return false;
  }
  Ref list = Ref::take(PyList_New(static_cast<Py_ssize_t>(errors.size())));
  if (!list) return false;
  for (std::size_t index = 0; index < errors.size(); ++index) {
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(index), errors[index]);
  }
  PyObject* group_type = PyDict_GetItemString(PyEval_GetBuiltins(), "ExceptionGroup");
  if (group_type == nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "subscribers failed");
    return false;
  }
  Ref group = Ref::take(PyObject_CallFunction(group_type, "sO",
                                              "errors of subscribers, effects or mount hooks; what"
                                              " was set stands",
                                              list.get()));
  if (group) PyErr_SetObject(group_type, group.get());
  return false;
}

void StoreObject::raise(Error error, std::span<graph::Node* const> nodes) {
  std::string names;
  const char* separator = error == Error::cycle ? " \xe2\x86\x92 " : ", ";
  std::size_t shown = 0;
  for (graph::Node* node : nodes) {
    if (++shown > 20) {
      names += " ...";
      break;
    }
    if (!names.empty()) names += separator;
    names += atom_name(static_cast<AtomObject*>(node->atom));
  }
  const Registry& known = registry();
  switch (error) {
    case Error::cycle:
      PyErr_Format(known.cycle, "an atom needs its own value: %s", names.c_str());
      break;
    case Error::write_during_read:
      PyErr_Format(known.write_during_read,
                   "set was called while %s was being read; a read only computes: set in an action,"
                   " an effect or a subscriber",
                   names.empty() ? "an atom" : names.c_str());
      break;
    case Error::endless_flush:
      PyErr_Format(known.flush_loop,
                   "the flush did not settle in %u rounds; these keep changing: %s",
                   graph::Store::kRounds, names.c_str());
      break;
  }
}

void StoreObject::raise_unwind() { PyErr_SetNone(registry().unwind); }

void StoreObject::clear_unwind() { PyErr_Clear(); }

}  // namespace halflife::bindings
