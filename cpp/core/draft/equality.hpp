// Deep equality of plain values. Strict: containers of different classes differ, and so do scalars
// of different types.
#pragma once

#include "model.hpp"

namespace halflife::draft {

// `ordered`: the order of a map's keys counts. False: the host has an error pending.
bool equal(Model& model, Value one, Value other, bool ordered, bool* result);

}  // namespace halflife::draft
