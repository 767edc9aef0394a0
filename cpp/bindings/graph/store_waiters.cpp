// StoreObject: waiters, the futures of tasks that await an atom. They are woken after a flush, not
// within it.
#include "async_value.hpp"
#include "store_object.hpp"
#include "waiters.hpp"

namespace halflife::bindings {

using graph::Node;

void StoreObject::wake(Node& node) {
  graph::AsyncState* state = node.async();
  if (state == nullptr) return;
  if (state->handle != nullptr && !state->pending()) {
    auto* handle = static_cast<AsyncValueObject*>(state->handle);
    if (handle->generation == state->generation) fill(handle, node);
  }
  if (state->waiting == nullptr) return;
  static_cast<Waiters*>(state->waiting)->move_to(woken_);
}

void StoreObject::wake_waiters() {
  if (woken_.empty()) return;
  SavedError saved;
  std::vector<PyObject*> woken;
  woken.swap(woken_);
  for (PyObject* future : woken) {
    Ref owned = Ref::take(future);
    Ref done = Ref::take(PyObject_CallMethod(future, "done", nullptr));
    if (done && done.get() == Py_False) {
      Ref set = Ref::take(PyObject_CallMethod(future, "set_result", "O", Py_None));
    }
    PyErr_Clear();  // the future's loop was closed: its task does not wait any more
  }
}

bool StoreObject::add_waiter(Node& node, PyObject* future, bool first) {
  graph::AsyncState& state = node.make_async();
  if (state.waiting == nullptr) state.waiting = new Waiters;
  static_cast<Waiters*>(state.waiting)->add(Py_NewRef(future));
  if (!first || graph.add_waiter(node)) return true;
  // The error of a mount hook is reported, since the awaiting task wants the value.
  if (report_exception(static_cast<AtomObject*>(node.atom))) return true;
  remove_waiter(node, future);
  return false;
}

bool StoreObject::remove_waiter(Node& node, PyObject* future) {
  graph::AsyncState* state = node.async();
  if (state == nullptr) return true;
  if (state->waiting != nullptr) {
    Py_XDECREF(static_cast<Waiters*>(state->waiting)->remove(future));
  }
  SavedError saved;
  if (!graph.remove_waiter(node)) report_pending(nullptr);
  return true;
}

}  // namespace halflife::bindings
