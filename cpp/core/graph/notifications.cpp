#include "notifications.hpp"

namespace halflife::graph {

void Notifications::retract(std::size_t from) {
  std::size_t kept = from;
  for (std::size_t index = from; index < queue_.size(); ++index) {
    Node& node = *queue_[index];
    if (!node.is(flag::journaled)) {
      queue_[kept++] = &node;
      continue;
    }
    node.clear_flag(flag::notification_queued | flag::notify_immediately);
    Extra& extra = *node.extra;
    if (extra.has_before && !node.is(flag::notification_deferred)) {
      reclaimer_.trash(extra.before);
      extra.before = nullptr;
      extra.has_before = false;
      for (Subscription* subscription : extra.subscriptions) subscription->late = false;
    }
    reclaimer_.maybe_unhold(node);
  }
  queue_.resize(kept);
}

std::vector<Node*> Notifications::take_effects() {
  std::vector<Node*> effects = effects_.take();
  const auto by_age = [](const Node* one, const Node* other) {
    return one->extra->observed_as < other->extra->observed_as;
  };
  if (!std::is_sorted(effects.begin(), effects.end(), by_age)) {
    std::sort(effects.begin(), effects.end(), by_age);
  }
  return effects;
}

void Notifications::list(std::vector<Node*>& nodes) const {
  for (Node* node : effects_) nodes.push_back(node);
  for (Node* node : queue_) nodes.push_back(node);
}

const char* Notifications::invariant() const {
  for (const Node* node : queue_) {
    if (!node->is(flag::notification_queued)) return "queued to be told, and not marked";
    if (!node->is(flag::held)) return "queued to be told, and not held";
  }
  for (const Node* node : deferred_) {
    if (!node->is(flag::notification_deferred)) return "deferred, and not marked";
    if (!node->is(flag::held)) return "deferred, and not held";
  }
  for (const Node* node : effects_) {
    if (!node->is(flag::effect_queued)) return "an effect that is queued, and not marked";
    if (!effects_.has_at_its_index(*node)) return "an effect that is not where the list has it";
  }
  if (!deferred_.empty() && !tick_end_asked_) return "deferred to the end of no loop tick";
  return nullptr;
}

}  // namespace halflife::graph
