#include "editor.hpp"

#include <unordered_map>

#include "core/draft/finalizer.hpp"

namespace halflife::plain {

using draft::Kind;

namespace {

void check(bool ok) {
  if (!ok) throw Raised{"the model failed"};
}

}  // namespace

// --- over drafts

namespace {

// For a tuple, recipes get one of the drafts in it. Null: nothing in the tuple can be edited.
draft::Draft* find_draft(Value value) {
  const Node& node = node_of(value);
  if (node.draft != nullptr || node.kind != Kind::fixed) return node.draft;
  for (Value item : node.items) {
    const draft::Draft* inner = find_draft(item);
    if (inner != nullptr) return inner->scope->draft_of(value);
  }
  return nullptr;
}

draft::Draft& draft_of(Value face) { return *find_draft(face); }
draft::Scope& scope_of(Value face) { return *find_draft(face)->scope; }

}  // namespace

Value DraftEditor::get(Value container, Value part) {
  if (find_draft(container) == nullptr) return PlainEditor(values).get(container, part);
  draft::Draft& draft = draft_of(container);
  Value found = nullptr;
  if (draft.kind == Kind::set) throw Raised{"members have no parts"};
  if (!draft::is_positional(draft.kind)) {
    check(scope_of(container).get(draft, part, &found));
    return found;
  }
  std::size_t index = 0;
  if (!values.position(part, true, &index)) throw Raised{"no position"};
  if (index >= values.size(draft.contents())) {
    scope_of(container).size(draft);
    return nullptr;
  }
  check(scope_of(container).get_item(draft, index, &found));
  return found;
}

std::size_t DraftEditor::size(Value container) {
  return scope_of(container).size(draft_of(container));
}

std::vector<Value> DraftEditor::keys(Value container) {
  scope_of(container).read_structure(draft_of(container));
  std::vector<Value> keys;
  for (const auto& [key, value] : node_of(draft_of(container).contents()).entries) {
    values.own(key);
    keys.push_back(values.keep(key));
  }
  return keys;
}

Value DraftEditor::plain(Value value) {
  if (find_draft(value) == nullptr) return value;
  check(scope_of(value).read_subtree(draft_of(value)));
  draft::Finalizer finalizer(scope_of(value), false);
  Value result = nullptr;
  check(finalizer.finalize(value, &result));
  values.own(result);
  return values.keep(result);
}

void DraftEditor::set(Value container, Value part, Value value) {
  draft::Draft& draft = draft_of(container);
  if (draft.kind == Kind::list) {
    std::size_t index = 0;
    if (!values.position(part, true, &index)) throw Raised{"no position"};
    if (index >= values.size(draft.contents())) {
      scope_of(container).size(draft);
      throw Raised{"no position"};
    }
    return check(scope_of(container).set_item(draft, index, value));
  }
  if (draft.kind == Kind::set) throw Raised{"members have no parts"};
  bool found = true;
  if (draft.kind == Kind::record) check(scope_of(container).has(draft, part, &found));
  if (!found) throw Raised{"no field"};
  check(scope_of(container).set(draft, part, value));
}

void DraftEditor::erase(Value map, Value key) {
  bool found = false;
  check(scope_of(map).has(draft_of(map), key, &found));
  if (!found) throw Raised{"nothing there"};
  check(scope_of(map).erase(draft_of(map), key));
}

void DraftEditor::insert(Value list, std::size_t index, Value value) {
  check(scope_of(list).adopt(value));
  Value scratch = scope_of(list).edit_list(draft_of(list));
  check(scratch != nullptr && values.insert_item(scratch, index, value));
}

void DraftEditor::pop(Value list, std::size_t index) {
  Value scratch = scope_of(list).edit_list(draft_of(list));
  check(scratch != nullptr && values.erase_item(scratch, index));
}

void DraftEditor::append(Value list, Value value) {
  check(scope_of(list).append(draft_of(list), value));
}

void DraftEditor::reverse(Value list) {
  Value scratch = scope_of(list).edit_list(draft_of(list));
  check(scratch != nullptr);
  std::vector<Value>& items = node_of(scratch).items;
  items = {items.rbegin(), items.rend()};
}

void DraftEditor::include(Value set, Value member, bool included) {
  check(scope_of(set).include(draft_of(set), member, included));
}

// --- over plain values

Value PlainEditor::get(Value container, Value part) {
  Value found = nullptr;
  if (values.kind(container) == Kind::set) throw Raised{"members have no parts"};
  if (!draft::is_positional(values.kind(container))) {
    check(values.find(container, part, &found));
    return found;
  }
  std::size_t index = 0;
  if (!values.position(part, true, &index)) throw Raised{"no position"};
  return index < values.size(container) ? values.item(container, index) : nullptr;
}

Value PlainEditor::plain(Value value) {
  if (is_cyclic(value)) throw Raised{"it contains itself"};
  return value;
}

namespace {

std::vector<Value> contents_of(Value value) {
  std::vector<Value> contents = node_of(value).items;
  for (const auto& [key, held] : node_of(value).entries) {
    if (held != nullptr) contents.push_back(held);
  }
  return contents;
}

}  // namespace

bool is_cyclic(Value value) {
  std::unordered_map<Value, bool> open;  // on the way down, or done
  std::vector<Value> left{value};
  while (!left.empty()) {
    Value at = left.back();
    const auto [known, is_new] = open.emplace(at, true);
    if (!is_new) {
      known->second = false;
      left.pop_back();
      continue;
    }
    for (Value held : contents_of(at)) {
      const auto found = open.find(held);
      if (found == open.end()) {
        left.push_back(held);
      } else if (found->second) {
        return true;
      }
    }
  }
  return false;
}

void untie(Values& values, Value value) {
  std::unordered_map<Value, bool> met{{value, true}};
  std::vector<Value> left{value};
  std::vector<Value> dropped;
  while (!left.empty()) {
    Node& node = node_of(left.back());
    left.pop_back();
    for (const auto& [key, held] : node.entries) dropped.push_back(key);
    for (Value held : contents_of(&node)) {
      dropped.push_back(held);
      if (met.emplace(held, true).second) left.push_back(held);
    }
    node.items.clear();
    node.entries.clear();
    node.positions.clear();
  }
  for (Value held : dropped) values.release(held);
}

std::vector<Value> PlainEditor::keys(Value container) {
  std::vector<Value> keys;
  for (const auto& [key, value] : node_of(container).entries) {
    values.own(key);
    keys.push_back(values.keep(key));
  }
  return keys;
}

void PlainEditor::set(Value container, Value part, Value value) {
  const Kind kind = values.kind(container);
  if (kind == Kind::set) throw Raised{"members have no parts"};
  if (kind != Kind::list) {
    Value before = nullptr;
    check(values.find(container, part, &before));
    if (kind == Kind::record && before == nullptr) throw Raised{"no field"};
    return check(values.put(container, part, value));
  }
  std::size_t index = 0;
  if (!values.position(part, true, &index) || index >= values.size(container)) {
    throw Raised{"no position"};
  }
  check(values.put_item(container, index, value));
}

void PlainEditor::erase(Value map, Value key) { check(values.erase(map, key)); }

void PlainEditor::insert(Value list, std::size_t index, Value value) {
  check(values.insert_item(list, index, value));
}

void PlainEditor::pop(Value list, std::size_t index) { check(values.erase_item(list, index)); }

void PlainEditor::append(Value list, Value value) {
  check(values.insert_item(list, values.size(list), value));
}

void PlainEditor::reverse(Value list) {
  std::vector<Value>& items = node_of(list).items;
  items = {items.rbegin(), items.rend()};
}

void PlainEditor::include(Value set, Value member, bool included) {
  const bool present = node_of(set).positions.contains(Values::show_key(member));
  if (present == included) return;
  check(included ? values.put(set, member, member) : values.erase(set, member));
}

}  // namespace halflife::plain
