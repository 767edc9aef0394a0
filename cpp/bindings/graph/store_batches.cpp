// StoreObject: batches. A batch raises the error of its block; errors that hooks and effects raise
// while the batch is undone are reported.
#include <algorithm>

#include "store_object.hpp"

namespace halflife::bindings {

std::uint32_t StoreObject::begin_batch() {
  if (!enter() || !graph.writable_now()) return 0;
  if (open_batches_.empty()) {
    PyObject* task = PyObject_CallNoArgs(registry().current_task);
    if (task == nullptr) return 0;
    PyObject* before = std::exchange(batch_task_, task);
    Py_XDECREF(before);
    batch_context_ = task == Py_None ? nullptr : PyThreadState_Get()->context;
    guards_ |= kBatch;
  }
  open_batches_.push_back(graph.begin_batch());
  return open_batches_.back();
}

// This batch and the batches inside it have ended.
void StoreObject::forget_batches(std::uint32_t serial) {
  while (!open_batches_.empty() && open_batches_.back() >= serial) open_batches_.pop_back();
  if (!open_batches_.empty() || (guards_ & kBatch) == 0) return;
  guards_ &= ~kBatch;
  Py_CLEAR(batch_task_);
}

bool StoreObject::commit_batch(std::uint32_t serial) {
  if (closed()) return true;
  forget_batches(serial);
  return graph.commit_batch(serial);
}

// An error that is set now is the block's own. (For a with block the error is being handled, and
// not set.)
bool StoreObject::abort_batch(std::uint32_t serial) {
  if (closed()) return true;
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  const bool is_undone = undo_batch(serial);
  if (type == nullptr) return is_undone;
  if (is_undone || PyErr_GivenExceptionMatches(type, PyExc_Exception) == 0) {
    PyErr_Restore(type, value, traceback);
    return is_undone;
  }
  PyObject *interrupt, *detail, *where;
  PyErr_NormalizeException(&type, &value, &traceback);
  PyErr_Fetch(&interrupt, &detail, &where);
  PyErr_NormalizeException(&interrupt, &detail, &where);
  if (detail != nullptr && detail != value) PyException_SetContext(detail, Py_XNewRef(value));
  PyErr_Restore(interrupt, detail, where);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(traceback);
  return false;
}

// Undoes the batch. False, with an error set: an interrupt came meanwhile.
bool StoreObject::undo_batch(std::uint32_t serial) {
  forget_batches(serial);
  const bool reported = std::exchange(reports, true);
  graph.abort_batch(serial);
  reports = reported;
  if (PyErr_Occurred() == nullptr) return true;
  if (PyErr_ExceptionMatches(PyExc_Exception) == 0) return false;
  report_pending(nullptr);
  return true;
}

// The batch object is freed but was never left: an interrupt came right after it was entered.
void StoreObject::abandon_batch(std::uint32_t serial) {
  const auto found = std::find(open_batches_.begin(), open_batches_.end(), serial);
  if (closed() || found == open_batches_.end()) return;
  abandoned_.push_back(serial);
  guards_ |= kAbandoned;
  if (this_thread() != home_ || graph.busy() || graph.flushing()) return;
  SavedError saved;
  if (!undo_abandoned()) collect_error();
}

bool StoreObject::undo_abandoned() {
  if (graph.busy() || graph.flushing()) return true;
  guards_ &= ~kAbandoned;
  std::vector<std::uint32_t> serials;
  serials.swap(abandoned_);
  bool ok = true;
  for (const std::uint32_t serial : serials) ok = (closed() || undo_batch(serial)) && ok;
  return ok;
}

}  // namespace halflife::bindings
