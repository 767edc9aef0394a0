#include "propagation.hpp"

namespace halflife::graph {

void Propagation::retry_cycles(std::uint32_t urgency) {
  for (Node* cyclic : cyclic_) {
    if (cyclic->is(flag::live)) enqueue(*cyclic, urgency);
    cyclic->clear_flag(flag::in_cyclic);
  }
  cyclic_.clear();
}

void Propagation::clear(std::vector<Node*>& orphans) {
  while (heap_.pop(orphans) != nullptr) {
  }
  cyclic_.clear();
}

const char* Propagation::invariant(const Node& node) const {
  if (node.is(flag::in_cyclic) && !cyclic_.has_at_its_index(node))
    return "not where the list of cyclic nodes should have it";
  if (heap_.empty() && node.is(flag::queued)) return "queued, but not in the heap";
  return nullptr;
}

}  // namespace halflife::graph
