// Least recently used: the order in which a cache forgets its entries. The cache has a handle for
// each entry; entries that must stay are pinned, any number of times, and are not in the order.
// An entry is the newest when it is added, touched, or unpinned for the last time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace halflife::policy {

class Lru {
 public:
  // Names an entry until the entry is removed; then another entry may get the same handle.
  using Handle = std::uint32_t;

  Lru();

  Handle add();
  void remove(Handle handle);
  void touch(Handle handle);
  void pin(Handle handle);
  void unpin(Handle handle);

  // The entry to forget first; nothing if all are pinned or there is none.
  std::optional<Handle> victim() const;

  bool contains(std::size_t handle) const {
    return handle != kEnds && handle < links_.size() && links_[handle].used;
  }
  bool pinned(Handle handle) const { return links_[handle].pins != 0; }
  std::size_t size() const { return size_; }
  std::size_t pinned_count() const { return pinned_; }

 private:
  // The list is a ring through this element: after it the oldest entry, before it the newest.
  static constexpr Handle kEnds = 0;

  struct Link {
    Handle older = kEnds;  // of a handle that is free: unused
    Handle newer = kEnds;  // of a handle that is free: the next free one
    std::uint32_t pins = 0;
    bool used = false;
  };

  void append(Handle handle);
  void unlink(Handle handle);

  std::vector<Link> links_;
  Handle free_ = kEnds;  // the first handle that is free; kEnds if none is
  std::size_t size_ = 0;
  std::size_t pinned_ = 0;
};

}  // namespace halflife::policy
