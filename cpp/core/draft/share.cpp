#include "share.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

#include "equality.hpp"
#include "pair_hash.hpp"

namespace halflife::draft {

namespace {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// A container inside `now` that is not the very object it is compared with.
struct Part {
  Value key;  // null in lists
  std::size_t index;
  Value now;
  Value before;
  Value otherwise;  // of a list that changed its length: the counterpart from the end
  Value result;
};

struct Pair {
  Value before;
  Value now;
  Kind kind;
  bool equal = true;
  std::size_t next = 0;
  std::vector<Part> parts;
};

class Sharing {
 public:
  explicit Sharing(Model& model) : model_(model) {}
  Sharing(const Sharing&) = delete;
  Sharing& operator=(const Sharing&) = delete;
  ~Sharing() {
    for (Value value : held_) model_.release(value);
  }

  bool run(Value before, Value now, Value* result) {
    *result = now;
    if (settled(before, now, result)) return true;
    if (!push(before, now)) return false;
    while (!pairs_.empty()) {
      Pair& pair = pairs_.back();
      if (pair.next < pair.parts.size()) {
        if (!step(pair)) return false;
        if (!cyclic_) continue;
        *result = now;
        return true;
      }
      if (!finish(pair, result)) return false;
      known_[{pair.before, pair.now}] = *result;
      pairs_.pop_back();
    }
    return true;
  }

 private:
  void hold(Value value) {
    model_.own(value);
    held_.push_back(value);
  }

  // What can be told at once.
  bool settled(Value before, Value now, Value* result) {
    *result = now;
    if (before == now) return true;
    const Kind kind = model_.kind(now);
    if (kind != model_.kind(before)) return true;
    if (kind == Kind::leaf) {
      if (model_.same(before, now)) *result = before;
      return true;
    }
    if (!model_.same_type(before, now)) return true;
    const auto known = known_.find({before, now});
    if (known == known_.end()) return false;
    if (known->second == nullptr) cyclic_ = true;
    *result = known->second;
    return true;
  }

  bool push(Value before, Value now) {
    hold(before);
    hold(now);
    known_[{before, now}] = nullptr;
    Pair& pair = pairs_.emplace_back(Pair{before, now, model_.kind(now), true, 0, {}});
    switch (pair.kind) {
      case Kind::list:
      case Kind::fixed:
        open_items(pair);
        return true;
      case Kind::set:
        return equal(model_, before, now, true, &pair.equal);
      default:
        return open_entries(pair);
    }
  }

  // Notes what must be looked into. True if both are equal as far as can be told now.
  bool open(Pair& pair, Value key, std::size_t index, Value now, Value before, Value otherwise) {
    if (now == before) return true;
    if (model_.kind(now) == Kind::leaf) return before != nullptr && model_.same(before, now);
    if (before == nullptr) std::swap(before, otherwise);
    if (before == nullptr) return false;
    hold(now);
    hold(before);
    if (otherwise != nullptr) hold(otherwise);
    pair.parts.push_back({key, index, now, before, otherwise, nullptr});
    return true;
  }

  void open_items(Pair& pair) {
    const std::size_t count = model_.size(pair.now);
    const std::size_t before = model_.size(pair.before);
    pair.equal = count == before;
    for (std::size_t index = 0; index < count; ++index) {
      const std::size_t from_end = index + before - count;  // wraps around: too large then
      Value front = index < before ? model_.item(pair.before, index) : nullptr;
      Value back = nullptr;
      if (count != before && from_end < before) back = model_.item(pair.before, from_end);
      Value now = model_.item(pair.now, index);
      if (now == front || now == back) continue;
      if (!open(pair, nullptr, index, now, front, back)) pair.equal = false;
    }
  }

  bool same_key(Value before, Value now, bool* same) {
    *same = before == now || model_.same(before, now);
    if (*same || model_.kind(now) != Kind::fixed) return true;
    return equal(model_, before, now, true, same);
  }

  bool open_entries(Pair& pair) {
    std::size_t left = 0;
    std::size_t right = 0;
    Value key = nullptr;
    Value now = nullptr;
    Value key_before = nullptr;
    Value before = nullptr;
    pair.equal = model_.size(pair.before) == model_.size(pair.now);
    bool in_step = true;
    while (model_.next(pair.now, &right, &key, &now)) {
      if (in_step) {
        in_step = model_.next(pair.before, &left, &key_before, &before);
        if (in_step && !same_key(key_before, key, &in_step)) return false;
        if (!in_step) pair.equal = false;
      }
      if (!in_step && !model_.find(pair.before, key, &before)) return false;
      if (!open(pair, key, kNone, now, before, nullptr)) pair.equal = false;
    }
    return true;
  }

  // One part: its result, if it is known, or a new pair on the stack.
  bool step(Pair& pair) {
    Part& part = pair.parts[pair.next];
    Value result = nullptr;
    if (!settled(part.before, part.now, &result)) return push(part.before, part.now);
    if (cyclic_) return true;
    if (result != part.before && part.otherwise != nullptr) {
      if (result != part.now) part.result = result;
      part.before = std::exchange(part.otherwise, nullptr);
      return true;
    }
    if (result != part.before) pair.equal = false;
    if (result == part.before || part.result == nullptr) part.result = result;
    ++pair.next;
    return true;
  }

  bool finish(Pair& pair, Value* result) {
    *result = pair.before;
    if (pair.equal) return true;
    *result = pair.now;
    Value made = nullptr;
    for (const Part& part : pair.parts) {
      if (part.result == part.now) continue;
      if (made == nullptr) {
        made = model_.copy(pair.now);
        if (made == nullptr) return false;
        held_.push_back(made);
      }
      const bool ok = part.key != nullptr ? model_.put(made, part.key, part.result)
                                          : model_.put_item(made, part.index, part.result);
      if (!ok) return false;
    }
    if (made == nullptr) return true;
    *result = made;
    if (pair.kind == Kind::map || pair.kind == Kind::list) return true;
    Value rebuilt = model_.rebuild(pair.now, made);
    if (rebuilt == nullptr) return false;
    held_.push_back(rebuilt);
    *result = rebuilt;
    return true;
  }

  Model& model_;
  std::vector<Pair> pairs_;
  std::vector<Value> held_;
  std::unordered_map<std::pair<Value, Value>, Value, PairHash> known_;  // null: at work
  bool cyclic_ = false;
};

}  // namespace

Value share(Model& model, Value before, Value now) {
  Sharing sharing(model);
  Value result = nullptr;
  if (!sharing.run(before, now, &result)) return nullptr;
  model.own(result);
  return result;
}

}  // namespace halflife::draft
