// A random program of operations on a log of layers, against one that folds everything again after
// every operation. The user of the class supplies the choices, as in draft_program.hpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../support/plain_layers.hpp"
#include "../support/random_script.hpp"

namespace halflife::plain {

class LayerProgram {
 public:
  LayerProgram(Values& values, Below below, bool always);
  LayerProgram(const LayerProgram&) = delete;
  LayerProgram& operator=(const LayerProgram&) = delete;
  ~LayerProgram();

  void run(std::size_t steps);
  // Calls of the model fail at random, and nothing is compared.
  void run_with_faults(std::size_t steps);
  // Recipes are also interrupted.
  bool interrupts = false;
  const std::string& story() const { return story_; }

 private:
  struct Part {
    Script script;
    bool returns = false;
  };
  // A layer of the naive log.
  struct Entry {
    Layer* layer = nullptr;
    std::vector<Part> parts;
    Value whole = nullptr;
    LayerStatus status = LayerStatus::pending;
    bool failing = false;
  };
  using EntryPointer = std::shared_ptr<Entry>;
  // An edit of the base that was made while confirmed layers waited.
  struct BaseEdit {
    Entry edit;
    Value before = nullptr;
    std::vector<EntryPointer> waited;
  };
  struct State {
    Value base = nullptr;
    std::vector<EntryPointer> log;
    std::vector<BaseEdit> edits;
    std::vector<Entry> entries;  // the entries at the time of the save
  };

  void step();
  void enter(bool confirmed);
  void replace();
  void rollback();
  void commit(bool server, bool then);
  Value random_base();
  void set_base();
  void take_base(Value base);
  void edit_base();
  void save();
  void restore();

  LayerRecipe recipe_of(const Script& script);
  bool is_absent() const { return layers_.log.base() == layers_.absent; }
  // The value, or the last visible one if it is absent.
  Value present(Value value) const { return value == layers_.absent ? present_ : value; }
  Script script_of_now() { return random_script(values_, below_, present(layers_.log.visible())); }
  bool fold_one(Value before, const Entry& entry, Value* now);
  Value fold();
  void fold_prefix();
  void forget(Entry& entry, LayerStatus status);
  EntryPointer unsettled();
  void remove(const EntryPointer& entry);
  bool expect_same(bool refused, bool ok);
  void check();
  void tell(const std::string& line) { story_ += "\n  " + line; }

  Values& values_;
  Below below_;
  bool faults_ = false;
  Layers layers_;
  Value base_;             // kept
  Value present_;          // kept: the newest visible value that was not absent
  std::size_t calls_ = 0;  // of recipes, before the last step
  std::vector<EntryPointer> log_;
  std::vector<BaseEdit> base_edits_;
  std::vector<std::pair<Value, Value>> handed_out_;  // visible values and copies of them; both kept
  optimistic::Journal::Mark saved_ = 0;              // 0: none
  State saved_state_;
  std::string story_;
};

}  // namespace halflife::plain
