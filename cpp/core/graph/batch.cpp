// Batches: all or nothing. The journal keeps what each node held before the batch: sources that
// were set, and nodes that were computed again because somebody read inside of the batch. A
// batch that fails puts all of it back, silently: whatever it was computed from is there again too,
// so nothing runs and nobody hears of it.
#include "steps.hpp"
#include "store.hpp"

namespace halflife::graph {

std::uint32_t Store::begin_batch() {
  marks_.push_back({journal_.size(), notes_.size(), restarts_.size(), ++batch_serial_});
  return batch_serial_;
}

bool Store::is_open(std::uint32_t serial) const {
  for (const Mark& mark : marks_) {
    if (mark.serial == serial) return true;
  }
  return false;
}

// Before the first change of a node within a batch.
void Store::save(Node& node) {
  if (!in_batch() || node.journal > marks_.back().saved) return;
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
  journal_.push_back(std::move(saved));
  node.journal = static_cast<std::uint32_t>(journal_.size());
}

// The node is destroyed within a batch that has saved it.
void Store::forget_saved(Node& node) {
  for (std::uint32_t place = node.journal; place != 0;) {
    count_step();
    Saved& saved = journal_[place - 1];
    place = saved.journal;
    drop_saved(saved);
    saved = Saved{};
    ++holes_;
  }
  node.journal = 0;
  trim_journal();
}

// A long batch may make, set and drop any number of atoms: their entries must not pile up.
void Store::trim_journal() {
  while (!journal_.empty() && journal_.back().node == nullptr && in_batch() &&
         journal_.size() > marks_.back().saved) {
    journal_.pop_back();
    --holes_;
  }
  if (holes_ < 32 || holes_ * 2 < journal_.size()) return;
  std::size_t kept = 0;
  auto mark = marks_.begin();
  for (std::size_t index = 0; index < journal_.size(); ++index) {
    count_step();
    for (; mark != marks_.end() && mark->saved == index; ++mark) mark->saved = kept;
    Saved& saved = journal_[index];
    if (saved.node == nullptr) continue;
    if (saved.journal != 0) saved.journal = saved.node->journal;  // the entry that was kept before
    saved.node->journal = static_cast<std::uint32_t>(kept + 1);
    if (kept != index) journal_[kept] = std::move(saved);
    ++kept;
  }
  for (; mark != marks_.end(); ++mark) mark->saved = kept;
  journal_.erase(journal_.begin() + static_cast<std::ptrdiff_t>(kept), journal_.end());
  holes_ = 0;
}

void Store::drop_saved(const Saved& saved) {
  if (saved.value != nullptr) reclaimer_.trash(saved.value);
  if (saved.awaitable != nullptr) reclaimer_.trash(saved.awaitable);
  if (saved.shown != nullptr) reclaimer_.trash(saved.shown);
  for (const Edge& edge : saved.inputs) reclaimer_.unhold_later(*edge.input);
}

bool Store::commit_batch(std::uint32_t serial) {
  if (!is_open(serial)) return true;
  while (marks_.back().serial != serial) undo();
  marks_.pop_back();
  if (in_batch()) return true;  // the outer batch answers for it
  // A value that was set back is as if it had never been set.
  for (const Saved& saved : journal_) {
    if (saved.node == nullptr) continue;
    Node& node = *saved.node;
    if (node.kind != Kind::source || node.is(flag::journaled)) continue;
    node.raise(flag::journaled);
    if (node.is(flag::asynchronous) || (saved.flags & flag::asynchronous) != 0) continue;
    if (saved.value == nullptr || !same(node, saved.value, false)) continue;
    // Who has read it since it was set back, has read what is there now.
    for (const Dependent& dependent : node.dependents) {
      Edge& edge = dependent.node->inputs[dependent.edge];
      if (edge.seen == node.changed_at) edge.seen = saved.changed_at;
    }
    if (node.has_subscribers()) {
      for (Subscription* subscription : node.extra->subscriptions) {
        if (subscription->seen == node.changed_at) subscription->seen = saved.changed_at;
      }
    }
    node.changed_at = saved.changed_at;
    timeline_.next_revision();
  }
  std::vector<Saved> journal;
  journal.swap(journal_);
  holes_ = 0;
  for (const Saved& saved : journal) {
    if (saved.node == nullptr) continue;
    saved.node->lower(flag::journaled);
    saved.node->journal = 0;
    drop_saved(saved);
  }
  return flush();
}

void Store::put_back(Saved& saved) {
  Node& node = *saved.node;
  if (node.value != nullptr) reclaimer_.trash(node.value);
  node.value = saved.value;
  node.changed_at = saved.changed_at;
  node.journal = saved.journal;
  constexpr std::uint32_t bits =
      flag::computed | flag::error | flag::asynchronous | flag::dirty | flag::cyclic;
  node.flags = (node.flags & ~bits) | (saved.flags & bits);
  note_cyclic(node);
  const bool settled = node.is(flag::computed) && !node.is(flag::asynchronous);
  node.verified_at = node.kind == Kind::source && settled ? kAlways : 0;
  AsyncState* state = node.async();
  if (state != nullptr) {
    if (state->awaitable != nullptr) reclaimer_.trash(state->awaitable);
    state->awaitable = saved.awaitable;
    if (state->shown != nullptr) reclaimer_.trash(state->shown);
    state->shown = saved.shown;
    state->outdated = saved.outdated;
    state->forced = saved.forced;
    state->asked = saved.asked;
    state->halted = saved.halted;
    if (state->halted) left_unstarted(node);
    state->state_at = timeline_.next_stamp();
  }
  if (node.started) not_started(node);
  // The inputs of an async read are those of its run, which no batch interrupts.
  if (node.kind != Kind::source && !node.is(flag::async_read)) {
    forget_places(node);
    // What it read then, in the place of what it has read since; as a run would record it.
    std::uint32_t count = 0;
    for (const Edge& edge : saved.inputs) {
      if (count < node.inputs.size() && node.inputs[count].input == edge.input &&
          node.inputs[count].state == edge.state) {
        node.inputs[count].seen = edge.seen;
        node.inputs[count].awaiting = edge.awaiting;
      } else {
        insert_input(node, count, {edge.input, edge.seen, kUnlinked, edge.state, edge.awaiting});
      }
      ++count;
    }
    if (state != nullptr) state->cursor = count;
    commit_inputs(node, count);
  }
  // It may still owe a change to a set before this batch.
  if (node.kind != Kind::source && node.is(flag::live)) {
    enqueue(node, saved.flags & (flag::loud | flag::quiet));
  }
  for (const Edge& edge : saved.inputs) reclaimer_.unhold_later(*edge.input);
  if (state != nullptr && node.is(flag::asynchronous)) update_pending(node);
  for (const Dependent& dependent : node.dependents) heap_.push(*dependent.node);
}

bool Store::abort_batch(std::uint32_t serial) {
  if (!is_open(serial)) return true;
  while (marks_.back().serial != serial) undo();
  undo();
  return in_batch() || flush();
}

// Undoes the innermost batch.
void Store::undo() {
  const Mark mark = marks_.back();
  marks_.pop_back();
  timeline_.next_revision();  // first: what was verified within the batch is not current any more
  std::vector<Saved> undone;
  while (journal_.size() > mark.saved) {
    undone.push_back(std::move(journal_.back()));
    journal_.pop_back();
    if (undone.back().node == nullptr) {
      undone.pop_back();
      --holes_;
      continue;
    }
    put_back(undone.back());
    undone.back().node->raise(flag::journaled);
  }
  // What was noted in this batch is undone with the node. (A run that ended meanwhile is not.)
  std::size_t kept = mark.notes;
  for (std::size_t index = mark.notes; index < notes_.size(); ++index) {
    Node& node = *notes_[index];
    if (!node.is(flag::journaled)) {
      notes_[kept++] = &node;
      continue;
    }
    node.lower(flag::noted | flag::note_loud);
    Extra& extra = *node.extra;
    if (extra.has_before && !node.is(flag::in_quiet)) {
      reclaimer_.trash(extra.before);
      extra.before = nullptr;
      extra.has_before = false;
      for (Subscription* subscription : extra.subscriptions) subscription->late = false;
    }
    reclaimer_.maybe_unhold(node);
  }
  notes_.resize(kept);
  // One that was out of date only inside of the batch, and that nobody looks at, does not run for
  // it: the next read tells. (One that is observed is looked at again by the flush.)
  kept = mark.restarts;
  for (std::size_t index = mark.restarts; index < restarts_.size(); ++index) {
    if (restarts_[index] == nullptr) continue;
    Node& node = *restarts_[index];
    AsyncState& state = *node.async();
    if (node.kind != Kind::derived || node.is(flag::live)) {
      state.place_in_restarts = static_cast<std::uint32_t>(kept);
      restarts_[kept++] = &node;
      continue;
    }
    state.restart_queued = state.asked = false;
    node.verified_at = 0;
  }
  restarts_.resize(kept);
  for (const Saved& saved : undone) saved.node->lower(flag::journaled);
  timeline_.next_revision();
  retry_cycles(0);
}

}  // namespace halflife::graph
