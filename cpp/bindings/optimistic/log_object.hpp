// The memory layout of a LayerLog, and Operation, which guards each operation on one.
#pragma once

#include <cstdint>

#include "../../core/optimistic/log.hpp"
#include "layer_host.hpp"

namespace halflife::bindings {

struct LogObject {
  PyObject_HEAD LayerHost* host;
  optimistic::Log* log;  // both null until __init__
  PyObject* weakrefs;
  std::uint64_t number;
};

inline LogObject* as_log(PyObject* object) { return reinterpret_cast<LogObject*>(object); }

// Guards one operation: a recipe cannot start another one on the same log. Conflicts are reported
// when the operation has ended.
class Operation {
 public:
  explicit Operation(PyObject* self) : object_(as_log(self)) {
    if (object_->log == nullptr) {
      PyErr_SetString(PyExc_RuntimeError, "LayerLog.__init__() was not called");
    } else if (object_->host->busy) {
      PyErr_SetString(PyExc_RuntimeError,
                      "these layers are being changed: a recipe edits its draft and nothing else");
    } else {
      Py_INCREF(self);
      object_->host->busy = ok_ = true;
    }
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() {
    if (!ok_) return;
    object_->host->busy = false;
    object_->host->report_conflicts();
    Py_DECREF(as_object(object_));
  }
  explicit operator bool() const { return ok_; }
  optimistic::Log& log() const { return *object_->log; }
  LogObject* object() const { return object_; }

 private:
  LogObject* object_;
  bool ok_ = false;
};

// LayerLog.save() and LayerLog.restore().
PyObject* log_save(PyObject* self, PyObject*);
PyObject* log_restore(PyObject* self, PyObject* saved);
int add_saved_log_type();

}  // namespace halflife::bindings
