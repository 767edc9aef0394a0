// One node whose height is being raised; see order.cpp.
#pragma once

#include "node.hpp"

namespace halflife::graph {

struct Rise {
  Height before;
  Node* node;
  bool operator>(const Rise& other) const { return before > other.before; }
};

}  // namespace halflife::graph
