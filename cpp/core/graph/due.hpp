// What a flush owes: mount hooks to be run, and first steps of runs that were begun.
#pragma once

#include "../ids.hpp"
#include "../value.hpp"

namespace halflife::graph {

struct Node;

struct MountChange {
  Node* node;
  bool mounted;
};

struct Start {
  Value run;
  Height height;  // of its node: dependents start before their inputs
};

}  // namespace halflife::graph
