#include "patch.hpp"

#include <algorithm>
#include <utility>

namespace halflife::draft {

PatchList& PatchList::operator=(PatchList&& other) noexcept {
  if (this != &other) {
    clear();
    model_ = other.model_;
    patches_.swap(other.patches_);
  }
  return *this;
}

void PatchList::add(Op op, Path path, Value value, Path from, bool by_pointer) {
  for (Value part : path) model_->own(part);
  for (Value part : from) model_->own(part);
  if (value != nullptr) model_->own(value);
  patches_.push_back({op, std::move(path), value, std::move(from), by_pointer});
}

void PatchList::reverse() { std::reverse(patches_.begin(), patches_.end()); }

void PatchList::clear() {
  std::vector<Patch> gone;
  gone.swap(patches_);
  for (const Patch& patch : gone) {
    for (Value part : patch.path) model_->release(part);
    for (Value part : patch.from) model_->release(part);
    if (patch.value != nullptr) model_->release(patch.value);
  }
}

}  // namespace halflife::draft
