// The lifetime of nodes: they are added, removed, and destroyed at the next safe point (see
// reclaimer.hpp).
#include <algorithm>

#include "store.hpp"

namespace halflife::graph {

Store::~Store() { clear(); }

Node* Store::add(void* atom, Kind kind, std::uint32_t flags) {
  Node* node = new Node;
  node->atom = atom;
  node->kind = kind;
  node->flags = flags;
  if ((flags & flag::async_read) != 0) {
    node->set_flag(flag::asynchronous);
    node->make_async();
  }
  node->index_in_nodes = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(node);
  return node;
}

// The garbage collector is about to free the atom of a node that is not live: the node drops its
// inputs.
void Store::disown(Node& node) {
  if (!can_free() || reclaimer_.sweeping() || node.is(flag::live) || node.inputs.empty()) return;
  drop_inputs(node, 0);
  if (AsyncState* state = node.async()) {
    state->cursor = 0;
    state->forced = state->outdated = true;
  }
  node.set_flag(flag::dirty);
  node.verified_at = 0;
  sweep();
}

// Errands run user code, so they wait while anything is being read or compared.
void Store::run_errands() {
  if (host_.has_errands && !busy()) host_.run_errands();
}

void Store::sweep() {
  if (reclaimer_.sweeping() || !can_free()) return;
  reclaimer_.sweep([this](Node& node) { destroy(node); });
}

void Store::remove(Node& node, bool now) {
  if (node.is(flag::orphan) || node.atom == nullptr) return;
  node.set_flag(flag::orphan);
  node.clear_flag(flag::of_atom);
  if (!node.is(flag::held)) node.atom = nullptr;  // an effect that has just ended may still be held
  reclaimer_.add_orphan(node);
  if (now) sweep();
}

void Store::destroy(Node& node) {
  if (node.index_in_nodes != kUnlinked) {
    nodes_[node.index_in_nodes] = nodes_.back();
    nodes_[node.index_in_nodes]->index_in_nodes = node.index_in_nodes;
    nodes_.pop_back();
    node.index_in_nodes = kUnlinked;
    drop_inputs(node, 0);
    propagation_.forget(node);
    reclaimer_.forget(node);
    notifications_.forget(node);
    mount_hooks_.forget(node);
    run_queue_.forget(node);
    unstarted_.remove(node);
    if (node.journal != 0) journal_.forget(node);
    const auto drop = [&](Value& value) {
      if (value != nullptr) reclaimer_.trash(value);
      value = nullptr;
    };
    drop(node.value);
    if (node.extra) {
      drop(node.extra->before);
      drop(node.extra->cleanup);
      if (AsyncState* state = node.async()) {
        drop(state->run);
        drop(state->provisional);
        drop(state->shown);
        drop(state->awaitable);
      }
    }
    host_.forget(node);
  }
  void* held = node.is(flag::held) ? node.atom : nullptr;
  node.clear_flag(flag::held);
  node.atom = nullptr;
  if (!node.is(flag::in_heap)) delete &node;  // else the heap returns it as an orphan
  if (held != nullptr) host_.unhold(held);    // last, since it may run user code
}

void Store::clear() {
  // From here on nothing runs and nobody is notified. Values are released last, since that may run
  // user code.
  std::vector<Node*> nodes;
  nodes.swap(nodes_);
  propagation_.clear(reclaimer_.orphans());
  std::vector<Node*> inputs;
  std::vector<Value> values;
  reclaimer_.clear(inputs, values);
  for (const Saved& saved : journal_.entries()) {
    for (const Edge& edge : saved.inputs) inputs.push_back(edge.input);
  }
  for (Node* node : nodes) {
    for (const Edge& edge : node->inputs) inputs.push_back(edge.input);
    node->inputs.truncate(0);
    node->dependents.truncate(0);
  }
  const auto take = [&](Value& value) {
    if (value != nullptr) values.push_back(value);
    value = nullptr;
  };
  for (Node* node : nodes) {
    take(node->value);
    if (!node->extra) continue;
    take(node->extra->before);
    take(node->extra->cleanup);
    node->extra->has_before = false;
    while (!node->extra->subscriptions.empty()) {
      Subscription* subscription = node->extra->subscriptions.pop_front();
      take(subscription->callback);
      take(subscription->on_error);
      subscription->node = nullptr;
      drop(subscription);
    }
    if (AsyncState* state = node->async()) {
      take(state->run);
      take(state->provisional);
      take(state->shown);
      take(state->awaitable);
    }
  }
  journal_.clear(values);
  run_queue_.clear(values);
  notifications_.clear();
  mount_hooks_.clear();
  unstarted_.clear();
  for (Node* node : nodes) host_.forget(*node);
  std::vector<void*> read;
  for (Node* node : inputs) read.push_back(node->atom);
  // The call under way may still use nodes: they stay, without values, until the store is
  // destroyed.
  std::vector<void*> atoms;
  for (Node* node : nodes) {
    if (node->is(flag::held)) atoms.push_back(node->atom);
    node->atom = nullptr;
    node->flags = flag::orphan;  // never computed again
    node->observer_count = node->keepalive_count = node->holders = node->journal = 0;
    node->verified_at = 0;
    if (AsyncState* state = node->async()) *state = AsyncState{};
  }
  reclaimer_.keep_cleared(nodes);
  for (void* atom : read) host_.unhold_input(atom);
  for (void* atom : atoms) host_.unhold(atom);
  for (const Value value : values) host_.release(value);
}

}  // namespace halflife::graph
