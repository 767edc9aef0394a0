// The driver of a store is the Python object that runs fetchers on an event loop. All calls of it
// are here; `halflife._drivers.protocol.Driver` has the same methods with their types. A driver
// that is not there (the store is closed, or has no Python face) must not be called.
#pragma once

#include "../support/python.hpp"

namespace halflife::bindings {

struct AtomObject;

class Driver {
 public:
  Driver() = default;
  // A copy keeps the Python object alive while the store is closed by what a call runs.
  Driver(const Driver& other) : object_(Py_XNewRef(other.object_)) {}
  Driver& operator=(const Driver&) = delete;
  ~Driver() { Py_XDECREF(object_); }

  bool exists() const { return object_ != nullptr; }
  void set(PyObject* object);
  void clear() { Py_CLEAR(object_); }
  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(object_);
    return 0;
  }

  // Each may run any Python code. Null: the driver has raised.

  // The store belongs to this thread from now on.
  Ref bind() const;
  // The loop that runs now is noted.
  Ref note_loop() const;
  // The error of a call from this thread; None if the thread is the store's.
  Ref refuse_thread() const;
  // True; raises NoEventLoopError if no run of the atom (or null: no task) can start now.
  Ref ready(AtomObject* atom) const;
  // Whether a run of the atom can start now.
  Ref is_ready(AtomObject* atom) const;
  // Starts / cancels a run.
  Ref start(PyObject* run) const;
  Ref cancel(PyObject* run, const char* reason) const;
  // Starts the coroutine of an async action; returns its handle.
  Ref start_action(PyObject* coroutine, AtomObject* atom) const;
  // Has the deferred notifications sent at the end of the loop tick. False: there is no loop.
  Ref after_tick() const;
  // Has the store flushed in the next loop tick.
  Ref flush_soon() const;
  // Starts the grace period of the atom. False: no timer can be had.
  Ref linger(AtomObject* atom) const;
  // Logs an event.
  Ref end_listeners() const;
  Ref note(const char* event, PyObject* atom, PyObject* detail) const;
  // Reports an error that has no caller. The atom may be None.
  Ref report(PyObject* error, PyObject* atom) const;

 private:
  PyObject* object_ = nullptr;
};

}  // namespace halflife::bindings
