// Changed slots are the slots whose values differ from those in the visible value, with the path
// from the root to each. The composer rebuilds the containers on these paths only.
#pragma once

#include <unordered_map>
#include <vector>

#include "tree.hpp"

namespace halflife::optimistic {

struct SlotChange {
  bool replaced = false;         // the value in the slot changed, not only something below it
  bool appended = false;         // the items appended to the list in the slot changed
  bool was_present = true;       // before the change
  InsertionOrder old_insertion;  // empty: the key had its position from the base
  std::vector<Slot*> below;      // changed slots directly below
};

class ChangedSlots {
 public:
  // Remembers the slot's state before a change, from its versions: call it before they change.
  // Keys that layers up to `folded` inserted have their positions from the base.
  void remember(const Slot& slot, Seq folded);
  void add(Slot& slot);
  void add_appended(Slot& slot);
  const SlotChange* find(const Slot& slot) const;
  bool is_empty() const { return changes_.empty(); }

 private:
  void link(Slot& slot, bool known);
  struct Before {
    bool present;
    InsertionOrder insertion;
  };
  std::unordered_map<const Slot*, Before> before_;
  std::unordered_map<const Slot*, SlotChange> changes_;
};

}  // namespace halflife::optimistic
