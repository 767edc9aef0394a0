// A resolver turns drafts, and plain values that contain drafts, into plain values. A container
// without edits stays the same object; a container whose edits restored its contents is its base
// again. Iterative, because drafts nest as deeply as the user's values.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scope.hpp"

namespace halflife::draft {

class Resolver {
 public:
  // With `steal`, scratches become results without a copy, and the drafts must not be used
  // afterwards.
  Resolver(Scope& scope, bool steal) : scope_(scope), model_(scope.model()), steal_(steal) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // The plain value of `value`, borrowed from the resolver (or from the value itself).
  bool resolve(Value value, Value* result);

  // The draft's result if resolve() has made it, else null.
  Value result_of(Draft& draft);

  // The final plain value at a key or position of a draft; null: none. Resolves the entry if the
  // draft itself was not resolved.
  bool at(Draft& draft, Value key, Value* result);
  bool at_item(Draft& draft, std::size_t index, Value* result);

  // Does an edited map have the keys of its base in the same order? Compares pairs up to the end of
  // the shorter one.
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
    bool known = false;     // or in progress
    Value value = nullptr;  // null: being worked on
  };
  // The key in results_: for a tuple of drafts the face of its draft, else the value itself.
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
  // Null: in progress. Results of stolen drafts are stored in the draft instead.
  std::unordered_map<Value, Value> results_;
  std::unordered_set<Value> working_;  // stolen drafts in progress
  std::vector<Value> owned_;
  enum class Carries : unsigned char { unknown, no, yes };
  Carries carries_ = Carries::unknown;
  bool steal_;
};

}  // namespace halflife::draft
