// Element numbers stand for list elements in list_match and list_diff.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>

#include "../model.hpp"

namespace halflife::draft {

// Gives indistinguishable elements the same number.
class ElementNumbers {
 public:
  explicit ElementNumbers(Model& model) : numbers_(16, Hash{&model}, Equal{&model}) {}

  std::size_t of(Value element) { return numbers_.emplace(element, numbers_.size()).first->second; }

 private:
  struct Hash {
    Model* model;
    std::size_t operator()(Value value) const {
      return model->kind(value) == Kind::leaf ? model->hash(value) : std::hash<Value>{}(value);
    }
  };
  struct Equal {
    Model* model;
    bool operator()(Value one, Value other) const {
      if (one == other) return true;
      return model->kind(one) == Kind::leaf && model->same(one, other);
    }
  };
  std::unordered_map<Value, std::size_t, Hash, Equal> numbers_;
};

}  // namespace halflife::draft
