// The notifications of a store: whom the flush tells, and in what order. Nodes whose subscribers
// are to be told wait in a queue, effects in another. A notification is *immediate* (told by this
// flush) or *deferred* (told at the end of the loop tick, so that a value that arrives within the
// tick shows no loading state in between). Subscribers are told in the order of subscription.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host.hpp"
#include "node.hpp"
#include "node_list.hpp"
#include "reclaimer.hpp"

namespace halflife::graph {

class Notifications {
 public:
  Notifications(Host& host, Reclaimer& reclaimer) : host_(host), reclaimer_(reclaimer) {}

  SubscriptionId next_subscription() { return ++last_subscription_; }

  // The node's subscribers are to be told.
  void queue(Node& node, std::uint32_t urgency) {
    if (urgency & flag::immediate) node.set_flag(flag::notify_immediately);
    if (node.is(flag::notification_queued)) return;
    node.set_flag(flag::notification_queued);
    queue_.push_back(&node);
  }
  bool empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }
  const std::vector<Node*>& queued() const { return queue_; }
  // A batch is undone that began when the queue had `from` entries: what it queued is taken out
  // again if the node is put back (flag::journaled). A run that ended meanwhile is still told.
  void retract(std::size_t from);

  // Takes the queue. To be given back when its nodes were seen, so that it keeps its room.
  std::vector<Node*> take_queue() {
    std::vector<Node*> nodes;
    nodes.swap(spare_);
    nodes.swap(queue_);
    return nodes;
  }
  void give_back(std::vector<Node*>& nodes) {
    nodes.clear();
    if (spare_.capacity() < nodes.capacity()) spare_.swap(nodes);
  }

  // Is the node, just taken from the queue, told at the end of the loop tick only? False if no loop
  // runs: then it is told now.
  bool defer(Node& node) {
    if (!tick_end_asked_) tick_end_asked_ = host_.defer();
    if (!tick_end_asked_) return false;
    if (!node.is(flag::notification_deferred)) {
      node.set_flag(flag::notification_deferred);
      deferred_.push_back(&node);
    }
    return true;
  }
  // The loop tick has ended.
  std::vector<Node*> take_deferred() {
    tick_end_asked_ = false;
    std::vector<Node*> nodes;
    nodes.swap(deferred_);
    return nodes;
  }

  // Subscriptions that are about to be told. The caller adds from `ready_size()` on, puts its own
  // in order, tells them one by one, and takes them out again.
  std::size_t ready_size() const { return ready_.size(); }
  void add_ready(Subscription& subscription) { ready_.push_back(&subscription); }
  Subscription& ready(std::size_t index) const { return *ready_[index]; }
  void sort_ready(std::size_t from) {
    std::sort(
        ready_.begin() + static_cast<std::ptrdiff_t>(from), ready_.end(),
        [](const Subscription* one, const Subscription* other) { return one->id < other->id; });
  }
  void drop_ready(std::size_t from) { ready_.resize(from); }

  void queue_effect(Node& node) {
    if (node.is(flag::effect_queued)) return;
    node.set_flag(flag::effect_queued);
    effects_.add(node);
  }
  bool has_effects() const { return !effects_.empty(); }
  // In the order in which they were observed.
  std::vector<Node*> take_effects();

  // The flush is given up: adds to `nodes` what is queued / takes all of it.
  void list(std::vector<Node*>& nodes) const;

  // The node is destroyed. (Only effects can be: a node in another list is held.)
  void forget(Node& node) {
    if (node.is(flag::effect_queued)) effects_.remove(node);
  }
  void clear() {
    queue_.clear();
    deferred_.clear();
    effects_.clear();
  }

  const char* invariant() const;

 private:
  Host& host_;
  Reclaimer& reclaimer_;
  // Nodes with flag::notification_queued, each once, in the order in which they were queued:
  // batches remember how many there were. Each is held, since `Reclaimer::needed` looks at the
  // flag.
  std::vector<Node*> queue_;
  // Empty: room that an earlier queue had, for the next one.
  std::vector<Node*> spare_;
  // Nodes with flag::notification_deferred, each once, held likewise: told when the loop tick ends.
  std::vector<Node*> deferred_;
  // True from the moment at which the host promised to call `Store::flush_deferred` until it does.
  bool tick_end_asked_ = false;
  // Subscriptions that the flush tells next; it owns a reference to each.
  std::vector<Subscription*> ready_;
  // Nodes with flag::effect_queued: effects that look whether to run again.
  NodeList<&Extra::index_in_effects> effects_;
  // The id that was given last; only next_subscription counts it up, so ids ascend with age.
  SubscriptionId last_subscription_ = 0;
};

}  // namespace halflife::graph
