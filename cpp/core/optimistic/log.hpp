// The log holds a base and the ordered layers over it. The visible value is always the fold of the
// layers' recipes over the base, oldest first. Every operation keeps this true. Selective replay
// calls only the recipes whose outcome the operation may have changed.
//
// Layers record their reads and writes as slots of a tree (tree.hpp). When a layer is removed, the
// slots that it wrote name the layers that have read them since. So the cost does not depend on the
// number of other pending layers.
//
// The base may be absent: data that has not arrived yet. Then the visible value is absent, too, and
// the fold calls no recipe: pending layers wait, without reads and writes, and confirmed ones fold
// into the absent base as nothing. The next base runs the pending ones.
//
// Class Log is defined in log.cpp (operations on layers), operation.cpp (their steps and undo),
// replay.cpp (which layers run again), rebase.cpp (a new base) and pending.cpp (is_pending_at()).
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
  // Takes a reference to the base. With `always`, each change runs every layer again.
  Log(Host& host, Value base, bool always);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { close(); }

  Value base() const { return base_; }        // borrowed
  Value visible() const { return visible_; }  // borrowed
  std::size_t size() const { return layers_.size(); }
  std::size_t pending() const { return pending_; }
  // Identifies the log's state. A successful operation makes a new number; restoring a state
  // restores its number.
  std::uint64_t state() const { return state_; }

  // Each operation is atomic: if it fails or is interrupted, it returns false with the error raised
  // in the host, and the log is as before.

  // Runs the layer's body on the visible value and appends the layer to the log. The host owns
  // `layer` and has set its token and body. The caller owns `context`, the value that the recipe
  // returned; null if it was not called, because the base is absent. A confirmed replacement of an
  // absent base is the new base.
  bool apply(Layer& layer, bool confirmed, Value* context);
  // rollback() and commit() take only layers of this log that are pending or conflicted.
  bool rollback(Layer& layer);
  // `server`, if not null, replaces the layer's body; `then` runs after it. With `returns`, a value
  // that `server` returns replaces the whole value.
  bool commit(Layer& layer, Value server, Value then, bool returns);
  // With `shared`, parts of the new base that equal the old base are exchanged for the old objects.
  // The new base, or the old one, may be absent.
  bool set_base(Value base, bool shared = true);
  // Fails while the base is absent.
  bool edit_base(const LayerBody& body);
  bool rollback_all();
  bool commit_all();
  // Does a pending layer write at the path or below it? 1, 0, or -1: an error is pending in the
  // host.
  int is_pending_at(const std::vector<Value>& path);

  // Saves the current state for restore(). A host does so while one of its batches may fail. Until
  // the mark is released, the journal keeps the records of all changes.
  Journal::Mark save() { return journal_.mark(); }
  void restore(Journal::Mark saved);
  // May be called at any time, even during an operation.
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
  // The slots that changed, and the layers that have to run again because of it.
  struct Change {
    ChangedSlots slots;
    std::set<Seq> todo;
    bool keeps_visible =
        true;  // parts of the visible value that come out equal stay the same objects
    // Adds the readers newer than `seq`, up to and including `last`, to `todo`.
    void add(const Readers& readers, Seq seq, Seq last);
  };
  // A slot that differs between two bases. A null value: the slot is empty.
  struct Difference {
    Slot* slot;
    Value before;
    Value now;
  };

  Layer* at(Seq seq) const;
  Value visible_at(const Slot& slot);

  // --- an operation and its undo
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

  // --- steps; each records its undo in the journal
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

  // --- replay
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
  bool fold_all(bool keeps_visible);

  // --- rebase
  bool take_base(Value base, bool shared);
  Value shared(Value base, draft::Leaves leaves);
  Value shared_after_fold(Value base);
  bool rebase(Change& change, Value base);
  bool invalidate_base(Change& change, Value before, Value now);
  void invalidate_all(Change& change);
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

  // --- is_pending_at()
  struct PathSearch {
    Slot* slot;
    Seq after;  // only versions with after < seq < before count
    Seq before;
    std::size_t next;  // index in the path
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
  std::vector<BaseEdit> base_edits_;  // in order of arrival
  Value base_;
  Value visible_;
  Seq next_ = 1;
  Seq folded_ = 0;
  std::size_t pending_ = 0;
  std::uint64_t state_ = 0;
  std::uint64_t last_state_ = 0;
  bool always_;
  bool operating_ = false;
  std::vector<Conflict> conflicts_;  // reported when the operation ends
  // `failing` as the operation found it, of each layer that has failed or recovered since.
  std::unordered_map<const Layer*, bool> failed_before_;
  Value interrupt_ = nullptr;  // owned, or null: rolls the operation back
};

}  // namespace halflife::optimistic
