// A random program edits a random value through drafts, and a deep copy of it, its shadow, in
// place: at the end both must be equal, and the patches must be right. Where its choices come from
// is up to its user: a random generator in the tests, a fuzzer's bytes in cpp/fuzz.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../support/choices.hpp"
#include "core/draft/scope.hpp"

namespace halflife::plain {

class DraftProgram {
 public:
  // With `faults`, model calls may fail: the program goes on as users may, without a shadow.
  DraftProgram(Values& values, Below below, bool faults);
  DraftProgram(const DraftProgram&) = delete;
  DraftProgram& operator=(const DraftProgram&) = delete;
  ~DraftProgram();

  void run(std::size_t steps);
  const std::string& story() const { return story_; }

 private:
  // A draft that the program holds, and what it stands for in the shadow.
  struct Held {
    draft::Draft* draft;
    Value shadow;  // null with faults
  };

  Value random_leaf();
  Value random_value(std::size_t depth);
  Value random_key(const Held& held);
  // To be put in: what it is, and the same for the shadow. Both owned.
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
  Value pristine_;          // owned: a copy of it
  Value shadow_ = nullptr;  // owned
  draft::Scope scope_;
  std::vector<Held> held_;
  std::vector<Value> graveyard_;  // owned: what left the shadow, and may be held
  std::string story_;
};

}  // namespace halflife::plain
