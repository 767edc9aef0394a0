// The log is a base and the ordered layers over it. What is shown is always the fold of the
// layers' recipes over the base, oldest first; every operation keeps that true, and with selective
// replay calls only the recipes whose outcome it can have changed.
//
// A key of the design: layers record what they read and wrote as slots of a tree (tree.hpp), so
// that removing one asks the slots it wrote who has read them since. The cost does not depend on
// how many other layers are pending.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "../draft/share.hpp"
#include "journal.hpp"
#include "layer_run.hpp"

namespace halflife::optimistic {

class Log {
 public:
  // Takes a reference to the base.
  Log(Host& host, Value base, bool always);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { close(); }

  Value base() const { return base_; }        // borrowed
  Value visible() const { return visible_; }  // borrowed
  std::size_t size() const { return layers_.size(); }
  std::size_t pending() const { return pending_; }
  // A number of its own for each state that the log has been in. One that is restored has its
  // number.
  std::uint64_t state() const { return state_; }

  // Each is done, or has not begun: it returns false with an error raised then, also when what was
  // raised is an interrupt, and the log is as it was.

  // Runs the layer's parts on what is shown and puts it at the end of the log. `layer` is the
  // host's, with its token and parts set; `context` gets what the recipe returned, owned.
  bool apply(Layer& layer, bool confirmed, Value* context);
  // Only for layers in this log that are not settled.
  bool rollback(Layer& layer);
  // With `returns`, the value that `server` returns counts as the new one.
  bool commit(Layer& layer, Value server, Value then, bool returns);
  bool set_base(Value base);
  bool edit_base(const LayerBody& body);
  bool rollback_all();
  bool commit_all();
  // Does a pending layer write at the path or below it? 1, 0, or -1 with an error raised.
  int is_pending_at(const std::vector<Value>& path);

  // The log as it is now, to come back to: what a host keeps while a batch of its own may fail.
  // Costs what is changed until it is released.
  Journal::Mark save() { return journal_.mark(); }
  void restore(Journal::Mark saved);
  // At any time, also in the middle of an operation.
  void release(Journal::Mark saved);

  void close();

  template <class Visit>
  void each_value(Visit visit) const {
    for (Value value : {base_, visible_}) {
      if (value != nullptr) visit(value);
    }
    for (const auto& [seq, layer] : layers_) {
      visit(layer->token);
      for (const Write& write : layer->writes) {
        if (write.value != nullptr) visit(write.value);
      }
    }
    for (const BaseEdit& edit : base_edits_) {
      for (Value value : {edit.body.recipe, edit.body.then, edit.body.replacement, edit.before}) {
        if (value != nullptr) visit(value);
      }
    }
    journal_.each_value(visit);
    tree_.each_value(visit);
  }

 private:
  struct Conflict {
    Layer* layer;
    Value error;  // owned
  };
  // Slots that differ from what is shown, and the layers that have read them.
  struct Change {
    ChangedSlots slots;
    std::set<Seq> todo;
    // Those of the readers behind `seq`, up to and with `last`, run again.
    void add(const Readers& readers, Seq seq, Seq last);
  };
  // A place that holds something else in another base. Null: nothing.
  struct Difference {
    Slot* slot;
    Value before;
    Value now;
  };

  Layer* at(Seq seq) const;
  Value visible_at(const Slot& slot);

  // --- an operation, and how it is undone
  template <class Work>
  bool operate(Work work) {
    const Journal::Mark start = begin();
    return end(start, work());
  }
  Journal::Mark begin();
  bool end(Journal::Mark start, bool ok);
  void undo(Journal::Mark mark);
  void undo_one(Undo& undo);
  void drop(std::vector<Undo>& undos);
  void clean_up();
  void report_conflicts(bool ok);
  bool raise(Value error);
  void discard_pending_error();

