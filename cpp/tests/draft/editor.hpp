// An editor gives a test's script access to the value that it edits: through drafts, or a plain
// value in place. Both editors make the same edits, and raise in the same cases.
#pragma once

#include <string>
#include <vector>

#include "../support/plain_values.hpp"
#include "core/draft/scope.hpp"

namespace halflife::plain {

struct Raised {
  std::string what;
};

// The access of a script to a value. Containers are faces or plain nodes.
class Editor {
 public:
  explicit Editor(Values& of) : values(of) {}
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  virtual ~Editor() = default;

  virtual Value get(Value container, Value part) = 0;  // null: no such entry
  virtual std::size_t size(Value container) = 0;
  virtual std::vector<Value> keys(Value container) = 0;
  virtual Value plain(Value value) = 0;  // the current plain value
  virtual Value fresh(Value plain) = 0;  // a value that may be set: itself or a copy
  virtual void set(Value container, Value part, Value value) = 0;
  virtual void erase(Value map, Value key) = 0;
  virtual void insert(Value list, std::size_t index, Value value) = 0;
  virtual void pop(Value list, std::size_t index) = 0;
  virtual void append(Value list, Value value) = 0;
  virtual void reverse(Value list) = 0;
  virtual void include(Value set, Value member, bool included) = 0;

  Values& values;
};

class DraftEditor : public Editor {
 public:
  using Editor::Editor;
  Value get(Value container, Value part) override;
  std::size_t size(Value container) override;
  std::vector<Value> keys(Value container) override;
  Value plain(Value value) override;
  Value fresh(Value plain) override { return plain; }
  void set(Value container, Value part, Value value) override;
  void erase(Value map, Value key) override;
  void insert(Value list, std::size_t index, Value value) override;
  void pop(Value list, std::size_t index) override;
  void append(Value list, Value value) override;
  void reverse(Value list) override;
  void include(Value set, Value member, bool included) override;
};

class PlainEditor : public Editor {
 public:
  using Editor::Editor;
  Value get(Value container, Value part) override;
  std::size_t size(Value container) override { return values.size(container); }
  std::vector<Value> keys(Value container) override;
  Value plain(Value value) override;
  Value fresh(Value plain) override { return values.keep(values.deep_copy(plain)); }
  void set(Value container, Value part, Value value) override;
  void erase(Value map, Value key) override;
  void insert(Value list, std::size_t index, Value value) override;
  void pop(Value list, std::size_t index) override;
  void append(Value list, Value value) override;
  void reverse(Value list) override;
  void include(Value set, Value member, bool included) override;
};

// Does the value contain itself?
bool is_cyclic(Value value);
// Empties all containers in a value that contains itself, so that it can be destroyed. No other
// value may need them.
void untie(Values& values, Value value);

}  // namespace halflife::plain
