// An editor is how a script of a test sees the value that it changes: through drafts, or a plain
// value in place. Both do the same, and raise in the same cases.
#pragma once

#include <string>
#include <vector>

#include "../support/plain_values.hpp"
#include "core/draft/scope.hpp"

namespace halflife::plain {

struct Raised {
  std::string what;
};

// How a script sees the value it edits. Containers are faces or plain nodes.
class Editor {
 public:
  explicit Editor(Values& of) : values(of) {}
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  virtual ~Editor() = default;

  virtual Value get(Value container, Value part) = 0;  // null: there is nothing
  virtual std::size_t size(Value container) = 0;
  virtual std::vector<Value> keys(Value container) = 0;
  virtual Value plain(Value value) = 0;  // as it is now
  virtual Value fresh(Value plain) = 0;  // that may be put in
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

// Does it contain itself?
bool is_cyclic(Value value);
// Empties all containers in it, which nobody else may need: it could not die otherwise.
void untie(Values& values, Value value);

}  // namespace halflife::plain
