// The policy of a cache entry decides which answers count, when the data is stale or expired, and
// whether a refetch is owed. It holds no values: the cache tells it what happens, with the time,
// and does what it answers. So every order of events can be tested without a fetch.
//
// Fetches are numbered in the order of their start. The newest start wins: an answer is dropped if
// a later fetch superseded it, if a later start was written already, or if the data was written in
// another way after the fetch had started (a confirmed edit, data set by hand, a reset).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../ids.hpp"

namespace halflife::policy {

// Seconds on some clock. If the clock goes backwards, data counts as written at the earlier time.
using Seconds = double;

// What the cache does with the end of a fetch.
enum class Verdict : unsigned char {
  write,           // show the answer or the error
  drop,            // ignore it
  drop_and_fetch,  // ignore it, and fetch again: it lacks an event that arrived in the meantime
};

// What an entry knows of the data that it shows.
struct Shown {
  // The start whose answer or error was shown last; 0: none.
  Generation written = 0;
  Seconds updated_at = 0;
  bool has_data = false;
  // The last fetch failed, and no data was written since.
  bool has_failed = false;
  bool invalidated = false;
  bool operator==(const Shown&) const = default;
};

// What an entry knows of its data at one moment, to be restored if the batch fails that changes it.
// The fetches and the mutations are no part of it: a batch does not undo them.
struct Snapshot {
  Shown shown;
  Generation newest = 0;
  Generation dropped_until = 0;
  Generation asked_again_until = 0;
  Generation invalid_until = 0;
  bool owed = false;
};

class Entry {
 public:
  // --- fetches

  // A fetch starts. With `supersede`, no fetch that started before counts any more.
  Generation begin(bool supersede);
  // What answer() and fail() will say, as things are now.
  Verdict verdict(Generation generation) const;
  // The fetch has an answer. On `write` it is the data from now on.
  Verdict answer(Generation generation, Seconds now);
  // A part of the answer of a stream, which goes on.
  Verdict piece(Generation generation, Seconds now);
  Verdict fail(Generation generation, Seconds now);
  // The fetch ended without an outcome. What it has written in the meantime, the parts of a stream,
  // is taken back: `before` is shown() from before its start. Returns whether that was needed.
  bool cancel(Generation generation, const Shown& before);
  bool is_in_flight(Generation generation) const;
  bool is_fetching() const { return !in_flight_.empty(); }

  // --- writes that are not answers

  // An edit was confirmed. Answers of the fetches in flight may lack it, so they are dropped.
  // Returns whether there are such fetches: then a refetch is owed.
  bool confirm();
  // The data was set by hand: it is fresh, and the answers of the fetches in flight are dropped.
  void set_data(Seconds now);
  // An event has edited the data. The fetches in flight may lack it: ask again when they end.
  void edit();
  // There is no data any more, and the answers of the fetches in flight are dropped.
  void empty(Seconds now);
  // The data is stale until a fetch has ended that starts later.
  void invalidate();

  // --- batches that fail

  Snapshot snapshot() const;
  // Undoes all writes since the snapshot. A refetch that was owed then is owed again, unless a
  // fetch has started since.
  void restore(const Snapshot& before);

  // --- the owed refetch

  // Mutations that edit or invalidate the data. While one runs, a refetch waits.
  void mutation_begins() { ++mutations_; }
  void mutation_ends();
  std::uint64_t mutations() const { return mutations_; }
  // A refetch is wanted as soon as no mutation runs.
  void owe() { owed_ = true; }
  // Whether a refetch is owed and may start now; it is not owed any more then.
  bool take_owed();
  bool is_owed() const { return owed_; }

  // --- age

  const Shown& shown() const { return shown_; }
  // Data written in the past, such as data that came with its age.
  void set_updated_at(Seconds at, Seconds now);
  // Somebody looked at the entry or stopped to.
  void use(Seconds now);
  // Exactly at the boundary, data is stale. Entries without data are stale. With `only_by_time`, an
  // invalidation does not make the data stale.
  bool is_stale(Seconds now, Seconds stale_time, bool only_by_time);
  // When an unobserved entry expires: `ttl` after the last use or write.
  Seconds expires_at(Seconds now, Seconds ttl);
  bool is_expired(Seconds now, Seconds ttl) { return now >= expires_at(now, ttl); }

  // The first rule that does not hold; empty if all hold.
  std::string invariant() const;

 private:
  bool take(Generation generation);
  void note_time(Seconds now);

  // Started and not ended, oldest first; those superseded are not in it.
  std::vector<Generation> in_flight_;
  // The newest start. 0: none.
  Generation newest_ = 0;
  // Answers of fetches up to this one are dropped.
  Generation dropped_until_ = 0;
  // After a dropped answer of a fetch up to this one, the data is fetched again.
  Generation asked_again_until_ = 0;
  // Answers of fetches up to this one are stale when they are written.
  Generation invalid_until_ = 0;
  Shown shown_;
  Seconds used_at_ = 0;
  std::uint64_t mutations_ = 0;
  bool owed_ = false;
};

}  // namespace halflife::policy
