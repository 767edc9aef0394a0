// Plain values for tests of drafts: counted C++ objects that behave like Python's where it matters
// to core. Dicts keep the order of insertion, 1 and true are one key, lists have no hash, and any
// call that can fail in Python can be made to fail here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/draft/draft.hpp"
#include "core/draft/model.hpp"

namespace halflife::plain {

struct Node {
  explicit Node(draft::Kind of) : kind(of) { ++alive; }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { --alive; }

  long references = 1;
  draft::Kind kind;
  std::variant<long, bool, std::string> leaf = 0L;
  std::string type;                                        // a record's class
  std::vector<Value> items;                                // list, fixed; owned
  std::vector<std::pair<Value, Value>> entries;            // map, set, record; owned
  std::unordered_map<std::string, std::size_t> positions;  // into entries, by key
  draft::Draft* draft = nullptr;                           // this is its face; owned
  std::shared_ptr<void> body;  // the body of a recipe or layer, which is no value

  inline static long alive = 0;
};

inline Node& node_of(Value value) { return *static_cast<Node*>(value); }

class Values : public draft::Model {
 public:
  Values() = default;
  ~Values() override;

  // --- to and from text: 1, word, true, [1, 2], (1, 2), {a: 1}, <a, b> for a set,
  // Point(x: 1) for a record. Owned by this object.
  Value read(const std::string& text);
  static std::string show(Value value);
  static std::string show_key(Value key);  // equal keys have equal texts
  // Equality without the order of members; the order of keys counts on request.
  static bool agree(Value one, Value other, bool ordered = false);

  Value keep(Value owned);
  Value make_leaf(std::variant<long, bool, std::string> leaf);  // owned by the caller, as below
  Value deep_copy(Value value);

  // The number of calls before one fails, once. Negative: none.
  long fail_in = -1;
  long calls = 0;
  bool failed = false;
  std::vector<draft::Fault> faults;

  // --- Model
  void own(Value value) override { ++node_of(value).references; }
  void release(Value value) override;
  draft::Kind kind(Value value) override { return node_of(value).kind; }
  bool same(Value one, Value other) override;
  // There is one type of numbers here.
  bool same_number(Value one, Value other) override { return same(one, other); }
  std::size_t hash(Value leaf) override;
  bool same_type(Value one, Value other) override;
  draft::Draft* draft_of(Value value) override { return node_of(value).draft; }
  std::size_t size(Value container) override;
  bool find(Value container, Value key, Value* found) override;
  Value key_in(Value map, Value key) override;
  Value item(Value list, std::size_t index) override;
  bool next(Value container, std::size_t* cursor, Value* key, Value* value) override;
  Value copy(Value container) override;
  bool put(Value map, Value key, Value value) override;
  bool erase(Value map, Value key) override;
  bool put_item(Value list, std::size_t index, Value value) override;
  bool insert_item(Value list, std::size_t index, Value value) override;
  bool erase_item(Value list, std::size_t index) override;
  Value rebuild(Value like, Value copy) override;
  Value make_map() override;
  Value make_list() override;
  Value make_set() override;
  Value make_index(std::size_t index) override;
  bool position(Value part, bool by_pointer, std::size_t* index) override;
  draft::Draft* make_draft(Value base, draft::Kind kind) override;
  void raise(draft::Fault fault, Value value) override;

 private:
  bool fails();
  bool is_key(Value key);

  std::vector<Value> kept_;
};

}  // namespace halflife::plain
