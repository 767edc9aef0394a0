#include "draft_program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "../support/plain_recipe.hpp"
#include "core/draft/finalizer.hpp"
#include "core/draft/patch/diff.hpp"

namespace halflife::plain {

using draft::Draft;
using draft::Kind;

DraftProgram::DraftProgram(Values& values, Below below, bool faults)
    : values_(values),
      below_(std::move(below)),
      faults_(faults),
      base_(random_value(3)),
      pristine_(values.deep_copy(base_)),
      scope_(values, below_(2) == 0) {
  while (!draft::is_draftable(values.kind(base_))) {
    values.release(std::exchange(base_, random_value(3)));
    values.release(std::exchange(pristine_, values.deep_copy(base_)));
  }
  if (!faults) shadow_ = values.deep_copy(base_);
  tell("base " + Values::show(base_));
}

DraftProgram::~DraftProgram() {
  scope_.close();
  EXPECT_TRUE(Values::agree(base_, pristine_, true)) << "the base was changed" << story_;
  for (Value value : {base_, pristine_, shadow_}) {
    if (value != nullptr) values_.release(value);
  }
  for (Value value : graveyard_) values_.release(value);
}

// --- values

Value DraftProgram::random_leaf() {
  const std::size_t number = below_(7);
  if (number < 4) return values_.make_leaf(static_cast<long>(number));
  if (number == 4) return values_.make_leaf(true);
  return values_.make_leaf(std::string(number == 5 ? "x" : "y"));
}

// Owned. Builds the nodes directly, because calls of the model could fail. Sometimes one object is
// in two positions.
Value DraftProgram::random_value(std::size_t depth) {
  const std::size_t choice = depth == 0 ? 0 : below_(8);
  if (choice < 2) return random_leaf();
  constexpr Kind kKinds[] = {Kind::map, Kind::map, Kind::list, Kind::list, Kind::set, Kind::record};
  Node* node = new Node(kKinds[choice - 2]);
  if (node->kind == Kind::list && below_(6) == 0) node->kind = Kind::fixed;
  if (node->kind == Kind::record) node->type = below_(2) == 0 ? "P" : "Q";
  const std::size_t count = node->kind == Kind::record ? 2 : below_(5);
  Value last = nullptr;
  for (std::size_t index = 0; index < count; ++index) {
    Value value = nullptr;
    if (node->kind != Kind::set) {
      if (last != nullptr && below_(8) == 0) {
        value = last;
        values_.own(value);
      } else {
        value = random_value(depth - 1);
      }
      last = value;
    }
    if (node->kind == Kind::list || node->kind == Kind::fixed) {
      node->items.push_back(value);
      continue;
    }
    Value key = node->kind == Kind::record ? values_.make_leaf(std::string(index == 0 ? "f" : "g"))
                                           : random_leaf();
    if (node->positions.emplace(Values::show_key(key), node->entries.size()).second) {
      node->entries.emplace_back(key, value);
      continue;
    }
    values_.release(key);
    if (value != nullptr) values_.release(value);
    last = nullptr;
  }
  return node;
}

// Owned: often a key of the map.
Value DraftProgram::random_key(const Held& held) {
  const Node& contents = node_of(held.draft->contents());
  if (held.draft->kind == Kind::record || (!contents.entries.empty() && below_(3) != 0)) {
    Value key = contents.entries[below_(contents.entries.size())].first;
    values_.own(key);
    return key;
  }
  return random_leaf();
}

bool DraftProgram::reaches(Value from, Value to) {
  std::set<Value> met{from};
  std::vector<Value> left{from};
  while (!left.empty()) {
    const Node& node = node_of(left.back());
    left.pop_back();
    const auto meet = [&](Value value) {
      if (value != nullptr && met.insert(value).second) left.push_back(value);
    };
    for (Value item : node.items) meet(item);
    for (const auto& [key, value] : node.entries) meet(value);
  }
  return met.contains(to);
}

DraftProgram::Fresh DraftProgram::random_fresh(const Held& into) {
  const std::size_t choice = below_(8);
  const Held& other = held_[below_(held_.size())];
  const bool usable = faults_ || !reaches(other.shadow, into.shadow);
  const auto shadow_of = [&](Value plain) { return faults_ ? nullptr : values_.deep_copy(plain); };
  if (choice < 2 && usable) {  // a draft
    values_.own(other.draft->face);
    if (!faults_) values_.own(other.shadow);
    return {other.draft->face, other.shadow};
  }
  if (choice == 2 && usable) {  // a plain container that carries a draft
    Node* value = new Node(below_(2) == 0 ? Kind::list : Kind::fixed);
    values_.own(other.draft->face);
    value->items = {other.draft->face, random_leaf()};
    if (faults_) return {value, nullptr};
    Node* shadow = new Node(value->kind);
    values_.own(other.shadow);
    shadow->items = {other.shadow, values_.deep_copy(value->items[1])};
    return {value, shadow};
  }
  if (choice == 3) {  // the previous value
    values_.own(other.draft->base);
    Value plain = other.draft->base;
    if (!other.draft->inserted) return {plain, shadow_of(plain)};
    values_.release(plain);
  }
  Value value = choice == 4 ? random_value(2) : random_leaf();
  return {value, shadow_of(value)};
}

// --- steps

std::string DraftProgram::name(const Held& held) const {
  for (std::size_t index = 0; index < held_.size(); ++index) {
    if (held_[index].draft == held.draft) return "#" + std::to_string(index);
  }
  return "#?";
}

std::string DraftProgram::show(Value value) const {
  const Node& node = node_of(value);
  for (Value held : node.draft != nullptr ? std::vector<Value>{value} : node.items) {
    if (node_of(held).draft != nullptr) return "with " + name({node_of(held).draft, nullptr});
  }
  return Values::show(value);
}

void DraftProgram::expect(bool ok, const char* what) {
  EXPECT_TRUE(ok || faults_) << what << (values_.faults.empty() ? "" : ": core refused") << story_;
}

void DraftProgram::run(std::size_t steps) {
  Draft* root = scope_.open(base_);
  expect(root != nullptr, "open");
  if (root == nullptr) return;
  held_.push_back({root, shadow_});
  for (std::size_t count = 0; count < steps && !testing::Test::HasFailure(); ++count) step();
  if (!testing::Test::HasFailure()) finish();
}

void DraftProgram::step() {
  const Held held = held_[below_(held_.size())];
  if (below_(3) == 0) {
    look(held);
  } else if (held.draft->kind == Kind::list) {
    edit_list(held);
  } else if (held.draft->kind == Kind::set) {
    edit_set(held);
  } else {
    edit_map(held);
  }
  if (below_(6) == 0) check();
}

void DraftProgram::look(const Held& held) {
  Value found = nullptr;
  Value shadow = nullptr;
  Draft& draft = *held.draft;
  const Node& contents = node_of(draft.contents());
  if (draft.kind == Kind::list) {
    if (contents.items.empty()) return;
    const std::size_t index = below_(contents.items.size());
    if (!scope_.get_item(draft, index, &found)) return expect(false, "get_item");
    if (!faults_) shadow = node_of(held.shadow).items.at(index);
  } else if (draft.kind != Kind::set) {
    Value key = random_key(held);
    const bool ok = scope_.get(draft, key, &found);
    if (!faults_) {
      const auto entry = node_of(held.shadow).positions.find(Values::show_key(key));
      const bool there = entry != node_of(held.shadow).positions.end();
      EXPECT_EQ(there, ok && found != nullptr) << story_;
      if (there) shadow = node_of(held.shadow).entries[entry->second].second;
    }
    values_.release(key);
    if (!ok) return expect(false, "get");
  }
  if (found == nullptr || !draft::is_draftable(values_.kind(found))) return;
  held_.push_back({values_.draft_of(found), shadow});
  tell(name(held_.back()) + " is in " + name(held));
}

void DraftProgram::edit_map(const Held& held) {
  Draft& draft = *held.draft;
  Value key = random_key(held);
  const auto entry = node_of(draft.contents()).positions.find(Values::show_key(key));
  const bool present = entry != node_of(draft.contents()).positions.end();
  const std::string shown = name(held) + " " + Values::show(key);
  if (draft.kind == Kind::map && present && below_(3) == 0) {
    tell("erase " + shown);
    expect(scope_.erase(draft, key), "erase");
    if (!faults_) {
      Node& shadow = node_of(held.shadow);
      Value gone = shadow.entries[shadow.positions.at(Values::show_key(key))].second;
      values_.own(gone);
      graveyard_.push_back(gone);
      EXPECT_TRUE(values_.erase(held.shadow, key));
    }
  } else {
    const Fresh fresh = random_fresh(held);
    tell("set " + shown + " = " + show(fresh.value));
    expect(scope_.set(draft, key, fresh.value), "set");
    if (!faults_) {
      Value before = nullptr;
      EXPECT_TRUE(values_.find(held.shadow, key, &before));
      if (before != nullptr) {
        values_.own(before);
        graveyard_.push_back(before);
      }
      EXPECT_TRUE(values_.put(held.shadow, key, fresh.shadow));
      values_.release(fresh.shadow);
    }
    values_.release(fresh.value);
  }
  values_.release(key);
}

void DraftProgram::edit_list(const Held& held) {
  Draft& draft = *held.draft;
  const std::size_t count = values_.size(draft.contents());
  const std::size_t choice = below_(5);
  if (choice == 0) return move_items(held);
  if (choice == 1 && count > 0) {
    const std::size_t index = below_(count);
    tell("pop " + name(held) + " " + std::to_string(index));
    Value scratch = scope_.edit_list(draft);
    expect(scratch != nullptr && values_.erase_item(scratch, index), "pop");
    if (faults_) return;
    graveyard_.push_back(node_of(held.shadow).items.at(index));
    values_.own(graveyard_.back());
    EXPECT_TRUE(values_.erase_item(held.shadow, index));
    return;
  }
  const bool replaces = choice < 3 && count > 0;
  const std::size_t index = below_(replaces ? count : count + 1);
  const Fresh fresh = random_fresh(held);
  tell((replaces ? "set " : "insert ") + name(held) + " " + std::to_string(index) + " = " +
       show(fresh.value));
  if (replaces) {
    expect(scope_.set_item(draft, index, fresh.value), "set_item");
    if (!faults_) {
      graveyard_.push_back(node_of(held.shadow).items.at(index));
      values_.own(graveyard_.back());
      EXPECT_TRUE(values_.put_item(held.shadow, index, fresh.shadow));
    }
  } else {
    const bool appends = index == count && below_(4) != 0;
    Value scratch = appends ? nullptr : scope_.edit_list(draft);
    expect(appends ? scope_.append(draft, fresh.value)
                   : scratch != nullptr && scope_.adopt(fresh.value) &&
                         values_.insert_item(scratch, index, fresh.value),
           "insert");
    if (!faults_) {
      EXPECT_TRUE(values_.insert_item(held.shadow, index, fresh.shadow));
    }
  }
  values_.release(fresh.value);
  if (!faults_) values_.release(fresh.shadow);
}

// Moves, reversals and rotations, as sort() and slices make them.
void DraftProgram::move_items(const Held& held) {
  Value scratch = scope_.edit_list(*held.draft);
  expect(scratch != nullptr, "edit_list");
  if (scratch == nullptr || node_of(scratch).items.size() < 2) return;
  const std::size_t count = node_of(scratch).items.size();
  const std::size_t choice = below_(3);
  const std::size_t from = below_(count);
  const std::size_t to = below_(count);
  const auto arrange = [&](std::vector<Value>& items) {
    if (choice == 0) {
      std::reverse(items.begin(), items.end());
    } else if (choice == 1) {
      std::swap(items[from], items[to]);
    } else {
      Value item = items[from];
      items.erase(items.begin() + static_cast<long>(from));
      items.insert(items.begin() + static_cast<long>(to), item);
    }
  };
  tell("move " + name(held) + " " + std::to_string(choice) + " " + std::to_string(from) + " " +
       std::to_string(to));
  arrange(node_of(scratch).items);
  if (!faults_) arrange(node_of(held.shadow).items);
}

void DraftProgram::edit_set(const Held& held) {
  Value member = random_key(held);
  const bool included = below_(2) == 0;
  tell((included ? "include " : "discard ") + name(held) + " " + Values::show(member));
  expect(scope_.include(*held.draft, member, included), "include");
  if (!faults_) {
    const bool present = node_of(held.shadow).positions.contains(Values::show_key(member));
    if (included != present) {
      EXPECT_TRUE(included ? values_.put(held.shadow, member, member)
                           : values_.erase(held.shadow, member));
    }
  }
  values_.release(member);
}

// --- the end

void DraftProgram::check() {
  draft::Finalizer finalizer(scope_, false);
  const Held& held = held_[below_(held_.size())];
  Value now = nullptr;
  const bool ok = finalizer.finalize(held.draft->face, &now);
  expect(ok, "resolve");
  if (faults_ || !ok) return;
  EXPECT_TRUE(Values::agree(now, held.shadow, true))
      << name(held) << " is " << Values::show(now) << "\ninstead of " << Values::show(held.shadow)
      << story_;
}

void DraftProgram::finish() {
  draft::PatchList patches(values_);
  draft::PatchList inverse(values_);
  Draft& root = *held_.front().draft;
  Value now = nullptr;
  {
    draft::Finalizer finalizer(scope_, below_(2) == 0);
    const bool ok = draft::diff(scope_, finalizer, root, &patches, &inverse) &&
                    finalizer.finalize(root.face, &now);
    expect(ok, "diff");
    if (!ok) return;
    values_.own(now);
  }
  scope_.close();
  if (faults_) return values_.release(now);
  EXPECT_TRUE(Values::agree(now, shadow_, true))
      << Values::show(now) << "\ninstead of " << Values::show(shadow_) << story_;
  const auto law = [&](Value from, const draft::PatchList& list, Value to) {
    Value result = patched(values_, from, list);
    EXPECT_TRUE(result != nullptr && Values::agree(result, to))
        << Values::show(from) << "\nby " << testing::PrintToString(plain::show(list)) << "\ngives "
        << (result == nullptr ? "nothing" : Values::show(result)) << "\ninstead of "
        << Values::show(to) << story_;
  };
  law(base_, patches, now);
  law(now, inverse, base_);
  values_.release(now);
}

}  // namespace halflife::plain
