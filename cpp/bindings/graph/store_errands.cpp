// StoreObject: errands. The graph reports events and lingering atoms in the middle of walks, where
// no Python code may run; they are passed to the driver as soon as it may.
#include "../support/error_value.hpp"
#include "store_object.hpp"

namespace halflife::bindings {

using graph::Node;
namespace flag = graph::flag;

namespace {

constexpr std::size_t kMostCausedEvents = 10'000;

}  // namespace

void StoreObject::put_off(const char* event, const Node& node, PyObject* detail) {
  errands_.push_back({event, Py_NewRef(static_cast<PyObject*>(node.atom)), Py_NewRef(detail)});
  has_errands = !on_errand_;  // else the loop in run_errands does this one, too
}

bool StoreObject::linger(Node& node) {
  if (!grace || closed() || !driver.exists() || node.atom == nullptr) return false;
  put_off(nullptr, node, Py_None);
  return true;
}

void StoreObject::event(Event event, const Node& node) {
  if (!logs_events || !driver.exists() || node.atom == nullptr) return;
  PyObject* detail = Py_None;
  const graph::AsyncState* state = node.async();
  Ref number;
  if ((event == Event::run || event == Event::superseded) && state != nullptr) {
    number = Ref::take(PyLong_FromUnsignedLongLong(state->generation));
    detail = number.get();
  } else if (node.value != nullptr && event != Event::superseded && event != Event::mounted &&
             event != Event::unmounted) {
    detail = static_cast<PyObject*>(node.value);
    if (node.is(flag::error)) detail = error_of(detail);
  }
  put_off(name_of(event), node, detail);
}

// Errands that are added meanwhile are done, too, in order. A callback that is told of events may
// cause events without end: after very many, the driver ends such callbacks.
void StoreObject::run_errands() {
  if (on_errand_) return;
  on_errand_ = true;
  has_errands = false;
  SavedError saved;
  std::size_t left = errands_.size() + kMostCausedEvents;
  while (!errands_.empty()) {
    const Errand errand = errands_.front();
    errands_.pop_front();
    Ref atom = Ref::take(errand.atom);
    Ref detail = Ref::take(errand.detail);
    if (!driver.exists()) continue;
    if (errand.event == nullptr) {
      start_grace(as_atom(atom.get()));
      continue;
    }
    if (left-- == 0 && !driver.end_listeners()) report_or_keep(as_atom(atom.get()));
    Ref done = driver.note(errand.event, atom.get(), detail.get());
    if (!done) report_or_keep(as_atom(atom.get()));
  }
  on_errand_ = false;
}

void StoreObject::start_grace(AtomObject* atom) {
  Node* node = known_node(atom);
  if (node == nullptr || !node->is(flag::lingering)) return;  // observed again meanwhile
  Ref lingers = driver.linger(atom);
  if (!lingers) report_or_keep(atom);
  if (lingers && lingers.get() == Py_True) return;
  node = known_node(atom);
  if (node != nullptr && !graph.expire(*node)) report_or_keep(atom);
}

}  // namespace halflife::bindings
