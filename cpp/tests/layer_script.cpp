#include "layer_script.hpp"

#include <utility>

#include "core/draft/resolver.hpp"

namespace halflife::plain {

using draft::Kind;

namespace {

void check(bool ok) {
  if (!ok) throw Raised{"the model failed"};
}

Value at(Editor& editor, Value root, const std::vector<Value>& place, std::size_t parts) {
  Value found = root;
  for (std::size_t next = 0; next < parts; ++next) {
    if (!draft::is_draftable(editor.values.kind(found))) throw Raised{"not a container"};
    found = editor.get(found, place[next]);
    if (found == nullptr) throw Raised{"nothing there"};
  }
  return found;
}

Value at(Editor& editor, Value root, const std::vector<Value>& place) {
  return at(editor, root, place, place.size());
}

Value holder(Editor& editor, Value root, const std::vector<Value>& place) {
  Value found = at(editor, root, place, place.size() - 1);
  if (!draft::is_draftable(editor.values.kind(found))) throw Raised{"not a container"};
  return found;
}

Value need(Editor& editor, Value root, const std::vector<Value>& place, Kind kind) {
  Value found = at(editor, root, place);
  if (editor.values.kind(found) != kind) throw Raised{"of another kind"};
  return found;
}

Value number(Values& values, std::size_t count) {
  return values.keep(values.make_leaf(static_cast<long>(count)));
}

Value incremented(Values& values, Value leaf) {
  if (values.kind(leaf) != Kind::leaf) return nullptr;
  const long* held = std::get_if<long>(&node_of(leaf).leaf);
  return held == nullptr ? nullptr : values.keep(values.make_leaf((*held + 1) % 100));
}

std::size_t index_of(Editor& editor, Value part) {
  std::size_t index = 0;
  if (!editor.values.position(part, &index)) throw Raised{"no position"};
  return index;
}

void put(Editor& editor, Value root, const std::vector<Value>& place, Value value) {
  if (place.empty()) throw Raised{"the root cannot be set"};
  editor.set(holder(editor, root, place), place.back(), value);
}

void act(const Action& action, Editor& editor, Value root) {
  Values& values = editor.values;
  const std::vector<Value>& place = action.place;
  switch (action.kind) {
    case Action::Kind::set:
      return put(editor, root, place, editor.fresh(action.value));
    case Action::Kind::increment: {
      Value next = incremented(values, at(editor, root, place));
      if (next == nullptr) throw Raised{"not a number"};
      return put(editor, root, place, next);
    }
    case Action::Kind::erase:
    case Action::Kind::renew: {
      if (place.empty()) throw Raised{"the root cannot be erased"};
      Value map = need(editor, root, {place.begin(), place.end() - 1}, Kind::map);
      if (editor.get(map, place.back()) == nullptr) throw Raised{"nothing there"};
      editor.erase(map, place.back());
      if (action.kind == Action::Kind::renew) editor.set(map, place.back(), editor.fresh(action.value));
      return;
    }
    case Action::Kind::require:
      if (!Values::agree(editor.plain(at(editor, root, place)), action.value, true)) {
        throw Raised{"something else is there"};
      }
      return;
    case Action::Kind::append:
      return editor.append(need(editor, root, place, Kind::list), editor.fresh(action.value));
    case Action::Kind::insert: {
      if (place.empty()) throw Raised{"no position"};
      Value list = need(editor, root, {place.begin(), place.end() - 1}, Kind::list);
      const std::size_t index = index_of(editor, place.back());
      if (index > editor.size(list)) throw Raised{"no position"};
      return editor.insert(list, index, editor.fresh(action.value));
    }
    case Action::Kind::pop: {
      if (place.empty()) throw Raised{"no position"};
      Value list = need(editor, root, {place.begin(), place.end() - 1}, Kind::list);
      const std::size_t index = index_of(editor, place.back());
      if (index >= editor.size(list)) throw Raised{"no position"};
      return editor.pop(list, index);
    }
    case Action::Kind::move: {
      if (place.empty()) throw Raised{"the root cannot be moved"};
      Value map = need(editor, root, {place.begin(), place.end() - 1}, Kind::map);
      Value value = editor.get(map, place.back());
      if (value == nullptr) throw Raised{"nothing there"};
      values.own(value);
      values.keep(value);
      editor.erase(map, place.back());
      return put(editor, root, action.other, value);
    }
    case Action::Kind::alias:
      for (std::size_t part = 0;; ++part) {
        if (part == place.size()) throw Raised{"into itself"};
        if (part == action.other.size()) throw Raised{"over itself"};
        if (Values::show_key(place[part]) != Values::show_key(action.other[part])) break;
      }
      return put(editor, root, action.other, at(editor, root, place));
    case Action::Kind::copy: {
      Value plain = editor.plain(at(editor, root, place));
      return put(editor, root, action.other, values.keep(values.deep_copy(plain)));
    }
    case Action::Kind::include:
    case Action::Kind::discard:
      return editor.include(need(editor, root, place, Kind::set), action.value,
                            action.kind == Action::Kind::include);
    case Action::Kind::count: {
      Value container = at(editor, root, place);
      if (!draft::is_draftable(values.kind(container))) throw Raised{"not a container"};
      return put(editor, root, action.other, number(values, editor.size(container)));
    }
    case Action::Kind::first: {
      const std::vector<Value> keys = editor.keys(need(editor, root, place, Kind::map));
      if (keys.empty()) throw Raised{"no key"};
      return put(editor, root, action.other, keys.front());
    }
    case Action::Kind::each: {
      Value map = need(editor, root, place, Kind::map);
      for (Value key : editor.keys(map)) {
        Value next = incremented(values, editor.get(map, key));
        if (next != nullptr) editor.set(map, key, next);
      }
      return;
    }
    case Action::Kind::reverse:
      return editor.reverse(need(editor, root, place, Kind::list));
    case Action::Kind::unless: {
      if (place.empty()) throw Raised{"the root cannot be set"};
      Value map = need(editor, root, {place.begin(), place.end() - 1}, Kind::map);
      if (editor.get(map, place.back()) != nullptr) return;
      return editor.set(map, place.back(), editor.fresh(action.value));
    }
    case Action::Kind::back:
      return;
  }
}

}  // namespace

Value run_script(const Script& script, Editor& editor, Value root) {
  Value returned = nullptr;
  for (const Action& action : script) {
    act(action, editor, root);
    if (action.kind == Action::Kind::back) returned = action.value;
  }
  return returned;
}

std::string show(const Script& script) {
  constexpr const char* kNames[] = {"set",   "increment", "erase",   "require", "append",
                                    "insert", "pop",      "move",    "alias",   "copy",
                                    "include", "discard", "count",   "first",   "each",
                                    "reverse", "unless",  "renew",   "back"};
  std::string text;
  for (const Action& action : script) {
    text += text.empty() ? "" : "; ";
    text += kNames[static_cast<std::size_t>(action.kind)];
    for (const auto* place : {&action.place, &action.other}) {
      text += " ";
      for (Value part : *place) text += "/" + Values::show(part);
    }
    if (action.value != nullptr) text += " = " + Values::show(action.value);
  }
  return text;
}

// --- at random

namespace {

// What is made here does not fail, though the model may be about to.
class Safe {
 public:
  explicit Safe(Values& values) : values_(values), fail_in_(std::exchange(values.fail_in, -1)) {}
  Safe(const Safe&) = delete;
  Safe& operator=(const Safe&) = delete;
  ~Safe() { values_.fail_in = fail_in_; }