  // --- steps, each of which notes what it changes
  void add_layer(Layer& layer);
  void remove_layer(Layer& layer, LayerStatus status);
  void record_change(Layer& layer);
  void confirm(Layer& layer);
  void set_failing(Layer& layer, Value error);
  void clear_failing(Layer& layer);
  void record_writes(Layer& layer, LayerRun& run);
  void replace_writes(Change& change, Layer& layer, LayerRun& run);
  void set_visible(Value value);
  void set_base_value(Value value);

  // --- what has to run again
  Change begin_change() const;
  void invalidate(Change& change, const Write& write, Seq seq);
  void invalidate_assigned(Change& change, Slot& slot, Seq seq);
  void invalidate_appended(Change& change, Slot& slot, Seq seq);
  std::size_t length_before_appends(Slot& slot, Seq before);
  void invalidate_writes(Change& change, const Layer& layer);
  void add_failing(Change& change);
  void compare(Change& change, Layer& layer, const std::vector<Write>& before);
  bool keep_visible(Write& write);
  bool replay(Change& change);
  void replay_one(Change& change, Layer& layer);
  bool update_visible(const Change& change);
  bool fold_all();

  // --- another base
  Value shared(Value base, draft::Leaves leaves);
  Value shared_after_fold(Value base);
  bool rebase(Change& change, Value base);
  bool invalidate_base(Change& change, Value before, Value now);
  bool has_comparable_entries(draft::Scope& scope, const Difference& each);
  bool differs(Value before, Value now);
  bool invalidate_entries(Change& change, const Difference& level, std::vector<Difference>& todo);
  bool find_aligned(const Difference& level, std::vector<Difference>& todo, bool* aligned);

  bool try_commit(Layer& layer, const LayerBody& body);
  bool remove_layers(const std::vector<Layer*>& dropped);
  bool fold_prefix();
  static bool edit_follows(const BaseEdit& edit, const Layer& layer);
  bool fold_with_edits(const std::vector<Layer*>& folding);
  Value run_on(Value* value, Seq seq, const LayerBody& body);
  void reapply(Value* value, const BaseEdit& edit);
  void keep_base_edit(const LayerBody& body, Value before);
  std::vector<BaseEdit> copied(const std::vector<BaseEdit>& edits);
  void drop_edits(std::vector<BaseEdit>& edits);
  void drop_body(LayerBody& body);
  void drop_writes(std::vector<Write>& writes);
  void own_body(const LayerBody& body);

  // --- where something is pending
  struct PathSearch {
    Slot* slot;
    Seq after;  // what was written between the two counts
    Seq before;
    std::size_t next;  // of the path
  };
  bool is_pending_layer(Seq seq) const;
  bool is_pending_below(const Slot& slot, Seq after, Seq before) const;
  int is_pending_item(const PathSearch& search, const std::vector<Value>& path, std::size_t index,
                      std::vector<PathSearch>& todo);
  bool entry_of(Value container, Value key, Value* found);
  bool version_differs(Slot& slot, const Version& version, const std::vector<Value>& path,
                       std::size_t next, std::size_t now, std::size_t then, bool* result);
  bool assigned_value(const Slot& slot, Seq before, Value* found, Seq* after);

  Host& host_;
  draft::Model& model_;
  Tree tree_;
  std::map<Seq, Layer*> layers_;  // tokens owned
  Journal journal_;
  std::vector<BaseEdit> base_edits_;  // in the order in which they came
  Value base_;
  Value visible_;
  Seq next_ = 1;
  Seq folded_ = 0;
  std::size_t pending_ = 0;
  std::uint64_t state_ = 0;
  std::uint64_t last_state_ = 0;
  bool always_;
  bool operating_ = false;
  std::vector<Conflict> conflicts_;                       // to be told at the end of the operation
  std::unordered_map<const Layer*, bool> failed_before_;  // it, of those that fail or are mended
  Value interrupt_ = nullptr;  // owned: the operation is to be undone because of it
};

}  // namespace halflife::optimistic
