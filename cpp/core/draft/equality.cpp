#include "equality.hpp"

#include <unordered_set>
#include <utility>
#include <vector>

#include "patch/pair_hash.hpp"

namespace halflife::draft {

namespace {

struct Rules {
  bool ordered;  // the order of a map's keys counts
  bool numbers_by_value;
  bool any_class;  // compares as JSON arrays and objects
};

class Comparison {
 public:
  Comparison(Model& model, Rules rules) : model_(model), rules_(rules) {}

  bool run(Value one, Value other, bool* result) {
    *result = open(one, other);
    while (*result && !left_.empty()) {
      const auto [mine, theirs] = left_.back();
      left_.pop_back();
      *result = false;
      if (!compare(mine, theirs, result)) return false;
    }
    return true;
  }

 private:
  // Compares leaves at once and queues containers. A pair that was met before counts as equal,
  // because values may contain themselves; a difference shows in another pair.
  bool open(Value one, Value other) {
    if (one == other) return true;
    const Kind kind = kind_of(one);
    if (kind != kind_of(other)) return false;
    if (kind == Kind::leaf) {
      return model_.same(one, other) || (rules_.numbers_by_value && model_.same_number(one, other));
    }
    if (model_.size(one) != model_.size(other)) return false;
    if (!rules_.any_class && !model_.same_type(one, other)) return false;
    if (met_.insert({one, other}).second) left_.emplace_back(one, other);
    return true;
  }

  Kind kind_of(Value value) {
    const Kind kind = model_.kind(value);
    if (!rules_.any_class) return kind;
    if (kind == Kind::fixed) return Kind::list;
    return kind == Kind::record ? Kind::map : kind;
  }

  bool compare(Value one, Value other, bool* result) {
    switch (kind_of(one)) {
      case Kind::list:
      case Kind::fixed:
        *result = compare_items(one, other);
        return true;
      case Kind::set:
        return compare_members(one, other, result);
      case Kind::map:
        if (!rules_.ordered) return compare_entries(one, other, result);
        [[fallthrough]];
      default:
        *result = compare_fields(one, other);
        return true;
    }
  }

  bool compare_items(Value one, Value other) {
    const std::size_t count = model_.size(one);
    for (std::size_t index = 0; index < count; ++index) {
      if (!open(model_.item(one, index), model_.item(other, index))) return false;
    }
    return true;
  }

  bool compare_fields(Value one, Value other) {
    std::size_t mine = 0;
    std::size_t theirs = 0;
    Value key = nullptr;
    Value value = nullptr;
    Value other_key = nullptr;
    Value other_value = nullptr;
    while (model_.next(one, &mine, &key, &value)) {
      if (!model_.next(other, &theirs, &other_key, &other_value)) return false;
      if (!open(key, other_key) || !open(value, other_value)) return false;
    }
    return true;
  }

  bool compare_entries(Value one, Value other, bool* result) {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value value = nullptr;
    while (model_.next(one, &cursor, &key, &value)) {
      Value found = nullptr;
      if (!model_.find(other, key, &found)) return false;
      if (found == nullptr || !open(value, found)) return true;
    }
    *result = true;
    return true;
  }

  bool compare_members(Value one, Value other, bool* result) {
    std::size_t cursor = 0;
    Value member = nullptr;
    Value value = nullptr;
    while (model_.next(one, &cursor, &member, &value)) {
      Value found = nullptr;
      if (!model_.find(other, member, &found)) return false;
      if (found == nullptr || !open(member, found)) return true;
    }
    *result = true;
    return true;
  }

  Model& model_;
  std::vector<std::pair<Value, Value>> left_;
  std::unordered_set<std::pair<Value, Value>, PairHash> met_;
  Rules rules_;
};

}  // namespace

bool equal(Model& model, Value one, Value other, bool ordered, bool* result) {
  return Comparison(model, {ordered, false, false}).run(one, other, result);
}

bool equal_in_json(Model& model, Value one, Value other, bool as_json, bool* result) {
  return Comparison(model, {false, true, as_json}).run(one, other, result);
}

}  // namespace halflife::draft
