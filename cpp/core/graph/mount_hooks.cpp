#include "mount_hooks.hpp"

#include <algorithm>
#include <unordered_set>

namespace halflife::graph {

void MountHooks::queue(Node& node) {
  if (!node.is(flag::hooked) && !events_.on()) return;
  if (node.is(flag::hook_queued)) return;  // the flush compares the state at that time
  node.set_flag(flag::hook_queued);
  reclaimer_.hold(node);
  node.more().index_in_hooks = static_cast<std::uint32_t>(queue_.size());
  queue_.push_back(&node);
}

void MountHooks::run() {
  std::vector<Node*> nodes;
  nodes.swap(queue_);
  std::erase(nodes, nullptr);
  // Inputs mount before their dependents and unmount after them, even an input that was found after
  // its dependent was queued.
  const auto in_order = [](const Node* one, const Node* other) {
    const bool mounted = one->is(flag::mounted);
    if (mounted != other->is(flag::mounted)) return mounted;
    return mounted ? one->height < other->height : one->height > other->height;
  };
  if (!std::is_sorted(nodes.begin(), nodes.end(), in_order)) {
    std::stable_sort(nodes.begin(), nodes.end(), in_order);
  }
  for (Node* next : nodes) {
    Node& node = *next;
    node.clear_flag(flag::hook_queued);
    const bool mounted = node.is(flag::mounted);
    if (mounted != node.is(flag::hook_run)) {
      if (mounted) {
        node.set_flag(flag::hook_run);
        events_.record(Event::mounted, node);
        if (node.is(flag::hooked)) host_.mount(node);
      } else if (!kept_for_run(node)) {
        node.clear_flag(flag::hook_run);
        events_.record(Event::unmounted, node);
        if (node.is(flag::hooked)) host_.unmount(node);
      }
    }
    reclaimer_.maybe_unhold(node);
  }
}

void MountHooks::list(std::vector<Node*>& nodes) const {
  for (Node* node : queue_) {
    if (node != nullptr) nodes.push_back(node);
  }
}

// Does a mounted node reach this one by an edge that it passed over?
bool MountHooks::kept_for_run(Node& node) const {
  if (passed_ == 0) return false;
  std::vector<const Node*> work{&node};
  std::unordered_set<const Node*> seen{&node};
  while (!work.empty()) {
    const Node& one = *work.back();
    work.pop_back();
    for (const Dependent& dependent : one.dependents) {
      if (dependent.node->inputs[dependent.edge].passed) {
        if (dependent.node->is(flag::mounted)) return true;
      } else if (seen.insert(dependent.node).second) {
        work.push_back(dependent.node);
      }
    }
  }
  return false;
}

void MountHooks::release_below(Node& root) {
  std::vector<Node*> work{&root};
  std::unordered_set<const Node*> seen{&root};
  while (!work.empty()) {
    Node& node = *work.back();
    work.pop_back();
    if (node.is(flag::mounted)) continue;
    if (node.is(flag::hook_run)) queue(node);
    for (const Edge& edge : node.inputs) {
      if (seen.insert(edge.input).second) work.push_back(edge.input);
    }
  }
}

void MountHooks::forget(Node& node) {
  if (!node.is(flag::hook_queued)) return;
  const std::size_t index = node.extra->index_in_hooks;
  if (index < queue_.size() && queue_[index] == &node) queue_[index] = nullptr;
}

const char* MountHooks::invariant() const {
  for (std::size_t index = 0; index < queue_.size(); ++index) {
    const Node* node = queue_[index];
    if (node == nullptr) continue;
    if (!node->is(flag::hook_queued)) return "a mount hook that is queued, and not marked";
    if (node->extra->index_in_hooks != index) return "not where the list of hooks should have it";
  }
  return nullptr;
}

}  // namespace halflife::graph
