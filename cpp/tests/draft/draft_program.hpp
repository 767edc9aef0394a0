// A random program edits a random value through drafts, and a deep copy, the shadow, directly. At
// the end both must be equal, and the patches must be correct. The choices come from a random
// generator in the tests, and from a fuzzer's bytes in cpp/fuzz.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../support/choices.hpp"
#include "core/draft/scope.hpp"

namespace halflife::plain {

class DraftProgram {
 public:
  // With `faults`, calls of the model may fail. The program then continues, as user code can,
  // without a shadow.
  DraftProgram(Values& values, Below below, bool faults);
  DraftProgram(const DraftProgram&) = delete;
  DraftProgram& operator=(const DraftProgram&) = delete;
  ~DraftProgram();

  void run(std::size_t steps);
  const std::string& story() const { return story_; }

 private:
  // A draft that the program holds, and its counterpart in the shadow.
  struct Held {
    draft::Draft* draft;
    Value shadow;  // null with faults
  };

  Value random_leaf();
  Value random_value(std::size_t depth);
  Value random_key(const Held& held);
  // A value to set, and its equal for the shadow. Both owned.
  struct Fresh {
    Value value;
    Value shadow;
  };
  Fresh random_fresh(const Held& into);
  bool reaches(Value from, Value to);

  void step();
  void look(const Held& held);
  void edit_map(const Held& held);
  void edit_list(const Held& held);
  void move_items(const Held& held);
  void edit_set(const Held& held);
  void check();
  void finish();
  void expect(bool ok, const char* what);
  void tell(const std::string& line) { story_ += "\n  " + line; }
  std::string name(const Held& held) const;
  std::string show(Value value) const;

  Values& values_;
  Below below_;
  bool faults_;
  Value base_;              // owned
  Value pristine_;          // owned: a copy of the base
  Value shadow_ = nullptr;  // owned
  draft::Scope scope_;
  std::vector<Held> held_;
  std::vector<Value> graveyard_;  // owned: values that left the shadow, but may still be held
  std::string story_;
};

}  // namespace halflife::plain
