// A subscription: somebody who wants to hear of a node's changes. Kept alive by the graph while it
// is active, by its handle, and by a flush that is about to call it. The end of the handle does not
// end an active subscription.
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
  Stamp seen;  // the node's stamp when it was last told (or when it subscribed)
  std::uint32_t references;
  bool late;  // subscribed while its node's `before` waited, which others were told
};

}  // namespace halflife::graph
