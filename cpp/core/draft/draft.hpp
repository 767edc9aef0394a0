// A draft is a mutable view of an immutable value. It starts as a pointer to its base; the first
// edit makes a private shallow copy (the scratch). Nested containers become drafts when they are
// found; they are kept beside the scratch, so that finding costs no copy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "model.hpp"

namespace halflife::draft {

class Scope;

// Where the nested drafts of a list or tuple are, while its positions have not moved.
using Rows = std::unordered_map<std::size_t, Draft*>;

struct Draft {
  Scope* scope = nullptr;    // null: revoked; nothing else may be looked at then
  Value face = nullptr;      // what the user holds; owns this struct
  Draft* parent = nullptr;   // where it was found (its home); null for a root
  Value key = nullptr;       // owned: its key there ...
  std::size_t index = 0;     // ... or its position, if the parent is a list or tuple
  Value base = nullptr;      // owned
  Value scratch = nullptr;   // owned: the private copy, or null
  Value children = nullptr;  // owned host map, key -> face; map and record only
  // Owned host map from keys (members) to themselves: all that were set or erased here. Those that
  // are new, or were erased and set again, are in the order in which the scratch has them.
  Value assigned = nullptr;
  Value erased = nullptr;      // owned host set: keys of the base that were erased at some time
  Value touched = nullptr;     // owned host set, if the scope records: keys read or written
  Value given = nullptr;       // fixed: owned, what the user holds: the tuple of its drafts
  std::unique_ptr<Rows> rows;  // fixed; list, until it is structural
  std::vector<std::size_t> written;       // list: positions replaced, until it is structural
  std::vector<std::size_t> touched_rows;  // list and fixed, if the scope records
  void* place = nullptr;   // if its base was made by a Source and may be outdated further below
  Value result = nullptr;  // borrowed from the resolver that takes the edits, while it lives
  Kind kind = Kind::leaf;
  bool dirty = false;       // it, or something found in it, was edited
  bool structural = false;  // list: positions have moved; the scratch holds faces. (A list that was
                            // only appended to is longer than its base, and not structural.)
  bool put_more = false;    // map, record: containers or drafts were set, not only leaves
  bool inserted = false;    // its base was put in by the recipe, and may carry drafts
  bool read_whole = false;  // its keys, length or order were read
  bool read_deep = false;   // ... and everything below

  // The container as it is now, but for nested drafts.
  Value contents() const { return scratch != nullptr ? scratch : base; }
};

// Was this position of a list replaced? (Where positions have not moved.)
inline bool is_written(const Draft& list, std::size_t index) {
  return std::find(list.written.begin(), list.written.end(), index) != list.written.end();
}

}  // namespace halflife::draft
