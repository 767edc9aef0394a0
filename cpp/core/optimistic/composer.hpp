// The composer makes values out of the tree: it copies a container and sets the versions that
// layers wrote into it. A container that no version touches stays the same object. Iterative,
// because values may nest deeply. The composer owns its copies until it returns them.
#pragma once

#include <vector>

#include "changed_slots.hpp"

namespace halflife::optimistic {

class Composer {
 public:
  // Keys that layers up to `folded` inserted have their positions from the base.
  Composer(Tree& tree, draft::Model& model, Seq folded)
      : tree_(tree), model_(model), folded_(folded) {}

  // Owned: the container `under`, which layer `after` assigned to the slot, as layer `before` found
  // it. With `shallow`, its direct entries are current, but containers in it may be outdated.
  Value compose(Slot& slot, Value under, Seq after, Seq before, bool shallow);

  // Owned: the new visible value, from the old one and the slots that changed. Without the old one
  // (null), from the base alone.
  Value compose_visible(Value base, Value visible, const ChangedSlots& changed);

  // Owned: the base with the changed slots as layer `before` finds them. A container that equals
  // the visible one at its path is the visible object.
  Value fold(Value base, Value visible, const ChangedSlots& changed, Seq before);

  // The container's own entry at the slot's key or position, without versions; null: none.
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
    Value counterpart;  // borrowed, or null: the visible container at this path; the result if
                        // entries are equal
    Seq after;
    bool from_under;        // the copy starts from `under`, not from `visible`
    bool restored = false;  // an entry is again that of `under`, so all may be
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
