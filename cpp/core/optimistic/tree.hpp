// The tree of slots. A slot stands for one path in the nested value (ending in a key, a member or a
// position) that a layer in the log has read or written. It holds the versions that layers wrote
// there, oldest first. So any part of the value can be composed as any layer saw it, without
// keeping a state per layer (the multi-version store of Block-STM, Gelashvili and others 2022, over
// nested values).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "host.hpp"

namespace halflife::optimistic {

struct Version {
  Seq seq;
  Value value;  // owned; null: erased
  InsertionOrder insertion;
  Moves moves;
};

// Ordered by layer. Trees, because layers leave the log in any order: removal costs O(log n).
using Versions = std::map<Seq, Version>;
using Readers = std::set<Seq>;

struct Slot {
  Slot* parent = nullptr;
  Value key = nullptr;    // owned; null for the root and for positions
  std::size_t index = 0;  // the position, in a list or tuple
  std::uint64_t id = 0;   // of the key or position, among the parent's slots
  std::unordered_map<std::uint64_t, Slot*> slots;
  Versions versions;
  Versions appends;                // items that layers appended to the list in the slot
  std::size_t versions_below = 0;  // versions and appends in the slots below
  Readers value_readers;
  Readers structure_readers;
  Readers subtree_readers;
  bool suspected = false;  // waits for Tree::prune()

  bool is_unused() const {
    return slots.empty() && versions.empty() && appends.empty() && value_readers.empty() &&
           structure_readers.empty() && subtree_readers.empty();
  }
  bool is_plain() const { return versions_below == 0 && appends.empty(); }
  // The newest version with after < seq < before, or null. `after` is the newest layer that
  // assigned an ancestor, which overwrote all older versions here.
  const Version* latest(Seq after, Seq before) const;
};

class Tree {
 public:
  explicit Tree(Host& host) : host_(host) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { clear(); }

  Slot& root() { return root_; }
  // The slot of a key or position, created if missing. Null: an error is pending in the host.
  Slot* slot(Slot& parent, Value key);
  Slot* slot(Slot& parent, std::size_t index);
  // The slot, or null if there is none. With `failed`, an error is pending in the host.
  static Slot* find(const Slot& parent, std::uint64_t id);
  Slot* find(const Slot& parent, Value key, bool* failed);
  static std::uint64_t position(std::size_t index) { return (index << 1U) | 1U; }

  void add(const Layer& layer);     // adds its reads and writes; takes a reference to each value
  void remove(const Layer& layer);  // removes them; the references are released later
  // The slot may have become unused: the next prune() checks it.
  void suspect(Slot& slot);
  void prune();
  void clear();
  bool is_empty() const { return pool_.empty(); }

  // Releases the value at the next release_deferred(). A destructor may run user code, which must
  // not happen while a structure is walked.
  void release_later(Value value) { deferred_.push_back(value); }
  void release_deferred();

  template <class Visit>
  void each_value(Visit visit) const {
    const auto one = [&](const Slot& slot) {
      if (slot.key != nullptr) visit(slot.key);
      for (const auto& [seq, version] : slot.versions) {
        if (version.value != nullptr) visit(version.value);
      }
      for (const auto& [seq, version] : slot.appends) visit(version.value);
    };
    one(root_);
    for (const auto& [address, slot] : pool_) one(*slot);
    for (Value value : deferred_) visit(value);
  }

 private:
  Slot* make(Slot& parent, std::uint64_t id, Value key, std::size_t index);
  void destroy(Slot& slot);

  Host& host_;
  Slot root_;
  std::unordered_map<Slot*, Slot*> pool_;  // all slots but the root; owned
  std::vector<Slot*> suspects_;
  std::vector<Value> deferred_;
};

}  // namespace halflife::optimistic
