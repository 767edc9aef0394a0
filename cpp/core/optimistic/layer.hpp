// A layer is one optimistic edit: a recipe over a draft, at a fixed position in the log. It stores
// the reads and writes of its last run as slots of the tree. As long as no slot that the layer read
// has changed, its recipe need not run again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../value.hpp"

namespace halflife::optimistic {

// A layer's position in the log; a greater number is newer. 0 is the base.
using Seq = std::uint64_t;
inline constexpr Seq kNow = UINT64_MAX;  // newer than every layer

struct Slot;

enum class LayerStatus : unsigned char {
  pending,
  conflicted,  // pending, but the last run of its recipe raised: it contributes nothing
  confirmed,   // waits until no older layer is pending
  folded,      // became part of the base
  superseded,  // dropped, because newer authoritative data arrived
  rolled_back,
};

inline bool is_pending(LayerStatus status) { return status <= LayerStatus::conflicted; }

// Which aspect of a slot a recipe read.
enum class ReadKind : unsigned char {
  value,      // the value in it; a write counts as a read, too
  structure,  // its container's keys and their order, or its list's length
  subtree,    // everything in it, at every depth
};

struct Read {
  Slot* slot;
  ReadKind kind;
};

// The rank of a key among the keys of its map. Keys that came with the container are first. Keys
// that layers added follow, ordered by layer and then by insertion within the layer.
struct InsertionOrder {
  Seq seq = 0;
  std::uint32_t order = 0;
  // The layer's spelling of the key if it differs from the slot's (True and 1 are equal keys), else
  // null. Owned by the host.
  Value spelling = nullptr;
  auto operator<=>(const InsertionOrder&) const = default;
};

// For each position of a list that a layer assigned to a slot: the item's position in the list that
// the layer found there, or kNone (list_match.hpp) if the layer created the item. Null: unknown.
using Moves = std::shared_ptr<const std::vector<std::size_t>>;

struct Write {
  Slot* slot;
  Value value;  // owned; null: erased
  InsertionOrder insertion;
  bool append = false;  // the slot holds a list; `value` lists the items appended to it
  Moves moves = nullptr;
};

// What a layer executes: `recipe`, or assigning `replacement`, and then `then`.
struct LayerBody {
  Value recipe = nullptr;       // null: none
  Value then = nullptr;         // runs on the result; null: none
  Value replacement = nullptr;  // the new whole value; null: none
  bool returns = false;         // a value that `recipe` returns replaces the whole value
};

struct Layer {
  Seq seq = 0;
  // The host's object that contains this layer. The log owns a reference while the layer is in it.
  Value token = nullptr;
  LayerBody body;  // owned
  LayerStatus status = LayerStatus::pending;
  bool failing = false;  // the last run of its body raised; a confirmed layer can fail, too
  std::vector<Read> reads;
  std::vector<Write> writes;
};

// An edit of the base that arrived while confirmed layers waited for an older layer. If the older
// layers are rolled back, the edit is applied after the confirmed ones, as if they had never had to
// wait. If an older layer is confirmed instead, the edit stays below all layers.
struct BaseEdit {
  LayerBody body;           // owned
  Value before = nullptr;   // owned: the base before this edit and all later ones
  std::vector<Seq> waited;  // the layers that were confirmed when the edit arrived
};

}  // namespace halflife::optimistic
