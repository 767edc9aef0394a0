// Marks: the slots that differ from what is shown, with the way to them, and what each held before.
#pragma once

#include <unordered_map>
#include <vector>

#include "tree.hpp"

namespace halflife::optimistic {

struct Mark {
  bool itself = false;      // what the slot holds differs, not only something below
  bool grown = false;       // what was put behind the list it holds differs
  bool was_present = true;  // before
  Birth was_born;
  std::vector<Slot*> below;  // marked slots directly below
};

class Marks {
 public:
  // To be called while the slot still has the versions of what is shown.
  void remember(const Slot& slot);
  void add(Slot& slot);
  void add_grown(Slot& slot);
  const Mark* find(const Slot& slot) const;
  bool is_empty() const { return marks_.empty(); }

 private:
  void link(Slot& slot, bool known);
  struct Before {
    bool present;
    Birth born;
  };
  std::unordered_map<const Slot*, Before> before_;
  std::unordered_map<const Slot*, Mark> marks_;
};

}  // namespace halflife::optimistic
