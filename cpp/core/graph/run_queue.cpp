#include "run_queue.hpp"

#include <algorithm>

namespace halflife::graph {

void RunQueue::restart(Node& node) {
  AsyncState& state = *node.async();
  if (state.restart_queued) return;
  state.restart_queued = true;
  state.index_in_restarts = static_cast<std::uint32_t>(restarts_.size());
  restarts_.push_back(&node);
}

void RunQueue::retract_restarts(std::size_t from) {
  std::size_t kept = from;
  for (std::size_t index = from; index < restarts_.size(); ++index) {
    if (restarts_[index] == nullptr) continue;
    Node& node = *restarts_[index];
    AsyncState& state = *node.async();
    if (node.kind != Kind::derived || node.is(flag::live)) {
      state.index_in_restarts = static_cast<std::uint32_t>(kept);
      restarts_[kept++] = &node;
      continue;
    }
    state.restart_queued = state.asked = false;
    node.verified_at = 0;
  }
  restarts_.resize(kept);
}

void RunQueue::end_commit() {
  restarts_.clear();
  while (!cancels_.empty()) {
    const Value run = cancels_.back();
    cancels_.pop_back();
    host_.cancel(run);
    reclaimer_.trash(run);
  }
  committing_ = false;
}

void RunQueue::start_all() {
  const auto higher = [](const Start& one, const Start& other) {
    return one.height > other.height;
  };
  if (!std::is_sorted(starts_.begin(), starts_.end(), higher)) {
    std::stable_sort(starts_.begin(), starts_.end(), higher);
  }
  for (std::size_t index = 0; index < starts_.size(); ++index) host_.start(starts_[index].run);
  for (const Start& start : starts_) reclaimer_.trash(start.run);
  starts_.clear();
}

void RunQueue::count(Node& node) {
  AsyncState& state = *node.async();
  const bool counts = state.keeps_alive && !(state.streaming && state.phase == Phase::running);
  if (counts == state.in_pending) return;
  state.in_pending = counts;
  pending_ += counts ? 1 : static_cast<std::size_t>(-1);
}

void RunQueue::forget(Node& node) {
  AsyncState* state = node.async();
  if (state == nullptr) return;
  if (state->restart_queued) {
    const std::size_t index = state->index_in_restarts;
    if (index < restarts_.size() && restarts_[index] == &node) restarts_[index] = nullptr;
  }
  if (state->in_pending) --pending_;
}

void RunQueue::clear(std::vector<Value>& values) {
  for_each_value([&](Value value) { values.push_back(value); });
  restarts_.clear();
  cancels_.clear();
  starts_.clear();
  pending_ = 0;
}

const char* RunQueue::invariant() const {
  for (std::size_t index = 0; index < restarts_.size(); ++index) {
    if (restarts_[index] == nullptr) continue;
    const AsyncState* state = restarts_[index]->async();
    if (state == nullptr) return "a restart of a node that has no runs";
    if (!state->restart_queued) return "a restart that is queued, and not marked";
    if (state->index_in_restarts != index) return "not where the list of restarts should have it";
  }
  return nullptr;
}

}  // namespace halflife::graph
