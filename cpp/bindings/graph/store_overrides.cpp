// StoreObject: overrides. In this store, an overridden atom has another value than its own, or
// follows another atom. Its read, initial value and mount hook are not used.
// An atom that follows another one has no node here: reads of it read the other atom's node. Only
// an async atom that follows a sync one has its own node, so that it stays async.
#include "store_object.hpp"

namespace halflife::bindings {

using graph::Node;
namespace flag = graph::flag;

void StoreObject::override_atom(AtomObject* atom, PyObject* instead, bool follows) {
  Py_INCREF(as_object(atom));
  overrides_.emplace(atom, Override{Py_NewRef(instead), follows});
}

const StoreObject::Override* StoreObject::override_of(AtomObject* atom) const {
  const auto found = overrides_.find(atom);
  return found == overrides_.end() ? nullptr : &found->second;
}

AtomObject* StoreObject::find_written(AtomObject* atom) const {
  const Override* override = override_of(atom);
  return override != nullptr && override->follows ? as_atom(override->instead) : atom;
}

AtomObject* StoreObject::find_read(AtomObject* atom) const {
  AtomObject* other = find_written(atom);
  const bool stays_async = atom->has(bit::asynchronous) && !other->has(bit::asynchronous);
  return stays_async ? atom : other;
}

Node* StoreObject::create_overridden(AtomObject* atom, const Override& override) {
  const bool source = atom->kind == AtomKind::source || atom->kind == AtomKind::lazy;
  if (!source) return graph.add(atom, graph::Kind::derived, 0);
  Node* node = graph.add(atom, graph::Kind::source, 0);
  initialize_source(*node, override.instead);
  return node;
}

Outcome StoreObject::run_overridden(Node& node, graph::Frame& frame, const Override& override) {
  auto* atom = static_cast<AtomObject*>(node.atom);
  PyObject* value = override.instead;
  if (override.follows) {
    Node* input = node_of(as_atom(override.instead));
    if (input == nullptr || !graph.record(frame, *input, false)) return outcome_of_error(node);
    if (input->is(flag::asynchronous)) return outcome_of(result(*input), node, nullptr);
    value = static_cast<PyObject*>(input->value);
    if (input->is(flag::error)) return {Status::error, Py_NewRef(value), true};
  }
  Outcome outcome = outcome_of(Py_NewRef(value), node, nullptr);
  outcome.settled = outcome.status == Status::value && atom->has(bit::asynchronous);
  return outcome;
}

}  // namespace halflife::bindings
