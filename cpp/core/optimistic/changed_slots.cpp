#include "changed_slots.hpp"

namespace halflife::optimistic {

void ChangedSlots::remember(const Slot& slot, Seq folded) {
  if (before_.contains(&slot)) return;
  const Version* version = slot.latest(0, kNow);
  if (version == nullptr) {
    before_[&slot] = {true, {}};
  } else {
    const bool inserted = version->insertion.seq > folded;
    before_[&slot] = {version->value != nullptr, inserted ? version->insertion : InsertionOrder{}};
  }
}

void ChangedSlots::add(Slot& slot) {
  const bool known = changes_.contains(&slot);
  SlotChange& change = changes_[&slot];
  if (!change.replaced) {
    change.replaced = true;
    const auto before = before_.find(&slot);
    if (before != before_.end()) {
      change.was_present = before->second.present;
      change.old_insertion = before->second.insertion;
    }
  }
  link(slot, known);
}

void ChangedSlots::add_appended(Slot& slot) {
  const bool known = changes_.contains(&slot);
  changes_[&slot].appended = true;
  link(slot, known);
}

void ChangedSlots::link(Slot& slot, bool known) {
  if (known) return;
  for (Slot* child = &slot; child->parent != nullptr; child = child->parent) {
    const bool linked = changes_.contains(child->parent);
    changes_[child->parent].below.push_back(child);
    if (linked) return;
  }
}

const SlotChange* ChangedSlots::find(const Slot& slot) const {
  const auto known = changes_.find(&slot);
  return known == changes_.end() ? nullptr : &known->second;
}

}  // namespace halflife::optimistic
