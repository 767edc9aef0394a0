#include "layer_script.hpp"

namespace halflife::plain {

using draft::Kind;

namespace {

Value at(Editor& editor, Value root, const std::vector<Value>& path, std::size_t parts) {
  Value found = root;
  for (std::size_t next = 0; next < parts; ++next) {
    if (!draft::has_parts(editor.values.kind(found))) throw Raised{"not a container"};
    found = editor.get(found, path[next]);
    if (found == nullptr) throw Raised{"nothing there"};
  }
  return found;
}

Value at(Editor& editor, Value root, const std::vector<Value>& path) {
  return at(editor, root, path, path.size());
}

Value holder(Editor& editor, Value root, const std::vector<Value>& path) {
  Value found = at(editor, root, path, path.size() - 1);
  if (!draft::is_draftable(editor.values.kind(found))) throw Raised{"not a container"};
  return found;
}

Value need(Editor& editor, Value root, const std::vector<Value>& path, Kind kind) {
  Value found = at(editor, root, path);
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
  if (!editor.values.position(part, true, &index)) throw Raised{"no position"};
  return index;
}

void put(Editor& editor, Value root, const std::vector<Value>& path, Value value) {
  if (path.empty()) throw Raised{"the root cannot be set"};
  editor.set(holder(editor, root, path), path.back(), value);
}

void act(const Action& action, Editor& editor, Value root) {
  Values& values = editor.values;
  const std::vector<Value>& path = action.path;
  switch (action.kind) {
    case Action::Kind::set:
      return put(editor, root, path, editor.fresh(action.value));
    case Action::Kind::increment: {
      Value next = incremented(values, at(editor, root, path));
      if (next == nullptr) throw Raised{"not a number"};
      return put(editor, root, path, next);
    }
    case Action::Kind::erase:
    case Action::Kind::renew: {
      if (path.empty()) throw Raised{"the root cannot be erased"};
      Value map = need(editor, root, {path.begin(), path.end() - 1}, Kind::map);
      if (editor.get(map, path.back()) == nullptr) throw Raised{"nothing there"};
      editor.erase(map, path.back());
      if (action.kind == Action::Kind::renew)
        editor.set(map, path.back(), editor.fresh(action.value));
      return;
    }
    case Action::Kind::require:
      if (!Values::agree(editor.plain(at(editor, root, path)), action.value, true)) {
        throw Raised{"something else is there"};
      }
      return;
    case Action::Kind::append:
      return editor.append(need(editor, root, path, Kind::list), editor.fresh(action.value));
    case Action::Kind::insert: {
      if (path.empty()) throw Raised{"no position"};
      Value list = need(editor, root, {path.begin(), path.end() - 1}, Kind::list);
      const std::size_t index = index_of(editor, path.back());
      if (index > editor.size(list)) throw Raised{"no position"};
      return editor.insert(list, index, editor.fresh(action.value));
    }
    case Action::Kind::pop: {
      if (path.empty()) throw Raised{"no position"};
      Value list = need(editor, root, {path.begin(), path.end() - 1}, Kind::list);
      const std::size_t index = index_of(editor, path.back());
      if (index >= editor.size(list)) throw Raised{"no position"};
      return editor.pop(list, index);
    }
    case Action::Kind::move: {
      if (path.empty()) throw Raised{"the root cannot be moved"};
      Value map = need(editor, root, {path.begin(), path.end() - 1}, Kind::map);
      Value value = editor.get(map, path.back());
      if (value == nullptr) throw Raised{"nothing there"};
      values.own(value);
      values.keep(value);
      editor.erase(map, path.back());
      return put(editor, root, action.other, value);
    }
    case Action::Kind::alias:
      for (std::size_t part = 0;; ++part) {
        if (part == path.size()) throw Raised{"into itself"};
        if (part == action.other.size()) throw Raised{"over itself"};
        if (Values::show_key(path[part]) != Values::show_key(action.other[part])) break;
      }
      return put(editor, root, action.other, at(editor, root, path));
    case Action::Kind::copy: {
      Value plain = editor.plain(at(editor, root, path));
      return put(editor, root, action.other, values.keep(values.deep_copy(plain)));
    }
    case Action::Kind::include:
    case Action::Kind::discard:
      return editor.include(need(editor, root, path, Kind::set), action.value,
                            action.kind == Action::Kind::include);
    case Action::Kind::count: {
      Value container = at(editor, root, path);
      if (!draft::is_draftable(values.kind(container))) throw Raised{"not a container"};
      return put(editor, root, action.other, number(values, editor.size(container)));
    }
    case Action::Kind::first: {
      const std::vector<Value> keys = editor.keys(need(editor, root, path, Kind::map));
      if (keys.empty()) throw Raised{"no key"};
      return put(editor, root, action.other, keys.front());
    }
    case Action::Kind::each: {
      Value map = need(editor, root, path, Kind::map);
      for (Value key : editor.keys(map)) {
        Value next = incremented(values, editor.get(map, key));
        if (next != nullptr) editor.set(map, key, next);
      }
      return;
    }
    case Action::Kind::reverse:
      return editor.reverse(need(editor, root, path, Kind::list));
    case Action::Kind::unless: {
      if (path.empty()) throw Raised{"the root cannot be set"};
      Value map = need(editor, root, {path.begin(), path.end() - 1}, Kind::map);
      if (editor.get(map, path.back()) != nullptr) return;
      return editor.set(map, path.back(), editor.fresh(action.value));
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
  constexpr const char* kNames[] = {"set",     "increment", "erase", "require", "append",
                                    "insert",  "pop",       "move",  "alias",   "copy",
                                    "include", "discard",   "count", "first",   "each",
                                    "reverse", "unless",    "renew", "back"};
  std::string text;
  for (const Action& action : script) {
    text += text.empty() ? "" : "; ";
    text += kNames[static_cast<std::size_t>(action.kind)];
    for (const auto* path : {&action.path, &action.other}) {
      text += " ";
      for (Value part : *path) text += "/" + Values::show(part);
    }
    if (action.value != nullptr) text += " = " + Values::show(action.value);
  }
  return text;
}

}  // namespace halflife::plain
