#include "snapshot.hpp"

#include <pybind11/stl.h>

#include <unordered_map>
#include <vector>

#include "../support/error_value.hpp"
#include "callables.hpp"
#include "store_object.hpp"
#include "waiters.hpp"

namespace py = pybind11;

namespace halflife::bindings {

using graph::Node;
namespace flag = graph::flag;

namespace {

StoreObject& open_store(py::handle object) {
  StoreObject* store = store_argument(object.ptr());
  if (store == nullptr || !store->enter_outside()) throw py::error_already_set();
  return *store;
}

// Is a newer value on its way, or does the node wait for a read?
bool is_under_way(const graph::AsyncState& state) {
  return state.phase != graph::Phase::idle || state.pending_inputs > 0 || state.restart_queued;
}

const char* state_of(const Node& node, bool current) {
  if (node.pending()) {
    if (is_under_way(*node.async())) return "loading";
    return node.is(flag::computed) ? "stale" : "unread";
  }
  if (node.is(flag::error)) return current ? "error" : "stale";
  if (!node.is(flag::computed)) return "unread";
  return current ? "value" : "stale";
}

py::object value_of(const Node& node) {
  if (node.value == nullptr) return py::none();
  auto* value = static_cast<PyObject*>(node.value);
  return py::reinterpret_borrow<py::object>(node.is(flag::error) ? error_of(value) : value);
}

py::object atom_of(const Node& node) {
  return py::reinterpret_borrow<py::object>(static_cast<PyObject*>(node.atom));
}

// The present state of a node. The rows of all nodes are made before any Python object: making
// objects may start a garbage collection, which may free nodes.
struct Row {
  py::object atom;
  py::object value;
  std::vector<py::object> inputs;
  const char* state;
  std::uint32_t runs;
  unsigned subscribers;
  bool observed;
};

Row row_of(const Node& node, bool current) {
  Row row{
      atom_of(node),           value_of(node), {},
      state_of(node, current), node.runs,      node.extra ? node.extra->subscriptions.size() : 0,
      node.is(flag::mounted)};
  for (std::uint32_t index = 0; index < node.active_inputs(); ++index) {
    const Node* input = node.inputs[index].input;
    if (input->atom != nullptr) row.inputs.push_back(atom_of(*input));
  }
  return row;
}

}  // namespace

py::list snapshot(py::handle object) {
  StoreObject& store = open_store(object);
  std::vector<Row> found;
  found.reserve(store.graph.nodes().size());
  for (const Node* node : store.graph.nodes()) {
    if (node->atom != nullptr) found.push_back(row_of(*node, store.graph.fresh(*node)));
  }
  py::list rows;
  for (Row& row : found) {
    py::list inputs;
    for (py::object& input : row.inputs) inputs.append(std::move(input));
    rows.append(py::make_tuple(row.atom, name_of(as_atom(row.atom.ptr())->kind), row.state,
                               row.value, row.observed, row.runs, row.subscribers, inputs));
  }
  return rows;
}

// One atom of a chain, made like a row.
struct Link {
  py::object atom;
  std::vector<std::size_t> inputs;
  Stamp asked = 0;
  Stamp answered = 0;
  bool has_asked = false;
  bool has_answered = false;
  bool under_way = false;
  bool waits = false;
};

Link link_of(const Node& node) {
  Link link;
  const graph::AsyncState* state = node.is(flag::asynchronous) ? node.async() : nullptr;
  const auto* known = static_cast<const AtomObject*>(node.atom);
  if (known != nullptr) link.atom = atom_of(node);
  if (state == nullptr) return link;
  link.under_way = is_under_way(*state);
  link.waits = node.pending() && !state->shows_stream();
  if (known == nullptr || known->kind != AtomKind::derived || known->has(bit::stream)) return link;
  link.has_asked = state->generation > 0;
  link.has_answered = node.is(flag::computed);
  link.asked = state->asked_at;
  link.answered = state->answered_at;
  return link;
}

py::list chain(py::handle object, py::handle atom) {
  StoreObject& store = open_store(object);
  if (!is_atom(atom.ptr())) {
    not_an_atom("_chain()", atom.ptr());
    throw py::error_already_set();
  }
  py::list rows;
  const Node* first = store.known_node(as_atom(atom.ptr()));
  if (first == nullptr) return rows;
  std::unordered_map<const Node*, std::size_t> places{{first, 0}};
  std::vector<const Node*> found{first};
  std::vector<Link> links;
  for (std::size_t place = 0; place < found.size(); ++place) {
    const Node& node = *found[place];
    Link link = link_of(node);
    // Includes inputs of the last run that the newest run has not read yet.
    for (const graph::Edge& edge : node.inputs) {
      const auto [entry, is_new] = places.try_emplace(edge.input, found.size());
      if (is_new) found.push_back(edge.input);
      link.inputs.push_back(entry->second);
    }
    links.push_back(std::move(link));
  }
  const auto number = [](bool known, Stamp stamp) {
    return known ? py::object(py::int_(stamp)) : py::object(py::none());
  };
  for (const Link& link : links) {
    py::list inputs;
    for (const std::size_t input : link.inputs) inputs.append(input);
    rows.append(py::make_tuple(
        link.atom ? link.atom : py::object(py::none()), number(link.has_answered, link.answered),
        number(link.has_asked, link.asked), link.under_way, link.waits, inputs));
  }
  return rows;
}

py::tuple peek(py::handle object, py::handle atom) {
  StoreObject& store = open_store(object);
  if (!is_atom(atom.ptr())) {
    not_an_atom("_peek()", atom.ptr());
    throw py::error_already_set();
  }
  const Node* node = store.known_node(store.read_instead(as_atom(atom.ptr())));
  if (node == nullptr) return py::make_tuple("unread", py::none());
  return py::make_tuple(state_of(*node, store.graph.fresh(*node)), value_of(*node));
}

bool is_known(py::handle object, py::handle atom) {
  StoreObject& store = open_store(object);
  return is_atom(atom.ptr()) &&
         store.known_node(store.read_instead(as_atom(atom.ptr()))) != nullptr;
}

py::tuple waiting_for(py::handle object, py::handle atom) {
  StoreObject& store = open_store(object);
  std::vector<py::object> futures;
  std::vector<py::object> atoms;
  const Node* node = is_atom(atom.ptr()) ? store.known_node(as_atom(atom.ptr())) : nullptr;
  const graph::AsyncState* state = node == nullptr ? nullptr : node->async();
  if (state != nullptr && state->waiting != nullptr) {
    for (PyObject* future : static_cast<Waiters*>(state->waiting)->futures()) {
      if (future != nullptr) futures.push_back(py::reinterpret_borrow<py::object>(future));
    }
  }
  if (node != nullptr) {
    for (const graph::Dependent& dependent : node->dependents) {
      const bool waits = dependent.node->inputs[dependent.edge].counted;
      if (waits && dependent.node->atom != nullptr) atoms.push_back(atom_of(*dependent.node));
    }
  }
  return py::make_tuple(py::cast(futures), py::cast(atoms));
}

}  // namespace halflife::bindings
