#include "tree.hpp"

#include <iterator>
#include <utility>

namespace halflife::optimistic {

namespace {

Readers& readers_of(const Read& read) {
  switch (read.kind) {
    case ReadKind::value:
      return read.slot->value_readers;
    case ReadKind::structure:
      return read.slot->structure_readers;
    default:
      return read.slot->subtree_readers;
  }
}

void count(Slot& slot, std::size_t difference) {
  for (Slot* at = slot.parent; at != nullptr; at = at->parent) at->versions_below += difference;
}

}  // namespace

const Version* Slot::latest(Seq after, Seq before) const {
  if (versions.empty()) return nullptr;
  const auto end = versions.lower_bound(before);
  if (end == versions.begin()) return nullptr;
  const Version& version = std::prev(end)->second;
  return version.seq > after ? &version : nullptr;
}

Slot* Tree::make(Slot& parent, std::uint64_t id, Value key, std::size_t index) {
  Slot* made = new Slot;
  made->parent = &parent;
  made->id = id;
  made->index = index;
  if (key != nullptr) {
    host_.model().own(key);
    made->key = key;
  }
  parent.slots.emplace(id, made);
  pool_.emplace(made, made);
  suspect(*made);
  return made;
}

Slot* Tree::find(const Slot& parent, std::uint64_t id) {
  const auto known = parent.slots.find(id);
  return known == parent.slots.end() ? nullptr : known->second;
}

Slot* Tree::find(const Slot& parent, Value key, bool* failed) {
  if (parent.slots.empty()) return nullptr;
  std::uint64_t id = 0;
  if (!host_.intern(key, &id)) {
    *failed = true;
    return nullptr;
  }
  return find(parent, id << 1U);
}

Slot* Tree::slot(Slot& parent, Value key) {
  std::uint64_t id = 0;
  if (!host_.intern(key, &id)) return nullptr;
  id <<= 1U;
  Slot* known = find(parent, id);
  return known != nullptr ? known : make(parent, id, key, 0);
}

Slot* Tree::slot(Slot& parent, std::size_t index) {
  const std::uint64_t id = position(index);
  Slot* known = find(parent, id);
  return known != nullptr ? known : make(parent, id, nullptr, index);
}

void Tree::add(const Layer& layer) {
  for (const Read& read : layer.reads) readers_of(read).insert(layer.seq);
  for (const Write& write : layer.writes) {
    if (write.value != nullptr) host_.model().own(write.value);
    Versions& versions = write.append ? write.slot->appends : write.slot->versions;
    versions.emplace(layer.seq, Version{layer.seq, write.value, write.insertion, write.moves});
    count(*write.slot, 1);
  }
}

void Tree::remove(const Layer& layer) {
  for (const Read& read : layer.reads) {
    readers_of(read).erase(layer.seq);
    suspect(*read.slot);
  }
  for (const Write& write : layer.writes) {
    Versions& versions = write.append ? write.slot->appends : write.slot->versions;
    const auto at = versions.find(layer.seq);
    if (at->second.value != nullptr) release_later(at->second.value);
    versions.erase(at);
    count(*write.slot, static_cast<std::size_t>(-1));
    suspect(*write.slot);
  }
}

void Tree::suspect(Slot& slot) {
  if (slot.suspected || slot.parent == nullptr) return;
  slot.suspected = true;
  suspects_.push_back(&slot);
}

void Tree::destroy(Slot& slot) {
  Slot* parent = slot.parent;
  parent->slots.erase(slot.id);
  if (slot.key != nullptr) release_later(slot.key);
  pool_.erase(&slot);
  delete &slot;
  suspect(*parent);
}

void Tree::prune() {
  while (!suspects_.empty()) {
    Slot* slot = suspects_.back();
    suspects_.pop_back();
    slot->suspected = false;
    if (slot->is_unused()) destroy(*slot);
  }
}

void Tree::clear() {
  suspects_.clear();
  for (const auto& [address, slot] : pool_) {
    if (slot->key != nullptr) release_later(slot->key);
    for (const auto& [seq, version] : slot->versions) {
      if (version.value != nullptr) release_later(version.value);
    }
    for (const auto& [seq, version] : slot->appends) release_later(version.value);
    delete slot;
  }
  pool_.clear();
  for (const auto& [seq, version] : root_.versions) {
    if (version.value != nullptr) release_later(version.value);
  }
  for (const auto& [seq, version] : root_.appends) release_later(version.value);
  root_ = Slot{};
}

void Tree::release_deferred() {
  while (!deferred_.empty()) {
    std::vector<Value> deferred;
    deferred.swap(deferred_);
    for (Value value : deferred) host_.model().release(value);
  }
}

}  // namespace halflife::optimistic
