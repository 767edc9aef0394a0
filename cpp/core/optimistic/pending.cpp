// What is pending, and where.
#include "log.hpp"

namespace halflife::optimistic {

// Has a pending layer put the item at this position behind the list?
bool Log::is_appended_at(Slot& slot, std::size_t index) {
  if (slot.appends.empty()) return false;
  const Version* assigned = slot.latest(0, kNow);
  std::size_t start = length_below(slot, kNow);
  for (const auto& [seq, version] : slot.appends) {
    if (assigned != nullptr && version.seq < assigned->seq) continue;
    if (index < start) return false;
    start += model_.size(version.value);
    if (index >= start) continue;
    const Layer* layer = at(version.seq);
    return layer != nullptr && is_unsettled(layer->status);
  }
  return false;
}

int Log::is_pending_at(const std::vector<Value>& path) {
  std::vector<Slot*> slots{&tree_.root()};
  for (Value key : path) {
    std::vector<Slot*> below;
    for (Slot* slot : slots) {
      bool failed = false;
      Slot* named = tree_.find(*slot, key, &failed);
      if (failed) return -1;
      if (named != nullptr) below.push_back(named);
      std::size_t index = 0;
      if (!model_.position(key, false, &index)) continue;
      if (is_appended_at(*slot, index)) return 1;
      Slot* placed = Tree::find(*slot, Tree::position(index));
      if (placed != nullptr) below.push_back(placed);
    }
    slots.swap(below);
  }
  while (!slots.empty()) {
    const Slot* slot = slots.back();
    slots.pop_back();
    for (const Versions* versions : {&slot->versions, &slot->appends}) {
      for (const auto& [seq, version] : *versions) {
        const Layer* layer = at(version.seq);
        if (layer != nullptr && is_unsettled(layer->status)) return 1;
      }
    }
    if (slot->below == 0) continue;
    for (const auto& [id, one] : slot->slots) slots.push_back(one);
  }
  return 0;
}

}  // namespace halflife::optimistic
