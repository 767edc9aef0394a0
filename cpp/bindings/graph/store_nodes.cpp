// StoreObject: finding and making the node that holds an atom's state in this store.
#include "../support/returned.hpp"
#include "callables.hpp"
#include "store_object.hpp"
#include "waiters.hpp"

namespace halflife::bindings {

using graph::Kind;
using graph::Node;
namespace flag = graph::flag;

graph::Node* StoreObject::known_node(AtomObject* atom) {
  if (atom->store == id_) return atom->node;
  const auto found = displaced_.find(atom);
  return found == displaced_.end() ? nullptr : found->second;
}

// The atom was last used in another store, or is new here: from now on it remembers this store.
graph::Node* StoreObject::node_of_slowly(AtomObject* atom) {
  if (AtomObject* other = read_instead(atom); other != atom) return node_of(other);
  Node* node = nullptr;
  bool is_new = false;
  if (const auto found = displaced_.find(atom); found != displaced_.end()) {
    node = found->second;
    forget_displaced(atom);
  } else {
    node = create(atom);
    is_new = true;
    if (node == nullptr) return nullptr;
  }
  if (atom->store != 0 && atom->store != id_) {
    if (StoreObject* other = store_with_id(atom->store)) other->displace(atom, atom->node);
  }
  atom->store = id_;
  atom->node = node;
  if (hydrating && is_new && atom->has(bit::named) && override_of(atom) == nullptr) {
    Ref shown = Ref::take(PyObject_CallMethod(self, "_hydrate_atom", "O", as_object(atom)));
    if (!shown) return nullptr;
  }
  return node;
}

graph::Node* StoreObject::create(AtomObject* atom) {
  if (!overrides_.empty()) {
    if (const Override* override = override_of(atom)) return create_overridden(atom, *override);
  }
  Kind kind = Kind::derived;
  std::uint32_t flags = 0;
  switch (atom->kind) {
    case AtomKind::source:
    case AtomKind::lazy:
      kind = Kind::source;
      break;
    case AtomKind::derived:
      if (atom->has(bit::asynchronous)) flags |= flag::async_read;
      break;
    case AtomKind::loadable:
    case AtomKind::unwrap:
      kind = Kind::view;
      break;
    case AtomKind::effect:  // each observation of an effect has a node of its own
    case AtomKind::action:
      readable(atom);
      return nullptr;
  }
  if (atom->has(bit::hooked)) flags |= flag::hooked;
  if (atom->equals != nullptr) flags |= flag::compares;
  if (atom->has(bit::abort_unseen)) flags |= flag::abort_unseen;
  if (atom->has(bit::holds_value)) flags |= flag::of_atom;
  Node* node = graph.add(atom, kind, flags);
  if (atom->kind == AtomKind::source) initialize_source(*node, atom->body);
  return node;
}

void StoreObject::initialize_source(Node& node, PyObject* initial) {
  const PyAsyncMethods* methods = Py_TYPE(initial)->tp_as_async;
  if (methods == nullptr || methods->am_await == nullptr) {
    graph.initialize(node, Py_NewRef(initial));
  } else {
    graph.initialize_awaitable(node, make_returned(initial, nullptr));
  }
}

void StoreObject::forget_atom(AtomObject* atom) {
  Node* node = known_node(atom);
  if (node == nullptr) return;
  if (atom->store == id_) {
    atom->store = 0;
    atom->node = nullptr;
  } else {
    forget_displaced(atom);
  }
  Ref kept = keep_for_sweep();
  graph.remove(*node, static_cast<bool>(kept));
}

// A reference that keeps the store alive during a sweep, since a released value may hold the last
// one. Null on another thread, or when the store itself is being freed: then nothing is swept now.
Ref StoreObject::keep_for_sweep() {
  const bool sweeps = this_thread() == home_ && Py_REFCNT(self) > 0;
  return sweeps ? Ref::borrow(self) : Ref();
}

void StoreObject::disown(Node& node) {
  Ref kept = keep_for_sweep();
  if (kept) graph.disown(node);
}

void StoreObject::hold(Node& node) { Py_XINCREF(static_cast<PyObject*>(node.atom)); }

void StoreObject::unhold(void* atom) { Py_XDECREF(static_cast<PyObject*>(atom)); }

void StoreObject::hold_input(Node& input) { Py_XINCREF(static_cast<PyObject*>(input.atom)); }

void StoreObject::unhold_input(void* atom) { Py_XDECREF(static_cast<PyObject*>(atom)); }

// The node is about to be freed. Called inside walks: only pointers are cleared.
void StoreObject::forget(Node& node) {
  auto* atom = static_cast<AtomObject*>(node.atom);
  if (atom != nullptr && node.kind != Kind::effect) {
    if (atom->store == id_) {
      atom->store = 0;
      atom->node = nullptr;
    } else {
      forget_displaced(atom);
    }
  }
  if (node.getter != nullptr) {
    auto* getter = static_cast<GetterObject*>(node.getter);
    getter->store_id = id_;
    getter->store = nullptr;
    if (getter->name == nullptr) getter->name = Py_NewRef(Py_None);
    node.getter = nullptr;
    Py_DECREF(getter);
  }
  if (node.kind == Kind::effect) effects.erase(&node);
  if (graph::AsyncState* state = node.async(); state != nullptr && state->waiting != nullptr) {
    auto* waiting = static_cast<Waiters*>(state->waiting);
    waiting->move_to(woken_);
    delete waiting;
    state->waiting = nullptr;
  }
}

PyObject* StoreObject::getter_of(Node& node) {
  if (node.getter == nullptr) node.getter = make_getter(this, &node);
  return static_cast<PyObject*>(node.getter);
}

PyObject* StoreObject::plain_getter() {
  if (getter_ == nullptr) getter_ = make_getter(this, nullptr);
  return as_object(getter_);
}

PyObject* StoreObject::plain_setter() {
  if (own_setter_ == nullptr) own_setter_ = as_object(make_setter(this, nullptr));
  return own_setter_;
}

}  // namespace halflife::bindings
