#include "marks.hpp"

namespace halflife::optimistic {

void Marks::remember(const Slot& slot) {
  if (before_.contains(&slot)) return;
  const Version* version = slot.latest(0, kNow);
  const bool known = version != nullptr;
  before_[&slot] = {!known || version->value != nullptr, known ? version->birth : Birth{}};
}

void Marks::add(Slot& slot) {
  const bool known = marks_.contains(&slot);
  Mark& mark = marks_[&slot];
  if (!mark.itself) {
    mark.itself = true;
    const auto before = before_.find(&slot);
    if (before != before_.end()) {
      mark.was_present = before->second.present;
      mark.was_born = before->second.born;
    }
  }
  link(slot, known);
}

void Marks::add_grown(Slot& slot) {
  const bool known = marks_.contains(&slot);
  marks_[&slot].grown = true;
  link(slot, known);
}

void Marks::link(Slot& slot, bool known) {
  if (known) return;
  for (Slot* child = &slot; child->parent != nullptr; child = child->parent) {
    const bool linked = marks_.contains(child->parent);
    marks_[child->parent].below.push_back(child);
    if (linked) return;
  }
}

const Mark* Marks::find(const Slot& slot) const {
  const auto known = marks_.find(&slot);
  return known == marks_.end() ? nullptr : &known->second;
}

}  // namespace halflife::optimistic
