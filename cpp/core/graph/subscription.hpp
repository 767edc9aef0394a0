// A subscription: a callback that is called after a node has changed. The graph keeps it alive
// while it is active; so do its handle, and a flush that is about to call it. An active
// subscription survives its handle.
#pragma once

#include <cstdint>

#include "../ids.hpp"
#include "../value.hpp"

namespace halflife::graph {

struct Node;

struct Subscription {
  Node* node;      // null once unsubscribed
  Value callback;  // the host's; null once unsubscribed
  Value on_error;  // the host's, or null
  SubscriptionId id;
  Stamp seen;  // the node's stamp when the callback was last called, or when it was subscribed
  std::uint32_t references;
  bool late;  // subscribed while a notification of the node waited, so it was not told `before`
  Subscription* previous = nullptr;  // neighbors in the node's list, while active
  Subscription* next = nullptr;
};

// The subscriptions of one node, in the order of subscription. A linked list, so that any of them
// ends in constant time.
class Subscriptions {
 public:
  class Iterator {
   public:
    explicit Iterator(Subscription* at) : at_(at) {}
    Subscription* operator*() const { return at_; }
    Iterator& operator++() {
      at_ = at_->next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    Subscription* at_;
  };

  Iterator begin() const { return Iterator(first_); }
  static Iterator end() { return Iterator(nullptr); }
  bool empty() const { return first_ == nullptr; }
  std::uint32_t size() const { return size_; }

  void push_back(Subscription& subscription) {
    subscription.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &subscription;
    last_ = &subscription;
    ++size_;
  }
  void erase(Subscription& subscription) {
    (subscription.previous == nullptr ? first_ : subscription.previous->next) = subscription.next;
    (subscription.next == nullptr ? last_ : subscription.next->previous) = subscription.previous;
    subscription.previous = subscription.next = nullptr;
    --size_;
  }
  Subscription* pop_front() {
    Subscription* first = first_;
    erase(*first);
    return first;
  }

 private:
  Subscription* first_ = nullptr;
  Subscription* last_ = nullptr;
  std::uint32_t size_ = 0;
};

}  // namespace halflife::graph
