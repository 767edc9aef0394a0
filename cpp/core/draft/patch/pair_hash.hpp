// The hash of a pair of handles.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "../../value.hpp"

namespace halflife::draft {

struct PairHash {
  std::size_t operator()(const std::pair<Value, Value>& pair) const {
    const std::size_t first = std::hash<Value>{}(pair.first);
    return (first * 0x9e3779b97f4a7c15u) ^ std::hash<Value>{}(pair.second);
  }
};

}  // namespace halflife::draft
