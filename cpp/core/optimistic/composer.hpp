// The composer makes values out of the tree: a container with the versions that layers wrote into
// it put in their places. What no version touches stays the same object. Iterative; the containers
// it copies are its own until it hands them out.
#pragma once

#include <vector>

#include "changed_slots.hpp"

namespace halflife::optimistic {

class Composer {
 public:
  // Keys born in layers up to `folded` stand where the base has them.
  Composer(Tree& tree, draft::Model& model, Seq folded)
      : tree_(tree), model_(model), folded_(folded) {}

  // Owned: the container `under`, which the slot holds since `after`, as layer `before` found it.
  // Shallow: one level; what is in it may be outdated further down.
  Value compose(Slot& slot, Value under, Seq after, Seq before, bool shallow);

  // Owned: the whole value as it is now, given what is shown and where it differs.
  Value compose_visible(Value base, Value visible, const ChangedSlots& changed);

  // Owned: the base with the marked slots as they are before `before`. What is shown as well is the
  // object that is shown.
  Value fold(Value base, Value visible, const ChangedSlots& changed, Seq before);

  // What a slot of a container holds, without versions; null: nothing.
  bool lookup(Value container, const Slot& slot, Value* found);

 private:
  struct Added {
    InsertionOrder insertion;
    Value key;
    Value value;
  };
  struct Level {
    Slot* slot;
    Value under;        // borrowed
    Value visible;      // borrowed; null: composed from `under`
    Value counterpart;  // borrowed; what is shown in its place, which stays if it holds the same;
                        // or null
    Seq after;
    bool from_under;        // starts from `under`, not from what is shown
    bool restored = false;  // something in it is again what `under` has: all of it may be
    Value made = nullptr;   // owned
    std::vector<Slot*> todo = {};
    std::size_t next = 0;
    std::vector<Added> added = {};
    std::vector<Value> results = {};  // owned: results of levels below
  };
  struct Task {
    const ChangedSlots* changed;
    Seq before;
    bool shallow;
    bool folding;
  };
  bool open_level(const Task& task, Level level);
  bool has_moved(const Task& task, const Level& level, const Slot& slot, bool* moved);
  bool run(const Task& task, Value* result);
  bool step(const Task& task);
  bool holds_same_entries(Value one, Value made, bool* same);
  bool is_same(Value one, Value other);
  bool close_level(Value* result);
  bool finish(const Level& level, Value* made);
  bool set_in_order(Level& level, Slot& slot, const Version* version, Value value);
  bool set_entry(Level& level, Slot& slot, Value value);
  bool ensure_copy(Level& level);
  bool append_items(const Task& task, Level& level);
  bool value_without_versions(const Task& task, const Level& level, const Slot& slot, Value* found);
  void abandon();

  Tree& tree_;
  draft::Model& model_;
  Seq folded_;
  std::vector<Level> levels_;
};

}  // namespace halflife::optimistic
