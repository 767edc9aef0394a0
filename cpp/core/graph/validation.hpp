// Validation is the pull walk: to make a node current, the walk goes down its inputs, and runs
// those that changed. Its stack is explicit, so that the depth of a graph costs no C stack. A
// node's read may read other nodes, which begins another walk on top of the same stack; the runs
// that are on the C stack meanwhile are the *frames*.
//
// Runs that are nested too deep *unwind*: the nodes between the outermost run and the deepest node
// become the unwind path, all frames return, and the walk evaluates the path one by one, the
// deepest node first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "frame.hpp"
#include "host.hpp"
#include "node.hpp"
#include "reclaimer.hpp"

namespace halflife::graph {

class Validation {
 public:
  // Index of a check whose node's run was unwound and will restart; reaching the node again before
  // then is a cycle.
  static constexpr std::uint32_t kResume = 0xFFFFFFFFu;

  Validation(Host& host, Reclaimer& reclaimer) : host_(host), reclaimer_(reclaimer) {}

  // Is nothing being read, run or compared?
  bool idle() const { return top_ == nullptr && comparing_ == nullptr && stack_.empty(); }
  bool comparing() const { return comparing_ != nullptr; }

  // --- frames
  Frame* top() const { return top_; }
  Frame* frame_of(const Node& node) const {
    for (Frame* frame = top_; frame != nullptr; frame = frame->outer) {
      if (frame->node == &node) return frame;
    }
    return nullptr;
  }
  // How many runs are nested. Effects do not count: they are called by the flush only.
  unsigned depth() const { return depth_; }
  Frame new_frame(Node& node) { return {&node, top_, ++last_serial_, 0, stack_.size()}; }
  void enter_run(Frame& frame) {
    top_ = &frame;
    ++depth_;
  }
  void leave_run(const Frame& frame) {
    --depth_;
    top_ = frame.outer;
  }
  void enter_effect(Frame& frame) { top_ = &frame; }
  void leave_effect(const Frame& frame) { top_ = frame.outer; }
  Comparison new_comparison(Node& node) { return {&node, comparing_, top_, stack_.size()}; }
  void enter_comparison(Comparison& comparison) { comparing_ = &comparison; }
  void leave_comparison(const Comparison& comparison) { comparing_ = comparison.outer; }

  // --- the stack
  std::size_t size() const { return stack_.size(); }
  void push(Node& node) { stack_.push_back({&node, 0}); }
  Check& back() { return stack_.back(); }
  void pop() { stack_.pop_back(); }
  // Gives the walk up down to `base`.
  void drop(std::size_t base);
  // The node on top of the stack needs itself: raises, and marks the nodes on the circle.
  void raise_cycle(Node& node);

  // --- unwinding
  bool unwinding() const { return !unwind_path_.empty(); }
  void unwind_to(Node& node);
  // All frames have returned: puts the path on the stack, above the outermost run.
  void take_unwind_path();
  void drop_unwind_path() { unwind_path_.clear(); }

  // --- doubts
  bool doubts() const { return doubts_; }
  void set_doubts(bool doubts) { doubts_ = doubts; }

  // Between two calls of the store.
  const char* invariant() const;

 private:
  Host& host_;
  Reclaimer& reclaimer_;
  // The walks under way, the outermost first; each node below the top waits for the one above it,
  // or for its own run, which is a frame. Nodes on it have flag::checking, from the first look on.
  std::vector<Check> stack_;
  // From the outermost run to the node that was nested too deep. Not empty only while frames
  // return.
  std::vector<Node*> unwind_path_;
  // The innermost run on the C stack; each frame knows the one around it.
  Frame* top_ = nullptr;
  // The innermost comparison on the C stack: it may be the user's code.
  Comparison* comparing_ = nullptr;
  // The serial of the frame that was made last. No two frames share one, so `Node::read_by` tells
  // whether this very run has read the node.
  std::uint64_t last_serial_ = 0;
  // The number of frames but for those of effects.
  unsigned depth_ = 0;
  // True if nodes that were verified at this revision are to be verified again when the walk ends.
  bool doubts_ = false;
};

}  // namespace halflife::graph
