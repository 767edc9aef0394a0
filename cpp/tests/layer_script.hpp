// A script is a recipe for tests: a few actions on places of a value, each of which can fail. It
// runs over drafts and, with the same result, over a plain value that it changes in place.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/draft/scope.hpp"
#include "plain_values.hpp"

namespace halflife::plain {

using Below = std::function<std::size_t(std::size_t)>;  // a number below its argument

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

struct Action {
  enum class Kind {
    set,        // place = value
    increment,  // place += 1; raises if it is no number
    erase,      // raises if there is nothing
    require,    // raises unless place is equal to value
    append,
    insert,     // before the last part
    pop,
    move,       // other = place, which is erased
    alias,      // other = place, the container itself, which is at both then
    copy,       // other = place, as it is now
    include,
    discard,
    count,      // other = how many there are in place
    first,      // other = the first key
    each,       // every number in place is one greater
    reverse,
    unless,     // if there is nothing at place, place = value
    renew,      // erases the key and sets it again
    back,       // returns value: the whole is that
  };
  Kind kind;
  std::vector<Value> place;  // kept by the values
  std::vector<Value> other;
  Value value = nullptr;     // plain
};

using Script = std::vector<Action>;

// What it returns, or null. Throws Raised.
Value run_script(const Script& script, Editor& editor, Value root);
std::string show(const Script& script);
// Places are taken from `now`, so that most actions can be done.
Script random_script(Values& values, const Below& below, Value now);
// A way down what is there, and sometimes a step beside it.
std::vector<Value> random_place(Values& values, const Below& below, Value now);
Value random_plain(Values& values, const Below& below, std::size_t depth);  // kept

}  // namespace halflife::plain
