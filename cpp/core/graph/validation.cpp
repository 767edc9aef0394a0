#include "validation.hpp"

#include <algorithm>

namespace halflife::graph {

void Validation::drop(std::size_t base) {
  while (stack_.size() > base) {
    Check& check = stack_.back();
    check.node->clear_flag(flag::checking);
    if (check.index == kResume) check.node->clear_flag(flag::unwound);
    stack_.pop_back();
  }
}

// All nodes that are being computed between the outermost run and `node` become the unwind path.
// They are evaluated one by one, the deepest first, so no run is nested any more.
void Validation::unwind_to(Node& node) {
  if (unwinding()) return;  // a read caught the signal and went on
  const Frame* outermost = top_;
  for (unsigned depth = 1; depth < depth_; ++depth) outermost = outermost->outer;
  for (std::size_t index = outermost->stack_size; index < stack_.size(); ++index) {
    unwind_path_.push_back(stack_[index].node);
  }
  if (unwind_path_.empty() || unwind_path_.back() != &node) unwind_path_.push_back(&node);
  // Nothing but the unwinding frames may keep these nodes alive: hold them until the next sweep.
  for (Node* step : unwind_path_) {
    if (step->is(flag::orphan)) continue;
    reclaimer_.add_holder(*step);
    reclaimer_.unhold_later(*step);
  }
}

// The outermost run, on top of the stack, was unwound: the nodes that it needs are put above it.
void Validation::take_unwind_path() {
  host_.clear_unwind();
  stack_.back().index = kResume;
  stack_.back().node->set_flag(flag::unwound);
  for (Node* step : unwind_path_) {
    const bool last = step == unwind_path_.back();
    stack_.push_back({step, last ? 0 : kResume});
    step->set_flag(flag::checking | (last ? 0 : flag::unwound));
  }
  unwind_path_.clear();
}

// The node on top of the stack needs its own value.
void Validation::raise_cycle(Node& node) {
  std::size_t begin = stack_.size() - 1;
  const Frame* outside = nullptr;  // the innermost run that is not on the circle
  if (node.is(flag::running)) {
    if (const Frame* frame = frame_of(node)) {
      begin = frame->stack_size;
      outside = frame->outer;
    } else {  // its run has ended, and the result is being compared
      const Comparison* comparison = comparing_;
      while (comparison->node != &node) comparison = comparison->outer;
      begin = comparison->stack_size;
      outside = comparison->top;
    }
  } else {
    while (stack_[begin - 1].node != &node) --begin;
  }
  std::vector<Node*> path{&node};
  for (; begin < stack_.size(); ++begin) path.push_back(stack_[begin].node);
  // Begin at the oldest node, so that the message is the same wherever the cycle was entered.
  path.pop_back();
  std::rotate(path.begin(),
              std::min_element(path.begin(), path.end(),
                               [](const Node* one, const Node* other) {
                                 return one->index_in_nodes < other->index_in_nodes;
                               }),
              path.end());
  path.push_back(path.front());
  // A node on the cycle may catch the error. Its recorded inputs are then incomplete, so it runs
  // again after any change.
  for (Frame* frame = top_; frame != outside; frame = frame->outer) {
    if (frame->node->kind == Kind::effect) break;
    frame->node->set_flag(flag::cyclic);
  }
  host_.raise(Error::cycle, path);
}

const char* Validation::invariant() const {
  if (!idle()) return "a walk is still under way";
  if (depth_ != 0) return "a run that is counted, and not on the stack";
  return unwind_path_.empty() ? nullptr : "a path to unwind, and no run";
}

}  // namespace halflife::graph
