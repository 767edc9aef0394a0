// Marks: the slots that differ from what is shown, with the way to them, and what each held before.
#pragma once

#include <unordered_map>
#include <vector>

#include "tree.hpp"

namespace halflife::optimistic {

struct SlotChange {
  bool replaced = false;    // what the slot holds differs, not only something below
  bool appended = false;    // what was put behind the list it holds differs
  bool was_present = true;  // before
  InsertionOrder old_insertion;
  std::vector<Slot*> below;  // marked slots directly below
};

class ChangedSlots {
 public:
  // To be called while the slot still has the versions of what is shown.
  void remember(const Slot& slot);
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
