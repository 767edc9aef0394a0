#include "lru.hpp"

namespace halflife::policy {

Lru::Lru() : links_(1) {}

Lru::Handle Lru::add() {
  Handle handle = free_;
  if (handle != kEnds) {
    free_ = links_[handle].newer;
  } else {
    handle = static_cast<Handle>(links_.size());
    links_.emplace_back();
  }
  links_[handle].used = true;
  append(handle);
  ++size_;
  return handle;
}

void Lru::remove(Handle handle) {
  if (links_[handle].pins == 0) {
    unlink(handle);
  } else {
    --pinned_;
  }
  links_[handle] = {.newer = free_};
  free_ = handle;
  --size_;
}

void Lru::touch(Handle handle) {
  if (links_[handle].pins != 0) return;
  unlink(handle);
  append(handle);
}

void Lru::pin(Handle handle) {
  if (links_[handle].pins++ != 0) return;
  unlink(handle);
  ++pinned_;
}

void Lru::unpin(Handle handle) {
  if (links_[handle].pins == 0) return;
  --links_[handle].pins;
  if (links_[handle].pins != 0) return;
  append(handle);
  --pinned_;
}

std::optional<Lru::Handle> Lru::victim() const {
  const Handle oldest = links_[kEnds].newer;
  if (oldest == kEnds) return std::nullopt;
  return oldest;
}

void Lru::append(Handle handle) {
  const Handle newest = links_[kEnds].older;
  links_[handle].older = newest;
  links_[handle].newer = kEnds;
  links_[newest].newer = handle;
  links_[kEnds].older = handle;
}

void Lru::unlink(Handle handle) {
  const Link& link = links_[handle];
  links_[link.older].newer = link.newer;
  links_[link.newer].older = link.older;
}

}  // namespace halflife::policy
