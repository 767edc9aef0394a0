// Ids and stamps. A stamp names one moment in the life of one store; equal stamps mean "nothing
// happened in between", so the graph compares stamps where a naive one would compare values.
#pragma once

#include <cstdint>

namespace halflife {

// Unique per change: no two changes in a store share one, so `seen == changed_at` proves that the
// value read is the value held now.
using Stamp = std::uint64_t;

// Moves whenever anything outside a walk changes the store. A node verified at the current revision
// is current without a look at its inputs.
using Revision = std::uint64_t;

// Place in the order of recomputation: greater than that of every input. Only live nodes have one.
// Sources are below everything, so a node can always be put lower than what depends on it.
using Height = std::int32_t;
constexpr Height kSourceHeight = -0x40000000;

// Names one run of an async atom; a result that carries an old one is ignored.
using Generation = std::uint64_t;

// Order of subscription, which is the order of notification.
using SubscriptionId = std::uint64_t;

}  // namespace halflife
