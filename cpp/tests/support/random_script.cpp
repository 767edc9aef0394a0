#include "random_script.hpp"

#include <iterator>
#include <utility>

namespace halflife::plain {

using draft::Kind;

namespace {

// Suspends failures of the model: random values are made without them.
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

Value look(Values& values, Value now, const std::vector<Value>& path) {
  PlainEditor editor(values);
  for (Value part : path) {
    if (!draft::has_parts(values.kind(now)) || values.kind(now) == Kind::set) return nullptr;
    now = editor.get(now, part);
    if (now == nullptr) return nullptr;
  }
  return now;
}

// An action that mostly applies to the value found.
Action::Kind random_kind(Values& values, const Below& below, Value found) {
  using enum Action::Kind;
  constexpr Action::Kind kAnywhere[] = {set,   set,  set,  erase,  unless,
                                        renew, move, copy, insert, pop};
  constexpr Action::Kind kLists[] = {append, append, append, reverse, count, alias, require};
  constexpr Action::Kind kMaps[] = {count, first, each, alias, require};
  constexpr Action::Kind kSets[] = {include, include, discard, count};
  constexpr Action::Kind kTuples[] = {set, set, copy, copy, require};
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
    case Kind::fixed:
      return one(kTuples);
    default:
      return one(kLeaves);
  }
}

}  // namespace

Value random_container(Values& values, const Below& below) {
  Value value = random_plain(values, below, 3, true);
  while (!draft::is_draftable(values.kind(value)) && below(20) != 0) {
    value = random_plain(values, below, 3, true);
  }
  return value;
}

std::vector<Value> random_slot(Values& values, const Below& below, Value now) {
  std::vector<Value> path;
  while (draft::has_parts(values.kind(now)) && values.kind(now) != Kind::set &&
         (path.empty() || below(3) != 0)) {
    const std::size_t count = values.size(now);
    const bool beside = count == 0 || below(8) == 0;
    if (draft::is_positional(values.kind(now))) {
      const std::size_t index = beside ? count : below(count);
      path.push_back(number_leaf(values, index));
      if (beside) break;
      now = values.item(now, index);
      continue;
    }
    if (beside) {
      path.push_back(random_key(values, below));
      break;
    }
    const auto& [key, value] = node_of(now).entries[below(count)];
    values.own(key);
    path.push_back(values.keep(key));
    now = value;
  }
  return path;
}

Value random_plain(Values& values, const Below& below, std::size_t depth, bool tuples) {
  const Safe safe(values);
  const std::size_t choice = depth == 0 ? 0 : below(7);
  if (choice < 2 && tuples && below(6) == 0) {
    Value pair = values.keep(new Node(Kind::fixed));
    for (std::size_t index = 0; index < 2; ++index) {
      values.insert_item(pair, index, random_leaf(values, below));
    }
    return pair;
  }
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
                 random_plain(values, below, depth - 1, tuples));
    }
    return record;
  }
  const Kind listed = tuples && choice == 4 && below(3) == 0 ? Kind::fixed : Kind::list;
  Value container = values.keep(new Node(choice == 4 ? listed : Kind::map));
  const std::size_t count = below(4);
  for (std::size_t index = 0; index < count; ++index) {
    Value value = random_plain(values, below, depth - 1, tuples);
    if (choice == 4) {
      values.insert_item(container, index, value);
    } else {
      values.put(container, random_key(values, below), value);
    }
  }
  return container;
}

namespace {

// A tuple that differs in one item.
Value random_change(Values& values, const Below& below, Value tuple) {
  Value changed = values.keep(values.deep_copy(tuple));
  values.put_item(changed, below(values.size(tuple)), random_leaf(values, below));
  return changed;
}

}  // namespace

Script random_script(Values& values, const Below& below, Value now) {
  const Safe safe(values);
  Script script;
  bool aliased = false;
  const std::size_t count = 1 + below(3);
  while (script.size() < count) {
    Action action;
    action.path = random_slot(values, below, now);
    if (below(10) == 0 && !action.path.empty()) action.path.pop_back();
    action.other = random_slot(values, below, now);
    Value found = look(values, now, action.path);
    action.kind = random_kind(values, below, found);
    if (action.kind == Action::Kind::alias) {
      if (aliased) continue;
      aliased = true;
    }
    if (action.kind == Action::Kind::require && found != nullptr) {
      action.value = values.keep(values.deep_copy(found));
    } else if (action.kind == Action::Kind::include || action.kind == Action::Kind::discard) {
      action.value = random_leaf(values, below);
    } else if (Value other = look(values, now, action.other); other != nullptr && below(4) == 0) {
      values.own(other);
      action.value = values.keep(other);  // the object itself, often at its own path
      if (below(2) == 0) action.path = action.other;
    } else if (found != nullptr && values.kind(found) == Kind::fixed && values.size(found) > 0) {
      action.value = random_change(values, below, found);
    } else {
      action.value = random_plain(values, below, below(3) == 0 ? 2 : 0, true);
    }
    script.push_back(action);
  }
  if (below(25) == 0) {
    script = {{Action::Kind::back, {}, {}, random_plain(values, below, 3, true)}};
  }
  return script;
}

}  // namespace halflife::plain
