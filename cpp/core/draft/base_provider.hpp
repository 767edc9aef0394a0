// A base provider composes the bases of nested drafts, one level at a time. It is needed when the
// base of a draft may be partial: up to date on its first level only, so that containers in it may
// be outdated. A draft carries the provider's pointer to its partial base, or null if its base is
// full.
#pragma once

#include <cstddef>

#include "draft.hpp"

namespace halflife::draft {

class BaseProvider {
 public:
  BaseProvider() = default;
  BaseProvider(const BaseProvider&) = delete;
  BaseProvider& operator=(const BaseProvider&) = delete;
  virtual ~BaseProvider() = default;

  // The draft `parent`, whose base is partial, holds the container `found` at a key, or at an index
  // of a list. Gives the up-to-date base (owned) to draft instead, and its `partial_base`. If
  // `found` is up to date at every depth, both stay null. False: an error is pending in the host.
  virtual bool nested_base(const Draft& parent, Value key, std::size_t index, Value found,
                           Value* base, void** partial_base) = 0;
  // Owned: the base of `draft`, up to date at every depth. Null: an error is pending.
  virtual Value full_base(const Draft& draft) = 0;
};

}  // namespace halflife::draft
