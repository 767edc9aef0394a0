#include "plain_values.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "core/draft/patch/pointer.hpp"

namespace halflife::plain {

using draft::Kind;

Values::~Values() {
  for (Value value : kept_) release(value);
}

Value Values::keep(Value owned) {
  kept_.push_back(owned);
  return owned;
}

bool Values::fails() {
  ++calls;
  if (fail_in < 0 || fail_in-- > 0) return false;
  failed = true;
  return true;
}

bool Values::is_key(Value key) {
  const Node& node = node_of(key);
  bool ok = node.kind == Kind::leaf || node.kind == Kind::fixed;
  for (Value item : node.items) ok = ok && is_key(item);
  if (!ok) failed = true;  // unhashable
  return ok;
}

// Values may be nested as deep as memory allows.
void Values::release(Value value) {
  std::vector<Node*> dying{&node_of(value)};
  while (!dying.empty()) {
    Node* node = dying.back();
    dying.pop_back();
    EXPECT_GT(node->references, 0) << "released too often";
    if (--node->references > 0) continue;
    for (Value item : node->items) dying.push_back(&node_of(item));
    for (const auto& [key, held] : node->entries) {
      dying.push_back(&node_of(key));
      if (held != nullptr) dying.push_back(&node_of(held));
    }
    if (node->draft != nullptr) {
      EXPECT_EQ(node->draft->scope, nullptr) << "a face died before its scope was closed";
      delete node->draft;
    }
    delete node;
  }
}

bool Values::same(Value one, Value other) {
  if (one == other) return true;
  const Node& left = node_of(one);
  const Node& right = node_of(other);
  return left.kind == Kind::leaf && right.kind == Kind::leaf && left.leaf == right.leaf;
}

std::size_t Values::hash(Value leaf) {
  return std::hash<std::variant<long, bool, std::string>>{}(node_of(leaf).leaf);
}

bool Values::same_type(Value one, Value other) { return node_of(one).type == node_of(other).type; }

std::size_t Values::size(Value container) {
  const Node& node = node_of(container);
  EXPECT_EQ(node.draft, nullptr);
  return node.kind == Kind::list || node.kind == Kind::fixed ? node.items.size()
                                                             : node.entries.size();
}

bool Values::find(Value container, Value key, Value* found) {
  *found = nullptr;
  if (fails() || !is_key(key)) return false;
  const Node& node = node_of(container);
  EXPECT_EQ(node.draft, nullptr);
  const auto entry = node.positions.find(show_key(key));
  if (entry == node.positions.end()) return true;
  const auto& [held_key, held] = node.entries[entry->second];
  *found = node.kind == Kind::set ? held_key : held;
  return true;
}

Value Values::key_in(Value map, Value key) {
  const Node& node = node_of(map);
  return node.entries[node.positions.at(show_key(key))].first;
}

Value Values::item(Value list, std::size_t index) {
  EXPECT_LT(index, node_of(list).items.size());
  return node_of(list).items[index];
}

bool Values::next(Value container, std::size_t* cursor, Value* key, Value* value) {
  const Node& node = node_of(container);
  EXPECT_EQ(node.draft, nullptr);
  if (*cursor >= node.entries.size()) return false;
  const auto& [held_key, held] = node.entries[(*cursor)++];
  *key = held_key;
  *value = node.kind == Kind::set ? held_key : held;
  return true;
}

Value Values::copy(Value container) {
  if (fails()) return nullptr;
  const Node& node = node_of(container);
  EXPECT_EQ(node.draft, nullptr);
  Node* made = new Node(node.kind);
  if (node.kind == Kind::record) made->kind = Kind::map;
  if (node.kind == Kind::fixed) made->kind = Kind::list;
  made->items = node.items;
  made->entries = node.entries;
  made->positions = node.positions;
  for (Value item : made->items) own(item);
  for (const auto& [key, held] : made->entries) {
    own(key);
    if (held != nullptr) own(held);
  }
  return made;
}

bool Values::put(Value map, Value key, Value value) {
  if (fails() || !is_key(key)) return false;
  Node& node = node_of(map);
  const auto [entry, is_new] = node.positions.emplace(show_key(key), node.entries.size());
  if (is_new) {
    own(key);
    node.entries.emplace_back(key, nullptr);
  }
  if (node.kind == Kind::set) return true;
  own(value);
  Value gone = std::exchange(node.entries[entry->second].second, value);
  if (gone != nullptr) release(gone);
  return true;
}

bool Values::erase(Value map, Value key) {
  if (fails() || !is_key(key)) return false;
  Node& node = node_of(map);
  const auto entry = node.positions.find(show_key(key));
  EXPECT_NE(entry, node.positions.end());
  const std::size_t at = entry->second;
  const auto [held_key, held] = node.entries[at];
  node.positions.erase(entry);
  node.entries.erase(node.entries.begin() + static_cast<long>(at));
  for (auto& [text, index] : node.positions) index -= index > at ? 1 : 0;
  release(held_key);
  if (held != nullptr) release(held);
  return true;
}

bool Values::put_item(Value list, std::size_t index, Value value) {
  if (fails()) return false;
  EXPECT_LT(index, node_of(list).items.size());
  own(value);
  release(std::exchange(node_of(list).items[index], value));
  return true;
}

bool Values::insert_item(Value list, std::size_t index, Value value) {
  if (fails()) return false;
  std::vector<Value>& items = node_of(list).items;
  EXPECT_LE(index, items.size());
  own(value);
  items.insert(items.begin() + static_cast<long>(index), value);
  return true;
}

bool Values::erase_item(Value list, std::size_t index) {
  if (fails()) return false;
  std::vector<Value>& items = node_of(list).items;
  EXPECT_LT(index, items.size());
  Value gone = items[index];
  items.erase(items.begin() + static_cast<long>(index));
  release(gone);
  return true;
}

Value Values::rebuild(Value like, Value copy_of) {
  Value made = copy(copy_of);
  if (made == nullptr) return nullptr;
  node_of(made).kind = node_of(like).kind;
  node_of(made).type = node_of(like).type;
  return made;
}

Value Values::make_map() { return fails() ? nullptr : new Node(Kind::map); }
Value Values::make_list() { return fails() ? nullptr : new Node(Kind::list); }
Value Values::make_set() { return fails() ? nullptr : new Node(Kind::set); }

Value Values::make_leaf(std::variant<long, bool, std::string> leaf) {
  Node* node = new Node(Kind::leaf);
  node->leaf = std::move(leaf);
  return node;
}

Value Values::make_index(std::size_t index) {
  return fails() ? nullptr : make_leaf(static_cast<long>(index));
}

bool Values::position(Value part, bool by_pointer, std::size_t* index) {
  const Node& node = node_of(part);
  if (node.kind != Kind::leaf) return false;
  if (const long* number = std::get_if<long>(&node.leaf); number != nullptr) {
    *index = static_cast<std::size_t>(*number);
    return *number >= 0;
  }
  const std::string* text = std::get_if<std::string>(&node.leaf);
  if (text == nullptr) return false;
  if (*text == "-") {
    *index = draft::kEnd;
    return true;
  }
  return by_pointer && draft::parse_position(*text, index);
}

draft::Draft* Values::make_draft(Value base, Kind kind) {
  if (fails()) return nullptr;
  EXPECT_EQ(kind, node_of(base).kind);
  Node* face = new Node(kind);
  face->draft = new draft::Draft;
  face->draft->face = face;
  return face->draft;
}

void Values::raise(draft::Fault fault, Value /*value*/) {
  failed = true;
  faults.push_back(fault);
}

Value Values::deep_copy(Value value) {
  const Node& node = node_of(value);
  Node* made = new Node(node.kind);
  made->leaf = node.leaf;
  made->type = node.type;
  made->positions = node.positions;
  for (Value item : node.items) made->items.push_back(deep_copy(item));
  for (const auto& [key, held] : node.entries) {
    own(key);
    made->entries.emplace_back(key, held == nullptr ? nullptr : deep_copy(held));
  }
  return made;
}

}  // namespace halflife::plain
