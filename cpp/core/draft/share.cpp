#include "share.hpp"

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "equality.hpp"
#include "patch/pair_hash.hpp"

namespace halflife::draft {

namespace {

// An entry of `now` that is not identical to its counterpart in `before`, but may equal it.
struct Part {
  Value key;  // null in lists
  std::size_t index;
  Value now;
  Value before;
  Value otherwise;  // in a list whose length changed: the counterpart from the end
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

// All containers in a value.
Objects containers_of(Model& model, Value root) {
  Objects met;
  std::vector<Value> left;
  const auto meet = [&](Value value) {
    if (model.kind(value) != Kind::leaf && met.insert(value).second) left.push_back(value);
  };
  meet(root);
  while (!left.empty()) {
    Value container = left.back();
    left.pop_back();
    const Kind kind = model.kind(container);
    if (kind == Kind::set) continue;  // members are leaves
    if (is_positional(kind)) {
      for (std::size_t index = 0; index < model.size(container); ++index) {
        meet(model.item(container, index));
      }
      continue;
    }
    std::size_t cursor = 0;
    Value key = nullptr;
    Value value = nullptr;
    while (model.next(container, &cursor, &key, &value)) meet(value);
  }
  return met;
}

class Sharing {
 public:
  Sharing(Model& model, Leaves leaves, Objects* taken, const Objects* kept)
      : model_(model), leaves_(leaves), taken_(taken), kept_(kept) {}
  Sharing(const Sharing&) = delete;
  Sharing& operator=(const Sharing&) = delete;
  ~Sharing() {
    for (Value value : held_) model_.release(value);
  }

  bool run(Value before, Value now, Value* result) {
    root_ = before;
    *result = now;
    bool known = false;
    if (!decide(before, now, result, &known)) return false;
    if (known) return true;
    if (!push(before, now)) return false;
    while (!pairs_.empty()) {
      Pair& pair = pairs_.back();
      if (pair.next < pair.parts.size()) {
        if (!step(pair)) return false;
        continue;
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

  void take(Value before) {
    if (taken_ != nullptr) taken_->insert(before);
  }

  // Gives the result if it can be told without a walk into both containers.
  bool decide(Value before, Value now, Value* result, bool* done) {
    *result = now;
    *done = true;
    if (before == now) {
      take(before);
      return true;
    }
    const Kind kind = model_.kind(now);
    if (kind != model_.kind(before) || (kept_ != nullptr && kept_->contains(now))) return true;
    if (kind == Kind::leaf) {
      const bool alike = leaves_ == Leaves::alike && model_.alike(before, now);
      if (alike || model_.same(before, now)) *result = before;
      return true;
    }
    if (!model_.same_type(before, now)) return true;
    const auto known = known_.find({before, now});
    *done = known != known_.end();
    if (!*done) return true;
    *result = known->second;
    if (*result != nullptr) return true;
    // The value contains itself, and the pair is in progress: the result is `before` if both are
    // equal.
    bool same = false;
    if (!equal(model_, before, now, true, &same)) return false;
    *result = same ? before : now;
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

  // Queues an entry that needs a closer look. False: the entry differs.
  bool open(Pair& pair, Value key, std::size_t index, Value now, Value before, Value otherwise) {
    if (now == before) {
      take(before);
      return true;
    }
    if (model_.kind(now) == Kind::leaf) {
      if (before == nullptr || model_.kind(before) != Kind::leaf) return false;
      if (model_.same(before, now)) return true;
      if (leaves_ == Leaves::same || !model_.same_type(before, now)) return false;
      otherwise = nullptr;  // `alike` may run user code: asked after this walk
    }
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
      // The position with the same distance from the end. Wraps around to a large number if there
      // is none.
      const std::size_t from_end = index + before - count;
      Value front = index < before ? model_.item(pair.before, index) : nullptr;
      Value back = nullptr;
      if (count != before && from_end < before) back = model_.item(pair.before, from_end);
      Value now = model_.item(pair.now, index);
      if (now == back && now != front) {
        take(now);
        continue;
      }
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
      if (!open(pair, key, 0, now, before, nullptr)) pair.equal = false;
    }
    return true;
  }

  // Takes the result of one part if it is known, or pushes a new pair.
  bool step(Pair& pair) {
    Part& part = pair.parts[pair.next];
    Value result = nullptr;
    bool known = false;
    if (!decide(part.before, part.now, &result, &known)) return false;
    if (!known) return push(part.before, part.now);
    if (result != part.before && part.otherwise != nullptr) {
      part.result = result;
      part.before = std::exchange(part.otherwise, nullptr);
      return true;
    }
    if (result != part.before) pair.equal = false;
    // The counterpart from the end is used only if it is equal. Otherwise the part shares with the
    // counterpart at its own position.
    if (result == part.before || part.result == nullptr) part.result = result;
    ++pair.next;
    return true;
  }

  // Is it a container of the old value that is elsewhere now?
  bool is_old(Value now) {
    if (!old_.has_value()) old_ = containers_of(model_, root_);
    return old_->contains(now);
  }

  bool finish(Pair& pair, Value* result) {
    *result = pair.before;
    if (pair.equal) {
      take(pair.before);
      return true;
    }
    *result = pair.now;
    Value made = nullptr;
    for (const Part& part : pair.parts) {
      if (part.result == part.now) continue;
      if (made == nullptr) {
        if (is_old(pair.now)) return true;
        made = model_.copy(pair.now);
        if (made == nullptr) return false;
        held_.push_back(made);
      }
      const bool ok = part.key != nullptr ? model_.put(made, part.key, part.result)
                                          : model_.put_item(made, part.index, part.result);
      if (!ok) return false;
    }
    if (made == nullptr) return true;
    Value rebuilt = model_.rebuild(pair.now, made);
    // The record stays as it came if its class cannot rebuild it, or rebuilds it with other fields.
    if (rebuilt == nullptr) return model_.forgive();
    held_.push_back(rebuilt);
    bool as_made = true;
    if (pair.kind == Kind::record && !holds(rebuilt, made, &as_made)) return false;
    if (as_made) *result = rebuilt;
    return true;
  }

  // Does the record have the values that are in the map of its fields?
  bool holds(Value record, Value fields, bool* result) {
    std::size_t cursor = 0;
    Value key = nullptr;
    Value value = nullptr;
    Value held = nullptr;
    while (*result && model_.next(fields, &cursor, &key, &value)) {
      if (!model_.find(record, key, &held)) return false;
      *result = held == value ||
                (held != nullptr && model_.kind(value) == Kind::leaf && model_.same(held, value));
    }
    return true;
  }

  Model& model_;
  Leaves leaves_;
  Objects* taken_;
  const Objects* kept_;
  Value root_ = nullptr;
  std::optional<Objects> old_;  // the containers of the old value; filled at the first use
  std::vector<Pair> pairs_;
  std::vector<Value> held_;
  std::unordered_map<std::pair<Value, Value>, Value, PairHash> known_;  // null: in progress
};

}  // namespace

Value share(Model& model, Value before, Value now, Leaves leaves, Objects* taken,
            const Objects* kept) {
  Sharing sharing(model, leaves, taken, kept);
  Value result = nullptr;
  if (!sharing.run(before, now, &result)) return nullptr;
  model.own(result);
  return result;
}

}  // namespace halflife::draft
