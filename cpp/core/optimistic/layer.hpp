// A layer is one optimistic edit: a recipe over a draft, in its place in the log. What it read and
// wrote when it last ran is kept with it, as slots of the tree; that is all the engine needs to
// know to leave it alone as long as nothing it read has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../value.hpp"

namespace halflife::optimistic {

// A layer's place in the log; greater is newer. 0 is the base.
using Seq = std::uint64_t;
inline constexpr Seq kNow = UINT64_MAX;  // after every layer

struct Slot;

enum class LayerStatus : unsigned char {
  pending,
  conflicted,  // pending, but its recipe raised when it last ran: it contributes nothing
  confirmed,   // waits for older layers to be settled
  folded,      // has become part of the base
  superseded,  // newer authoritative data has taken its place
  rolled_back,
};

inline bool is_pending(LayerStatus status) { return status <= LayerStatus::conflicted; }
inline bool is_gone(LayerStatus status) { return status >= LayerStatus::folded; }

// What was read of a slot.
enum class ReadKind : unsigned char {
  value,      // what it holds (writing it counts too)
  structure,  // which keys its container has, and in which order
  subtree,    // everything in it
};

struct Read {
  Slot* slot;
  ReadKind kind;
};

// Where a key stands among its dict's keys: keys that came with the container first, then those
// that layers added, by layer and by order within the layer.
struct InsertionOrder {
  Seq seq = 0;
  std::uint32_t order = 0;
  // How the layer spelled the key, if not as the slot does (True and 1 are one key). The host's.
  Value spelling = nullptr;
  auto operator<=>(const InsertionOrder&) const = default;
};

// For each position of a list that a layer has put in a slot: where the item stood in the list that
// the layer found there, or kNone (list_match.hpp) if it is the layer's own. Null: not known.
using Moves = std::shared_ptr<const std::vector<std::size_t>>;

struct Write {
  Slot* slot;
  Value value;  // owned; null: erased
  InsertionOrder insertion;
  bool append = false;  // the slot holds a list; the value is a list of what was put behind it
  Moves moves = nullptr;
};

// What a layer does when it runs.
struct LayerBody {
  Value recipe = nullptr;       // null: it does nothing, or sets the whole value
  Value then = nullptr;         // runs after it
  Value replacement = nullptr;  // the value it sets
  bool returns = false;         // what the recipe returns counts as the new value
};

struct Layer {
  Seq seq = 0;
  Value token = nullptr;  // the host's object that this is part of; owned by the log while in it
  LayerBody body;         // owned
  LayerStatus status = LayerStatus::pending;
  bool failing = false;  // its parts raised when they last ran; a confirmed layer can fail as well
  std::vector<Read> reads;
  std::vector<Write> writes;
};

// An edit of the base that came while confirmed layers waited for an older one. If the older ones
// are rolled back it comes after those that waited, as if there had never been anything to wait
// for; if one of them is confirmed it stays below all.
struct BaseEdit {
  LayerBody body;           // owned
  Value before = nullptr;   // owned: the base without this edit and those after it
  std::vector<Seq> waited;  // the layers that were confirmed by then
};

}  // namespace halflife::optimistic
