// StoreObject: the check at the beginning of every call, and the end of a store. Only the home
// thread may call an open store and, while an explicit batch is open, only the task that opened it.
#include <algorithm>

#include "callables.hpp"
#include "run_object.hpp"
#include "store_object.hpp"
#include "waiters.hpp"

namespace halflife::bindings {

namespace {

std::unordered_map<std::uint32_t, StoreObject*>& stores() {
  static auto* all = new std::unordered_map<std::uint32_t, StoreObject*>;  // outlives every store
  return *all;
}

std::uint32_t next_id() {
  static std::uint32_t id = 0;
  return ++id;
}

}  // namespace

StoreObject* store_with_id(std::uint32_t id) {
  const auto found = stores().find(id);
  return found == stores().end() ? nullptr : found->second;
}

namespace {

// The older stores in which an atom has a node, besides its newest one. With many stores alive,
// finding the nodes of one atom must not ask all of them.
std::unordered_map<const AtomObject*, std::unordered_set<std::uint32_t>>& elsewhere() {
  static auto* all = new std::unordered_map<const AtomObject*, std::unordered_set<std::uint32_t>>;
  return *all;
}

// The stores of an atom, the newest first. A copy, since freeing values may make and drop stores.
std::vector<std::uint32_t> stores_of(const AtomObject* atom) {
  std::vector<std::uint32_t> ids{atom->store};
  if (!atom->has(bit::many_stores)) return ids;
  const auto found = elsewhere().find(atom);
  if (found != elsewhere().end()) ids.insert(ids.end(), found->second.begin(), found->second.end());
  return ids;
}

}  // namespace

void StoreObject::displace(AtomObject* atom, graph::Node* node) {
  displaced_[atom] = node;
  elsewhere()[atom].insert(id_);
  atom->bits |= bit::many_stores;
}

void StoreObject::forget_displaced(const AtomObject* atom) {
  displaced_.erase(const_cast<AtomObject*>(atom));
  const auto found = elsewhere().find(atom);
  if (found == elsewhere().end()) return;
  found->second.erase(id_);
  if (found->second.empty()) elsewhere().erase(found);
}

void forget_atom(AtomObject* atom) {
  for (const std::uint32_t id : stores_of(atom)) {
    if (StoreObject* store = store_with_id(id)) store->forget_atom(atom);
  }
}

namespace {

int visit_node(const graph::Node& node, visitproc visit, void* arg) {
  if (node.is(graph::flag::of_atom)) Py_VISIT(static_cast<PyObject*>(node.value));
  for (const graph::Edge& edge : node.inputs) Py_VISIT(static_cast<PyObject*>(edge.input->atom));
  return 0;
}

}  // namespace

int visit_inputs(AtomObject* atom, visitproc visit, void* arg) {
  if (atom->node != nullptr) {
    if (const int stop = visit_node(*atom->node, visit, arg)) return stop;
  }
  if (!atom->has(bit::many_stores)) return 0;
  const auto found = elsewhere().find(atom);
  if (found == elsewhere().end()) return 0;
  for (const std::uint32_t id : found->second) {
    StoreObject* store = store_with_id(id);
    if (const graph::Node* node = store == nullptr ? nullptr : store->known_node(atom)) {
      if (const int stop = visit_node(*node, visit, arg)) return stop;
    }
  }
  return 0;
}

void drop_inputs(AtomObject* atom) {
  for (const std::uint32_t id : stores_of(atom)) {
    StoreObject* store = store_with_id(id);
    graph::Node* node = store == nullptr ? nullptr : store->known_node(atom);
    if (node != nullptr) store->disown(*node);
  }
}

bool observed_anywhere(AtomObject* atom) {
  for (const std::uint32_t id : stores_of(atom)) {
    StoreObject* store = store_with_id(id);
    const graph::Node* node = store == nullptr ? nullptr : store->known_node(atom);
    if (node != nullptr && node->is(graph::flag::mounted)) return true;
  }
  return false;
}

StoreObject::StoreObject() : graph(*this), id_(next_id()) { stores().emplace(id_, this); }

StoreObject::~StoreObject() {
  collect(true);
  stores().erase(id_);
}

bool StoreObject::enter_slowly() {
  const std::uint64_t thread = this_thread();
  if ((guards_ & kClosed) != 0) {
    PyErr_SetString(registry().store_closed,
                    "the store is closed; make a new Store, or call it before the end of its"
                    " with block");
    return false;
  }
  if ((guards_ & kNew) != 0) return settle_here();
  if (thread != home_ && !is_home(thread)) return false;
  if ((guards_ & kAbandoned) != 0 && !undo_abandoned()) return false;
  if ((guards_ & kBatch) != 0 && batch_context_ != nullptr &&
      PyThreadState_Get()->context != batch_context_) {
    // Another context usually means another task, but a task may also run code in a copied context.
    Ref same = Ref::take(PyObject_CallOneArg(registry().same_task, batch_task_));
    if (!same) return false;
    if (same.get() != Py_True) {
      PyErr_SetString(PyExc_RuntimeError,
                      "another task has a batch open on this store; a batch does not span an"
                      " await: leave the with block before awaiting");
      return false;
    }
  }
  return true;
}

// The store belongs to this thread from now on.
bool StoreObject::settle_here() {
  home_ = this_thread();
  guards_ &= ~kNew;
  if (!driver.exists()) return true;  // a StoreBase that is no halflife.Store
  return static_cast<bool>(driver.bind());
}

// The driver compares threads as Python does, and words the error.
bool StoreObject::is_home(std::uint64_t thread) {
  if (!driver.exists()) {
    PyErr_SetString(registry().wrong_thread, "the store belongs to another thread");
    return false;
  }
  Ref error = driver.refuse_thread();
  if (!error) return false;
  if (error.get() != Py_None) {
    PyErr_SetObject(registry().wrong_thread, error.get());
    return false;
  }
  home_ = thread;
  return true;
}

bool StoreObject::note_loop() {
  PyObject* before =
      std::exchange(loop_hook_, Py_XNewRef(PyThreadState_Get()->async_gen_firstiter));
  Py_XDECREF(before);
  return !driver.exists() || static_cast<bool>(driver.note_loop());
}

// Ends the store: calls cleanups, cancels runs, and releases everything.
void StoreObject::close() {
  if (closed()) return;
  guards_ |= kClosed;
  SavedError saved;
  std::vector<graph::Node*> hooked;
  std::vector<PyObject*> runs;
  for (graph::Node* node : graph.nodes()) {
    const bool effect = node->kind == graph::Kind::effect && node->keepalive_count > 0;
    if (node->is(graph::flag::hook_run) || effect) {
      hooked.push_back(node);
    }
    if (graph::AsyncState* state = node->async(); state != nullptr && state->run != nullptr) {
      runs.push_back(Py_NewRef(static_cast<PyObject*>(state->run)));
    }
  }
  // Dependents are unmounted before their inputs, as always.
  std::stable_sort(
      hooked.begin(), hooked.end(),
      [](const graph::Node* one, const graph::Node* other) { return one->height > other->height; });
  for (graph::Node* node : hooked) run_cleanup(*node);
  for (PyObject* run : runs) {
    cancel(run);
    Py_DECREF(run);
  }
  if (!raise_collected()) report_pending(nullptr);
  collect(true);
}

void StoreObject::collect(bool closing) {
  if (closing) guards_ |= kClosed;
  // Before any value is released: its destructor must not reach a store that is being taken apart.
  if (getter_ != nullptr) {
    getter_->store_id = id_;
    getter_->store = nullptr;
    Py_CLEAR(getter_);
  }
  for (SetterObject* setter : setters_) setter->store = nullptr;
  setters_.clear();
  PyObject* own_setter = std::exchange(own_setter_, nullptr);
  for (graph::Node* node : graph.nodes()) wake(*node);
  wake_waiters();
  graph.clear();
  std::vector<const AtomObject*> displaced;
  for (const auto& [atom, node] : displaced_) displaced.push_back(atom);
  for (const AtomObject* atom : displaced) forget_displaced(atom);
  Py_XDECREF(own_setter);
  std::deque<Errand> errands;
  errands.swap(errands_);
  for (const Errand& errand : errands) {
    Py_DECREF(errand.atom);
    Py_DECREF(errand.detail);
  }
  for (graph::Subscription* subscription : std::exchange(untold_, {})) {
    graph::Store::drop(subscription);
  }
  for (auto& [atom, override] : std::exchange(overrides_, {})) {
    Py_DECREF(as_object(atom));
    Py_DECREF(override.instead);
  }
  std::vector<PyObject*> errors;
  errors.swap(collected_);
  for (PyObject* error : errors) Py_DECREF(error);
  Py_CLEAR(interrupt_);
  Py_CLEAR(loop_hook_);
  Py_CLEAR(batch_task_);
  driver.clear();
}

int StoreObject::traverse(visitproc visit, void* arg) {
  if (const int stopped = driver.traverse(visit, arg)) return stopped;
  Py_VISIT(interrupt_);
  Py_VISIT(loop_hook_);
  Py_VISIT(batch_task_);
  Py_VISIT(own_setter_);
  for (const auto& [atom, override] : overrides_) {
    Py_VISIT(as_object(atom));
    Py_VISIT(override.instead);
  }
  for (PyObject* error : collected_) Py_VISIT(error);
  for (PyObject* future : woken_) Py_VISIT(future);
  for (const Errand& errand : errands_) {
    Py_VISIT(errand.atom);
    Py_VISIT(errand.detail);
  }
  int stop = 0;
  graph.for_each_value([&](Value value) {
    if (stop == 0) stop = visit(static_cast<PyObject*>(value), arg);
  });
  if (stop != 0) return stop;
  for (const graph::Node* node : graph.dropped()) Py_VISIT(static_cast<PyObject*>(node->atom));
  for (const graph::Node* node : graph.nodes()) {
    if (node->is(graph::flag::held)) Py_VISIT(static_cast<PyObject*>(node->atom));
    if (node->kind == graph::Kind::effect) {  // the atom does not know the nodes of an effect
      if (const int stopped = visit_node(*node, visit, arg)) return stopped;
    }
    const graph::AsyncState* state = node->async();
    if (state == nullptr || state->waiting == nullptr) continue;
    for (PyObject* future : static_cast<Waiters*>(state->waiting)->futures()) Py_VISIT(future);
  }
  return 0;
}

}  // namespace halflife::bindings
