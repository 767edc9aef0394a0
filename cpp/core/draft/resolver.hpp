// A resolver turns drafts, and plain values that carry drafts, into plain values. What no edit
// touched stays the same object; what was edited and set back is the base again. Iterative: drafts
// nest as deep as the user's values do.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scope.hpp"

namespace halflife::draft {

class Resolver {
 public:
  // With `steal` the scratches of drafts become results: nobody may use the drafts afterwards.
  Resolver(Scope& scope, bool steal) : scope_(scope), model_(scope.model()), steal_(steal) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // The plain value of `value`, borrowed from the resolver (or from the value itself).
  bool resolve(Value value, Value* result);

  // What resolve() made of the draft already; null: it did not need it.
  Value result_of(Draft& draft);

  // What a slot of a draft holds at the end, plain; null: nothing. What it holds is resolved if the
  // draft was not.
  bool at(Draft& draft, Value key, Value* result);
  bool at_item(Draft& draft, std::size_t index, Value* result);

  // Does a map that was edited have the keys of its base, in their order, as far as both go?
  bool same_order(Draft& draft, bool* same);

 private:
  struct Step {
    Value value;
    std::vector<Value> needs;
    std::size_t next = 0;
  };
  bool is_alone(const Draft& draft);
  bool carries_drafts();
  struct Result {
    bool known = false;     // or being worked on
    Value value = nullptr;  // null: being worked on
  };
  // What a tuple of drafts is known as: the face of its draft. Any other value is itself.
  Value known_as(Value value);
  Result find_result(Value value, const Draft* draft) const;
  void note_result(Value value, Value result);
  void forget_result(Value value);
  bool simple(Value value, Value* result);
  Value final_of(Value value);
  bool need(Value value, std::vector<Value>& needs);
  bool needs_of(Value value, std::vector<Value>& needs);
  bool needs_of_draft(Draft& draft, std::vector<Value>& needs);
  bool needs_of_entries(Value container, Draft* owner, std::vector<Value>& needs);
  bool run(std::vector<Step>& steps);

  bool build(Value value, Value* result);
  bool build_map(Draft& draft, Value* result);
  bool build_list(Draft& draft, Value* result);
  bool build_set(Draft& draft, Value* result);
  bool build_plain(Value value, Value* result);
  bool finish(Value like, Value made, Value* result);
  bool is_changed_map(Draft& draft, bool* changed);
  bool fill_map(Draft& draft, Value made);
  bool slot(Draft& draft, Value key, Value* held);
  Value take(Draft& draft);
  Value keep(Value owned);

  Scope& scope_;
  Model& model_;
  // Null: being worked on. Of drafts only if they are not stolen; else the result is in the draft.
  std::unordered_map<Value, Value> results_;
  std::unordered_set<Value> working_;  // stolen drafts being worked on
  std::vector<Value> owned_;
  enum class Carries : unsigned char { unknown, no, yes };
  Carries carries_ = Carries::unknown;
  bool steal_;
};

}  // namespace halflife::draft
