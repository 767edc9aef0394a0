#include "journal.hpp"

#include <utility>

#include "steps.hpp"

namespace halflife::graph {

bool Journal::is_open(std::uint32_t serial) const {
  for (const BatchStart& start : open_) {
    if (start.serial == serial) return true;
  }
  return false;
}

void Journal::save(Node& node) {
  if (!in_batch() || node.journal > open_.back().saved) return;
  const AsyncState* state = node.async();
  Saved saved{&node,
              node.value,
              state != nullptr ? state->awaitable : nullptr,
              state != nullptr ? state->shown : nullptr,
              node.changed_at,
              node.flags,
              node.journal,
              state == nullptr || state->outdated,
              state == nullptr || state->forced,
              state != nullptr && state->asked,
              state != nullptr && state->halted,
              {}};
  if (saved.value != nullptr) host_.own(saved.value);
  if (saved.awaitable != nullptr) host_.own(saved.awaitable);
  if (saved.shown != nullptr) host_.own(saved.shown);
  saved.inputs.assign(node.inputs.begin(), node.inputs.begin() + node.active_inputs());
  for (const Edge& edge : saved.inputs) reclaimer_.add_holder(*edge.input);
  entries_.push_back(std::move(saved));
  node.journal = static_cast<std::uint32_t>(entries_.size());
}

void Journal::forget(Node& node) {
  for (std::uint32_t index = node.journal; index != 0;) {
    count_step();
    Saved& saved = entries_[index - 1];
    index = saved.journal;
    drop(saved);
    saved = Saved{};
    ++holes_;
  }
  node.journal = 0;
  trim();
}

// A long batch may make, set and drop any number of atoms: their entries must not pile up.
void Journal::trim() {
  while (!entries_.empty() && entries_.back().node == nullptr && in_batch() &&
         entries_.size() > open_.back().saved) {
    entries_.pop_back();
    --holes_;
  }
  if (holes_ < 32 || holes_ * 2 < entries_.size()) return;
  std::size_t kept = 0;
  auto start = open_.begin();
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    count_step();
    for (; start != open_.end() && start->saved == index; ++start) start->saved = kept;
    Saved& saved = entries_[index];
    if (saved.node == nullptr) continue;
    if (saved.journal != 0) saved.journal = saved.node->journal;  // the entry that was kept before
    saved.node->journal = static_cast<std::uint32_t>(kept + 1);
    if (kept != index) entries_[kept] = std::move(saved);
    ++kept;
  }
  for (; start != open_.end(); ++start) start->saved = kept;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept), entries_.end());
  holes_ = 0;
}

bool Journal::take_newest(const BatchStart& start, Saved& saved) {
  while (entries_.size() > start.saved) {
    saved = std::move(entries_.back());
    entries_.pop_back();
    if (saved.node != nullptr) return true;
    --holes_;
  }
  return false;
}

void Journal::drop(const Saved& saved) {
  if (saved.value != nullptr) reclaimer_.trash(saved.value);
  if (saved.awaitable != nullptr) reclaimer_.trash(saved.awaitable);
  if (saved.shown != nullptr) reclaimer_.trash(saved.shown);
  for (const Edge& edge : saved.inputs) reclaimer_.unhold_later(*edge.input);
}

void Journal::clear(std::vector<Value>& values) {
  for_each_value([&](Value value) { values.push_back(value); });
  entries_.clear();
  open_.clear();
  holes_ = 0;
}

const char* Journal::invariant() const {
  std::size_t holes = 0;
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    const Saved& saved = entries_[index];
    if (saved.node == nullptr) ++holes;
    if (saved.journal > index) return "an entry of an outer batch that is newer";
    if (saved.node != nullptr && saved.node->journal <= index) return "an entry nobody knows of";
  }
  if (holes != holes_) return "miscounted holes";
  std::size_t saved = 0;
  std::uint32_t serial = 0;
  for (const BatchStart& start : open_) {
    if (start.saved < saved || start.saved > entries_.size()) return "batches out of order";
    if (start.serial <= serial || start.serial > last_serial_) return "a batch without its number";
    saved = start.saved;
    serial = start.serial;
  }
  return nullptr;
}

}  // namespace halflife::graph
