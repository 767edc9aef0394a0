// The tree of slots: every place in the value that a live layer has read or written, with the
// versions the layers wrote there, oldest first. With it any part of the value can be composed as
// any layer saw it, without keeping a state per layer (the multi-version store of Block-STM,
// Gelashvili and others 2022, over nested values).
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

// By layer. One of them comes and goes at the same cost wherever it is.
using Versions = std::map<Seq, Version>;
using Readers = std::set<Seq>;

struct Slot {
  Slot* parent = nullptr;
  Value key = nullptr;    // owned; null for the root and for positions of lists
  std::size_t index = 0;  // its position, in a list
  std::uint64_t id = 0;   // of the key, among its parent's slots
  std::unordered_map<std::uint64_t, Slot*> slots;
  Versions versions;
  Versions appends;                // what layers put behind the list that the slot holds
  std::size_t versions_below = 0;  // versions and appends in the slots below
  Readers value_readers;
  Readers structure_readers;
  Readers subtree_readers;
  bool suspected = false;  // for Tree::prune

  bool is_unused() const {
    return slots.empty() && versions.empty() && appends.empty() && value_readers.empty() &&
           structure_readers.empty() && subtree_readers.empty();
  }
  bool is_plain() const { return versions_below == 0 && appends.empty(); }
  // The newest version with after < seq < before, or null. (`after` is the newest assignment to
  // anything above: what is older was overwritten by it.)
  const Version* latest(Seq after, Seq before) const;
};

class Tree {
 public:
  explicit Tree(Host& host) : host_(host) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { clear(); }

  Slot& root() { return root_; }
  // The slot of a key or position; made if need be. Null: the host has an error pending.
  Slot* slot(Slot& parent, Value key);
  Slot* slot(Slot& parent, std::size_t index);
  // ... and null too if there is none.
  static Slot* find(const Slot& parent, std::uint64_t id);
  Slot* find(const Slot& parent, Value key, bool* failed);
  static std::uint64_t position(std::size_t index) { return (index << 1U) | 1U; }

  void add(const Layer& layer);     // its reads and writes; takes a reference to each value
  void remove(const Layer& layer);  // gives the references to the trash
  // The slot may have become unused: look at the next prune().
  void suspect(Slot& slot);
  void prune();
  void clear();
  bool is_empty() const { return pool_.empty(); }

  // Values to be released once nothing is being walked.
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
