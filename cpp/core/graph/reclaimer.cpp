#include "reclaimer.hpp"

#include <algorithm>

namespace halflife::graph {

void Reclaimer::trash(Value value) {
  if (!host_.release_plain(value)) values_.push_back(value);
}

bool Reclaimer::needed(const Node& node) {
  return node.keepalive_count > 0 ||
         node.is(flag::hook_run | flag::hook_queued | flag::notification_queued |
                 flag::notification_deferred | flag::effect_queued);
}

void Reclaimer::hold(Node& node) {
  if (node.is(flag::held)) return;
  node.set_flag(flag::held);
  host_.hold(node);
}

void Reclaimer::maybe_unhold(Node& node) {
  if (needed(node) || !node.is(flag::held) || node.is(flag::hold_queued)) return;
  node.set_flag(flag::hold_queued);
  unholds_.add(node);
}

void Reclaimer::add_holder(Node& node) {
  ++node.holders;
  host_.hold_input(node);
}

// Each list is popped before the host is called: the host may run user code, which adds to the
// lists.
void Reclaimer::release_one() {
  if (!dropped_.empty()) {
    Node* node = dropped_.back();
    dropped_.pop_back();
    --node->holders;
    host_.unhold_input(node->atom);
  } else if (!unholds_.empty()) {
    Node& node = unholds_.pop();
    node.clear_flag(flag::hold_queued);
    if (needed(node) || !node.is(flag::held)) return;
    node.clear_flag(flag::held);
    host_.unhold(node.atom);
  } else if (host_.has_errands) {
    host_.run_errands();
  } else {
    const Value value = values_.back();
    values_.pop_back();
    host_.release(value);
  }
}

void Reclaimer::clear(std::vector<Node*>& inputs, std::vector<Value>& values) {
  std::erase_if(orphans_, [](Node* node) {
    const bool detached = node->index_in_nodes == kUnlinked;
    if (detached) delete node;
    return detached;
  });
  orphans_.clear();
  inputs.swap(dropped_);
  values.swap(values_);
  unholds_.clear();
}

const char* Reclaimer::invariant(const Node& node) const {
  if (node.is(flag::hold_queued) && !unholds_.has_at_its_index(node))
    return "not where the list of holds should have it";
  if (needed(node) && !node.is(flag::held)) return "needed, but its atom is not held";
  return nullptr;
}

}  // namespace halflife::graph