 private:
  Values& values_;
  long fail_in_;
};

Value random_leaf(Values& values, const Below& below) {
  const std::size_t choice = below(8);
  if (choice < 6) return values.keep(values.make_leaf(static_cast<long>(choice)));
  return values.keep(values.make_leaf(std::string(choice == 6 ? "x" : "y")));
}

Value random_key(Values& values, const Below& below) {
  constexpr const char* kKeys[] = {"a", "b", "c", "d"};
  return values.keep(values.make_leaf(std::string(kKeys[below(4)])));
}

Value number_leaf(Values& values, std::size_t number) {
  return values.keep(values.make_leaf(static_cast<long>(number)));
}

Value look(Values& values, Value now, const std::vector<Value>& place) {
  PlainEditor editor(values);
  try {
    return at(editor, now, place);
  } catch (const Raised&) {
    return nullptr;
  }
}

// Something that can be done at the place, mostly.
Action::Kind random_kind(Values& values, const Below& below, Value found) {
  using enum Action::Kind;
  constexpr Action::Kind kAnywhere[] = {set, set, set, erase, unless, renew, move, copy, insert, pop};
  constexpr Action::Kind kLists[] = {append, append, append, reverse, count, alias, require};
  constexpr Action::Kind kMaps[] = {count, first, each, alias, require};
  constexpr Action::Kind kSets[] = {include, include, discard, count};
  constexpr Action::Kind kLeaves[] = {increment, increment, increment, require};
  const auto one = [&](const auto& kinds) { return kinds[below(std::size(kinds))]; };
  if (found == nullptr || below(3) == 0) return one(kAnywhere);
  switch (values.kind(found)) {
    case Kind::list:
      return one(kLists);
    case Kind::map:
    case Kind::record:
      return one(kMaps);
    case Kind::set:
      return one(kSets);
    default:
      return one(kLeaves);
  }
}

}  // namespace

std::vector<Value> random_place(Values& values, const Below& below, Value now) {
  std::vector<Value> place;
  while (draft::is_draftable(values.kind(now)) && values.kind(now) != Kind::set &&
         (place.empty() || below(3) != 0)) {
    const std::size_t count = values.size(now);
    const bool beside = count == 0 || below(8) == 0;
    if (values.kind(now) == Kind::list) {
      const std::size_t index = beside ? count : below(count);
      place.push_back(number_leaf(values, index));
      if (beside) break;
      now = values.item(now, index);
      continue;
    }
    if (beside) {
      place.push_back(random_key(values, below));
      break;
    }
    const auto& [key, value] = node_of(now).entries[below(count)];
    values.own(key);
    place.push_back(values.keep(key));
    now = value;
  }
  return place;
}

Value random_plain(Values& values, const Below& below, std::size_t depth) {
  const Safe safe(values);
  const std::size_t choice = depth == 0 ? 0 : below(7);
  if (choice < 2) return random_leaf(values, below);
  if (choice == 2) {
    Value set = values.keep(new Node(Kind::set));
    for (std::size_t left = below(3); left > 0; --left) {
      Value member = random_leaf(values, below);
      values.put(set, member, member);
    }
    return set;
  }
  if (choice == 3) {
    Value record = values.keep(new Node(Kind::record));
    node_of(record).type = "P";
    for (const char* field : {"f", "g"}) {
      values.put(record, values.keep(values.make_leaf(std::string(field))),
                 random_plain(values, below, depth - 1));
    }
    return record;
  }
  Value container = values.keep(new Node(choice == 4 ? Kind::list : Kind::map));
  const std::size_t count = below(4);
  for (std::size_t index = 0; index < count; ++index) {
    Value value = random_plain(values, below, depth - 1);
    if (choice == 4) {
      values.insert_item(container, index, value);
    } else {
      values.put(container, random_key(values, below), value);
    }
  }
  return container;
}

Script random_script(Values& values, const Below& below, Value now) {
  const Safe safe(values);
  Script script;
  bool aliased = false;
  const std::size_t count = 1 + below(3);
  while (script.size() < count) {
    Action action;
    action.place = random_place(values, below, now);
    if (below(10) == 0 && !action.place.empty()) action.place.pop_back();
    action.other = random_place(values, below, now);
    Value found = look(values, now, action.place);
    action.kind = random_kind(values, below, found);
    if (action.kind == Action::Kind::alias) {
      if (aliased) continue;
      aliased = true;
    }
    if (action.kind == Action::Kind::require && found != nullptr) {
      action.value = values.keep(values.deep_copy(found));
    } else if (action.kind == Action::Kind::include || action.kind == Action::Kind::discard) {
      action.value = random_leaf(values, below);
    } else {
      action.value = random_plain(values, below, below(3) == 0 ? 2 : 0);
    }
    script.push_back(action);
  }
  if (below(25) == 0) {
    script = {{Action::Kind::back, {}, {}, random_plain(values, below, 3)}};
  }
  return script;
}

// --- over drafts

namespace {

draft::Draft& draft_of(Value face) { return *node_of(face).draft; }
draft::Scope& scope_of(Value face) { return *node_of(face).draft->scope; }

}  // namespace

Value DraftEditor::get(Value container, Value part) {
  draft::Draft& draft = draft_of(container);
  Value found = nullptr;
  if (draft.kind == Kind::set) throw Raised{"members have no parts"};
  if (draft.kind != Kind::list) {
    check(scope_of(container).get(draft, part, &found));
    return found;
  }
  std::size_t index = 0;
  if (!values.position(part, &index)) throw Raised{"no position"};
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
  scope_of(container).read_whole(draft_of(container));
  std::vector<Value> keys;
  for (const auto& [key, value] : node_of(draft_of(container).contents()).entries) {
    values.own(key);
    keys.push_back(values.keep(key));
  }
  return keys;
}

Value DraftEditor::plain(Value value) {
  if (node_of(value).draft == nullptr) return value;
  check(scope_of(value).read_deep(draft_of(value)));
  draft::Resolver resolver(scope_of(value), false);
  Value result = nullptr;
  check(resolver.resolve(value, &result));
  values.own(result);
  return values.keep(result);
}

void DraftEditor::set(Value container, Value part, Value value) {
  draft::Draft& draft = draft_of(container);
  if (draft.kind == Kind::list) {
    std::size_t index = 0;
    if (!values.position(part, &index)) throw Raised{"no position"};
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
  if (values.kind(container) != Kind::list) {
    check(values.find(container, part, &found));
    return found;
  }
  std::size_t index = 0;
  if (!values.position(part, &index)) throw Raised{"no position"};
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
    node.places.clear();
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
  if (!values.position(part, &index) || index >= values.size(container)) {
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
  const bool present = node_of(set).places.contains(Values::show_key(member));
  if (present == included) return;
  check(included ? values.put(set, member, member) : values.erase(set, member));
}

}  // namespace halflife::plain
