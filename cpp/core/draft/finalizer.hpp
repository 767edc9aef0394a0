// A finalizer turns drafts, and plain values that contain drafts, into plain values. A container
// without edits stays the same object; a container whose edits restored its contents is its base
// again. Iterative, because drafts nest as deeply as the user's values.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scope.hpp"

namespace halflife::draft {

class Finalizer {
 public:
  // With `steal`, scratches become results without a copy, and the drafts must not be used
  // afterwards.
  Finalizer(Scope& scope, bool steal) : scope_(scope), model_(scope.model()), steal_(steal) {}
  Finalizer(const Finalizer&) = delete;
  Finalizer& operator=(const Finalizer&) = delete;
  ~Finalizer();

  // The plain value of `value`, borrowed from the finalizer (or from the value itself).
  bool finalize(Value value, Value* result);

  // The draft's result if finalize() has made it, else null.
  Value result_of(Draft& draft);

  // The final plain value at a key or position of a draft; null: none. Finalizes the entry if the
  // draft itself was not finalized.
  bool final_entry(Draft& draft, Value key, Value* result);
  bool final_item(Draft& draft, std::size_t index, Value* result);

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
  bool has_inserted_drafts();
  struct Result {
    bool known = false;
    Value value = nullptr;  // null although known: in progress
  };
  // The key in results_: for a tuple of drafts the face of its draft, else the value itself.
  Value result_key(Value value);
  Result find_result(Value value, const Draft* draft) const;
  void set_result(Value value, Value result);
  void forget_result(Value value);
  bool get_final(Value value, Value* result);
  Value final_of(Value value);
  bool need(Value value, std::vector<Value>& needs);
  bool needs_of(Value value, std::vector<Value>& needs);
  bool needs_of_draft(Draft& draft, std::vector<Value>& needs);
  bool needs_of_entries(Value container, Draft* owner, std::vector<Value>& needs);
  bool run(std::vector<Step>& steps);

  bool finalize_container(Value value, Value* result);
  bool finalize_map(Draft& draft, Value* result);
  bool finalize_list(Draft& draft, Value* result);
  bool finalize_set(Draft& draft, Value* result);
  bool finalize_plain(Value value, Value* result);
  bool rebuild_like(Value like, Value made, Value* result);
  bool is_changed_map(Draft& draft, bool* changed);
  bool fill_map(Draft& draft, Value made);
  bool entry(Draft& draft, Value key, Value* held);
  Value take_contents(Draft& draft);
  Value keep(Value owned);

  Scope& scope_;
  Model& model_;
  // Null: in progress. With `steal`, results of drafts are stored in the drafts instead.
  std::unordered_map<Value, Value> results_;
  std::unordered_set<Value> in_progress_;  // with `steal`: drafts in progress
  std::vector<Value> owned_;
  enum class InsertedDrafts : unsigned char { unknown, no, yes };
  InsertedDrafts inserted_drafts_ = InsertedDrafts::unknown;
  bool steal_;
};

}  // namespace halflife::draft
