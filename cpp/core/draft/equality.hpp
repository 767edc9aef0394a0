// Deep equality of plain values.
#pragma once

#include "model.hpp"

namespace halflife::draft {

// Strict: containers of different classes differ, and so do scalars of different types. `ordered`:
// the order of a map's keys counts. False: the host has an error pending.
bool equal(Model& model, Value one, Value other, bool ordered, bool* result);

// As the operation `test` of RFC 6902 (section 4.6) compares: numbers by value, objects without
// order. `as_json`: lists and tuples are arrays, maps and records are objects, whatever their
// class. False: the host has an error pending.
bool equal_in_json(Model& model, Value one, Value other, bool as_json, bool* result);

}  // namespace halflife::draft
