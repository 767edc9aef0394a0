// What a flush owes: mount hooks to be run.
#pragma once

namespace halflife::graph {

struct Node;

struct MountChange {
  Node* node;
  bool mounted;
};

}  // namespace halflife::graph
