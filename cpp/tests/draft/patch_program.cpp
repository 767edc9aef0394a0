#include "patch_program.hpp"

#include <gtest/gtest.h>

#include "../support/plain_recipe.hpp"

namespace halflife::plain {

using draft::Kind;
using draft::Op;
using draft::Patch;

namespace {

// A simple implementation of RFC 6902 on test values; throws Raised.
class ByHand {
 public:
  ByHand(Values& values, Value root) : values_(values), root_(copied(root)) {}

  Value root() const { return root_; }

  void apply(const Patch& patch) {
    by_pointer_ = patch.by_pointer;
    switch (patch.op) {
      case Op::add:
        return add(patch.path, copied(patch.value));
      case Op::remove:
        return remove(patch.path);
      case Op::replace:
        if (patch.path.empty()) return add(patch.path, copied(patch.value));
        at(patch.path);
        return replace(patch.path, copied(patch.value));
      case Op::copy:
        return add(patch.path, copied(at(patch.from)));
      case Op::move:
        return move(patch);
      default:
        if (!Values::agree(at(patch.path), patch.value)) throw Raised{"different"};
    }
  }

 private:
  Value copied(Value value) { return values_.keep(values_.deep_copy(value)); }

  Value in(Value container, Value part) {
    Value found = nullptr;
    std::size_t index = 0;
    switch (values_.kind(container)) {
      case Kind::list:
        if (!values_.position(part, by_pointer_, &index) || index >= values_.size(container)) break;
        return values_.item(container, index);
      case Kind::map:
      case Kind::record:
      case Kind::set:
        EXPECT_TRUE(values_.find(container, part, &found));
        break;
      default:
        break;
    }
    if (found == nullptr) throw Raised{"missing"};
    return found;
  }

  Value at(const draft::Path& path) {
    Value found = root_;
    for (Value part : path) found = in(found, part);
    return found;
  }
  Value holder(const draft::Path& path) { return at({path.begin(), path.end() - 1}); }

  void add(const draft::Path& path, Value value) {
    if (path.empty()) {
      root_ = value;
      return;
    }
    Value container = holder(path);
    std::size_t index = 0;
    switch (values_.kind(container)) {
      case Kind::list:
        if (!values_.position(path.back(), by_pointer_, &index)) throw Raised{"no position"};
        if (index == draft::kEnd) index = values_.size(container);
        if (index > values_.size(container)) throw Raised{"no position"};
        EXPECT_TRUE(values_.insert_item(container, index, value));
        return;
      case Kind::record:
        in(container, path.back());
        [[fallthrough]];
      case Kind::map:
        EXPECT_TRUE(values_.put(container, path.back(), value));
        return;
      case Kind::set:
        if (draft::is_draftable(values_.kind(value))) throw Raised{"no hash"};
        EXPECT_TRUE(values_.put(container, value, value));
        return;
      default:
        throw Raised{"not a container"};
    }
  }

  void remove(const draft::Path& path) {
    if (path.empty()) throw Raised{"the root"};
    Value container = holder(path);
    in(container, path.back());
    std::size_t index = 0;
    switch (values_.kind(container)) {
      case Kind::list:
        EXPECT_TRUE(values_.position(path.back(), by_pointer_, &index));
        EXPECT_TRUE(values_.erase_item(container, index));
        return;
      case Kind::record:
        throw Raised{"a field"};
      default:
        EXPECT_TRUE(values_.erase(container, path.back()));
    }
  }

  void replace(const draft::Path& path, Value value) {
    Value container = holder(path);
    std::size_t index = 0;
    switch (values_.kind(container)) {
      case Kind::list:
        EXPECT_TRUE(values_.position(path.back(), by_pointer_, &index));
        EXPECT_TRUE(values_.put_item(container, index, value));
        return;
      case Kind::set:
        remove(path);
        return add(path, value);
      default:
        EXPECT_TRUE(values_.put(container, path.back(), value));
    }
  }

  void move(const Patch& patch) {
    const auto& [from, to] = std::pair(patch.from, patch.path);
    std::size_t same = 0;
    while (same < from.size() && same < to.size() &&
           Values::show_key(from[same]) == Values::show_key(to[same])) {
      ++same;
    }
    if (same == from.size() && to.size() > from.size()) throw Raised{"into itself"};
    Value value = at(from);
    if (same == from.size() && same == to.size()) return;
    values_.own(value);
    values_.keep(value);
    if (!to.empty()) remove(from);
    add(to, value);
  }

  Values& values_;
  Value root_;
  bool by_pointer_ = false;
};

// The positions as texts, as in JSON pointers.
draft::Path as_texts(Values& values, draft::Path path) {
  for (Value& part : path) {
    const long* number = std::get_if<long>(&node_of(part).leaf);
    if (number != nullptr) part = values.keep(values.make_leaf(std::to_string(*number)));
  }
  return path;
}

draft::Path random_path(Values& values, const Below& below, Value now) {
  draft::Path path = random_slot(values, below, now);
  while (!path.empty() && below(4) == 0) path.pop_back();
  if (below(10) == 0) path.push_back(values.keep(values.make_leaf(std::string("-"))));
  return path;
}

}  // namespace

void run_patch_program(Values& values, const Below& below, std::size_t steps) {
  Value base = random_plain(values, below, 3);
  Value pristine = values.keep(values.deep_copy(base));
  draft::PatchList patches(values);
  ByHand by_hand(values, base);
  bool ok = true;
  std::size_t done = 0;
  for (; ok && done < steps; ++done) {
    const Op op = static_cast<Op>(below(6));
    draft::Path path = random_path(values, below, by_hand.root());
    draft::Path from = random_path(values, below, by_hand.root());
    const bool moves = op == Op::move || op == Op::copy;
    Value value = moves || op == Op::remove ? nullptr : random_plain(values, below, 2);
    if (op == Op::test && below(4) != 0) {
      try {
        ByHand look(values, by_hand.root());
        draft::PatchList one(values);
        one.add(Op::copy, {}, nullptr, path);
        look.apply(one[0]);
        value = look.root();
      } catch (const Raised&) {
        continue;
      }
    }
    const bool by_pointer = op != Op::test && below(3) == 0;
    if (below(6) == 0 || by_pointer) {  // in exact paths a text names no position
      path = as_texts(values, std::move(path));
      from = as_texts(values, std::move(from));
    }
    patches.add(op, path, value, moves ? from : draft::Path{}, by_pointer);
    try {
      by_hand.apply(patches[patches.size() - 1]);
    } catch (const Raised&) {
      ok = false;
    }
  }
  const Lines before = show(patches);
  draft::ApplyFailure failure;
  Value result = patched(values, base, patches, &failure);
  const std::string story = Values::show(base) + testing::PrintToString(before);
  EXPECT_EQ(result != nullptr, ok) << story;
  if (ok && result != nullptr) {
    EXPECT_TRUE(Values::agree(result, by_hand.root(), true))
        << Values::show(result) << "\nnot " << Values::show(by_hand.root()) << "\n"
        << story;
  } else {
    EXPECT_EQ(failure.patch, patches.size() - 1) << story;
  }
  EXPECT_TRUE(Values::agree(base, pristine, true)) << "the base was changed by " << story;
  EXPECT_EQ(show(patches), before) << "the patches were changed";
}

}  // namespace halflife::plain
