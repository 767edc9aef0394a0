// A draft is a mutable view of an immutable value, its base. The first edit makes a private shallow
// copy, the scratch. A nested container becomes a draft when a recipe reads it. Nested drafts are
// stored beside the scratch, so that reading one copies nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "model.hpp"

namespace halflife::draft {

class Scope;

// The nested drafts of a list or tuple by position, while its positions have not moved.
using Rows = std::unordered_map<std::size_t, Draft*>;

struct Draft {
  Scope* scope = nullptr;    // null: revoked, and no other field is valid
  Value face = nullptr;      // the user's object; owns this struct
  Draft* parent = nullptr;   // where it was found (its home); null for a root
  Value key = nullptr;       // owned: its key in the parent ...
  std::size_t index = 0;     // ... or its position, if the parent is a list or tuple
  Value base = nullptr;      // owned
  Value scratch = nullptr;   // owned: the private copy, or null
  Value children = nullptr;  // owned host map, key -> face; map and record only
  // Owned host map from keys (or members) to themselves: all that were set or erased. New keys, and
  // keys that were erased and set again, have the order that they have in the scratch.
  Value assigned = nullptr;
  Value erased = nullptr;            // owned host set: keys of the base that were ever erased
  Value touched = nullptr;           // owned host set, if the scope records: keys read or written
  Value given = nullptr;             // fixed: owned, the tuple of drafts that the user holds
  std::unique_ptr<Rows> rows;        // fixed; list, until it is structural
  std::vector<std::size_t> written;  // list: positions replaced, until it is structural
  std::vector<std::size_t> touched_rows;  // list and fixed, if the scope records
  void* partial_base = nullptr;  // the BaseProvider's; null: the base is up to date at every depth
  Value result = nullptr;  // borrowed from the finalizer that consumes the draft, while it lives
  Kind kind = Kind::leaf;
  bool dirty = false;       // the draft or a draft found in it was edited
  bool structural = false;  // list: positions have moved; the scratch holds faces. (A list that was
                            // only appended to is longer than its base, and not structural.)
  bool put_containers = false;  // map, record: a container or draft was set, not only leaves
  bool inserted = false;        // the recipe inserted its base, which may contain drafts
  bool read_structure = false;  // its keys, length or order were read
  bool read_subtree = false;    // ... and everything below

  // The current container, without the edits of nested drafts.
  Value contents() const { return scratch != nullptr ? scratch : base; }
};

// Was this position of a list assigned? Only for lists whose positions have not moved.
inline bool is_written(const Draft& list, std::size_t index) {
  return std::find(list.written.begin(), list.written.end(), index) != list.written.end();
}

}  // namespace halflife::draft
