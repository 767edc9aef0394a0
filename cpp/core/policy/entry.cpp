#include "entry.hpp"

#include <algorithm>

namespace halflife::policy {

// --- fetches

Generation Entry::begin(bool supersede) {
  if (supersede) in_flight_.clear();
  in_flight_.push_back(++newest_);
  owed_ = false;  // This fetch starts after everything that a refetch was owed for.
  return newest_;
}

bool Entry::is_in_flight(Generation generation) const {
  return std::binary_search(in_flight_.begin(), in_flight_.end(), generation);
}

bool Entry::take(Generation generation) {
  const auto found = std::lower_bound(in_flight_.begin(), in_flight_.end(), generation);
  if (found == in_flight_.end() || *found != generation) return false;
  in_flight_.erase(found);
  return true;
}

Verdict Entry::verdict(Generation generation) const {
  if (!is_in_flight(generation)) return Verdict::drop;
  if (generation <= asked_again_until_) return Verdict::drop_and_fetch;
  if (generation <= dropped_until_ || generation < shown_.written) return Verdict::drop;
  return Verdict::write;
}

Verdict Entry::piece(Generation generation, Seconds now) {
  const Verdict result = verdict(generation);
  if (result != Verdict::write) return result;
  shown_.written = generation;
  shown_.has_data = true;
  shown_.has_failed = false;
  shown_.invalidated = generation <= invalid_until_;
  shown_.updated_at = now;
  return result;
}

Verdict Entry::answer(Generation generation, Seconds now) {
  const Verdict result = piece(generation, now);
  take(generation);
  return result;
}

Verdict Entry::fail(Generation generation, Seconds now) {
  const Verdict result = verdict(generation);
  take(generation);
  if (result != Verdict::write) return result;
  shown_.written = generation;
  shown_.has_failed = true;
  use(now);
  return result;
}

bool Entry::cancel(Generation generation, const Shown& before) {
  if (!take(generation) || shown_.written != generation) return false;
  if (generation <= dropped_until_) return false;  // the data was written in another way since
  dropped_until_ = generation;                     // so that no earlier start is written any more
  shown_ = before;
  return true;
}

// --- writes that are not answers

bool Entry::confirm() {
  dropped_until_ = newest_;
  return is_fetching();
}

void Entry::set_data(Seconds now) {
  dropped_until_ = newest_;
  asked_again_until_ = 0;
  shown_.has_data = true;
  shown_.has_failed = false;
  shown_.invalidated = false;
  shown_.updated_at = now;
}

void Entry::edit() {
  if (is_fetching()) asked_again_until_ = newest_;
}

void Entry::empty(Seconds now) {
  dropped_until_ = newest_;
  asked_again_until_ = 0;
  shown_.has_data = false;
  shown_.has_failed = false;
  shown_.invalidated = false;
  owed_ = false;
  use(now);
}

void Entry::invalidate() {
  invalid_until_ = newest_;
  shown_.invalidated = shown_.has_data;
}

// --- batches that fail

Snapshot Entry::snapshot() const {
  return {shown_, newest_, dropped_until_, asked_again_until_, invalid_until_, owed_};
}

void Entry::restore(const Snapshot& before) {
  shown_ = before.shown;
  dropped_until_ = before.dropped_until;
  asked_again_until_ = before.asked_again_until;
  invalid_until_ = before.invalid_until;
  if (before.owed && newest_ == before.newest) owed_ = true;
}

// --- the owed refetch

void Entry::mutation_ends() {
  if (mutations_ > 0) --mutations_;
}

bool Entry::take_owed() {
  if (!owed_ || mutations_ > 0) return false;
  owed_ = false;
  return true;
}

// --- age

void Entry::note_time(Seconds now) {
  shown_.updated_at = std::min(shown_.updated_at, now);
  used_at_ = std::min(used_at_, now);
}

void Entry::set_updated_at(Seconds at, Seconds now) { shown_.updated_at = std::min(at, now); }

void Entry::use(Seconds now) { used_at_ = now; }

bool Entry::is_stale(Seconds now, Seconds stale_time, bool only_by_time) {
  note_time(now);
  if (!shown_.has_data) return true;
  if (shown_.invalidated && !only_by_time) return true;
  return now - shown_.updated_at >= stale_time;
}

Seconds Entry::expires_at(Seconds now, Seconds ttl) {
  note_time(now);
  return (shown_.has_data ? std::max(shown_.updated_at, used_at_) : used_at_) + ttl;
}

std::string Entry::invariant() const {
  if (!std::is_sorted(in_flight_.begin(), in_flight_.end())) return "in_flight_ is not in order";
  if (!in_flight_.empty() && in_flight_.back() > newest_) return "a fetch is newer than newest_";
  if (shown_.written > newest_) return "the answer shown is newer than newest_";
  if (dropped_until_ > newest_) return "dropped_until_ is newer than newest_";
  if (asked_again_until_ > newest_) return "asked_again_until_ is newer than newest_";
  if (invalid_until_ > newest_) return "invalid_until_ is newer than newest_";
  if (shown_.invalidated && !shown_.has_data) return "data that is not there is invalidated";
  return {};
}

}  // namespace halflife::policy
