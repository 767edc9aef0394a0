// Nodes come and go. Giving a value or an atom back may run user code (__del__), so what a walk
// drops is set aside and released by the next sweep, when everything is consistent.
#include <algorithm>

#include "store.hpp"

namespace halflife::graph {

Store::~Store() {
  clear();
  for (Node* node : cleared_) delete node;
}

Node* Store::add(void* atom, Kind kind, std::uint32_t flags) {
  Node* node = new Node;
  node->atom = atom;
  node->kind = kind;
  node->flags = flags;
  if ((flags & flag::async_read) != 0) {
    node->raise(flag::asynchronous);
    node->make_async();
  }
  node->place = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(node);
  return node;
}

void Store::trash(Value value) {
  if (!host_.release_plain(value)) trash_.push_back(value);
}

bool Store::needed(const Node& node) {
  return node.reasons > 0 || node.is(flag::hook_run | flag::hook_queued | flag::noted |
                                     flag::in_quiet | flag::effect_queued);
}

void Store::hold(Node& node) {
  if (node.is(flag::held)) return;
  node.raise(flag::held);
  host_.hold(node);
}

void Store::maybe_unhold(Node& node) {
  if (needed(node) || !node.is(flag::held) || node.is(flag::hold_queued)) return;
  node.raise(flag::hold_queued);
  enlist(unholds_, &Extra::place_in_unholds, node);
}

void Store::add_holder(Node& node) {
  ++node.holders;
  host_.hold_input(node);
}

// The reference is ours until the next sweep.
void Store::unhold_later(Node& node) { dropped_.push_back(&node); }

// The atom of a node that nobody looks at is being collected: it lets go of what it read.
void Store::disown(Node& node) {
  if (!can_free() || sweeping_ || node.is(flag::live) || node.inputs.empty()) return;
  drop_inputs(node, 0);
  if (AsyncState* state = node.async()) {
    state->cursor = 0;
    state->forced = state->outdated = true;
  }
  node.raise(flag::dirty);
  node.verified_at = 0;
  sweep();
}

// Errands run user code: they wait while anything is being read or compared.
void Store::run_errands() {
  if (host_.has_errands && !busy()) host_.run_errands();
}

// For lists whose order is of no matter: a node leaves them in constant time.
void Store::enlist(std::vector<Node*>& list, Place place, Node& node) {
  node.more().*place = static_cast<std::uint32_t>(list.size());
  list.push_back(&node);
}

void Store::delist(std::vector<Node*>& list, Place place, Node& node) {
  const std::size_t at = node.extra.get()->*place;
  if (at >= list.size() || list[at] != &node) return;  // its list is being worked off
  list[at] = list.back();
  list[at]->extra.get()->*place = static_cast<std::uint32_t>(at);
  list.pop_back();
}

void Store::sweep() {
  if (sweeping_ || !can_free()) return;
  const auto clean = [this] {
    return trash_.empty() && unholds_.empty() && dropped_.empty() && orphans_.empty() &&
           !host_.has_errands;
  };
  if (clean()) return;
  sweeping_ = true;
  while (!clean()) {
    if (!orphans_.empty()) {
      Node* node = orphans_.back();
      orphans_.pop_back();
      destroy(*node);
    } else if (!dropped_.empty()) {
      Node* node = dropped_.back();
      dropped_.pop_back();
      --node->holders;
      host_.unhold_input(node->atom);
    } else if (!unholds_.empty()) {
      Node* node = unholds_.back();
      unholds_.pop_back();
      node->lower(flag::hold_queued);
      if (needed(*node) || !node->is(flag::held)) continue;
      node->lower(flag::held);
      host_.unhold(node->atom);
    } else if (host_.has_errands) {
      host_.run_errands();
    } else {
      const Value value = trash_.back();
      trash_.pop_back();
      host_.release(value);
    }
  }
  sweeping_ = false;
}

void Store::remove(Node& node, bool now) {
  if (node.is(flag::orphan) || node.atom == nullptr) return;
  node.raise(flag::orphan);
  node.lower(flag::of_atom);
  if (!node.is(flag::held)) node.atom = nullptr;  // an effect that has just ended is held as yet
  orphans_.push_back(&node);
  if (now) sweep();
}

void Store::destroy(Node& node) {
  if (node.place != kUnlinked) {
    nodes_[node.place] = nodes_.back();
    nodes_[node.place]->place = node.place;
    nodes_.pop_back();
    node.place = kUnlinked;
    drop_inputs(node, 0);
    if (node.is(flag::in_cyclic)) delist(cyclic_, &Extra::place_in_cyclic, node);
    if (node.is(flag::hold_queued)) delist(unholds_, &Extra::place_in_unholds, node);
    if (node.is(flag::effect_queued)) delist(effects_, &Extra::place_in_effects, node);
    if (node.is(flag::hook_queued)) {
      const std::size_t place = node.extra->place_in_hooks;
      if (place < hooks_.size() && hooks_[place].node == &node) hooks_[place].node = nullptr;
    }
    if (AsyncState* state = node.async(); state != nullptr && state->restart_queued) {
      // The order counts, and batches know how many there were: a hole is left.
      const std::size_t place = state->place_in_restarts;
      if (place < restarts_.size() && restarts_[place] == &node) restarts_[place] = nullptr;
    }
    if (node.is(flag::in_unstarted)) no_longer_unstarted(node);
    if (node.journal != 0) forget_saved(node);
    const auto drop = [&](Value& value) {
      if (value != nullptr) trash(value);
      value = nullptr;
    };
    drop(node.value);
    if (node.extra) {
      drop(node.extra->before);
      drop(node.extra->cleanup);
      if (AsyncState* state = node.async()) {
        if (state->in_pending) --pending_runs_;
        drop(state->run);
        drop(state->provisional);
        drop(state->shown);
        drop(state->awaitable);
      }
    }
    host_.forget(node);
  }
  void* held = node.is(flag::held) ? node.atom : nullptr;
  node.lower(flag::held);
  node.atom = nullptr;
  if (!node.is(flag::in_heap)) delete &node;  // else the heap hands it back
  if (held != nullptr) host_.unhold(held);    // last: it may run user code
}

void Store::clear() {
  // Nothing is computed or told from here on: only taken apart, values last.
  std::vector<Node*> nodes;
  nodes.swap(nodes_);
  while (heap_.pop(orphans_) != nullptr) {
  }
  std::erase_if(orphans_, [](Node* node) {
    const bool detached = node->place == kUnlinked;
    if (detached) delete node;
    return detached;
  });
  orphans_.clear();
  std::vector<Node*> inputs;
  inputs.swap(dropped_);
  for (const Saved& saved : journal_) {
    for (const Edge& edge : saved.inputs) inputs.push_back(edge.input);
  }
  for (Node* node : nodes) {
    for (const Edge& edge : node->inputs) inputs.push_back(edge.input);
    node->inputs.truncate(0);
    node->dependents.truncate(0);
  }
  std::vector<Value> values;
  values.swap(trash_);
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
  for (Saved& saved : journal_) {
    take(saved.value);
    take(saved.awaitable);
    take(saved.shown);
  }
  for (Value& value : cancels_) take(value);
  for (Start& start : starts_) take(start.run);
  journal_.clear();
  marks_.clear();
  cancels_.clear();
  starts_.clear();
  for (auto* list : {&notes_, &quiet_notes_, &effects_, &restarts_, &cyclic_, &unholds_}) {
    list->clear();
  }
  hooks_.clear();
  pending_runs_ = unstarted_ = holes_ = 0;
  for (Node* node : nodes) host_.forget(*node);
  std::vector<void*> read;
  for (Node* node : inputs) read.push_back(node->atom);
  // The call that is under way may still look at nodes: they stay, empty, as long as the store.
  std::vector<void*> atoms;
  for (Node* node : nodes) {
    if (node->is(flag::held)) atoms.push_back(node->atom);
    node->atom = nullptr;
    node->flags = flag::orphan;  // never computed again
    node->mounts = node->reasons = node->holders = node->journal = 0;
    node->verified_at = 0;
    if (AsyncState* state = node->async()) *state = AsyncState{};
  }
  cleared_.insert(cleared_.end(), nodes.begin(), nodes.end());
  for (void* atom : read) host_.unhold_input(atom);
  for (void* atom : atoms) host_.unhold(atom);
  for (const Value value : values) host_.release(value);
}

}  // namespace halflife::graph
