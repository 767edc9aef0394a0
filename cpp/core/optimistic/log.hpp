// The log is a base and the ordered layers over it. What is shown is always the fold of the
// layers' recipes over the base, oldest first; every operation keeps that true, and with selective
// replay calls only the recipes whose outcome it can have changed.
//
// A key of the design: layers record what they read and wrote as slots of a tree (tree.hpp), so
// that removing one asks the slots it wrote who has read them since. The cost does not depend on
// how many other layers are pending.
#pragma once

#include <cstddef>
#include <set>
#include <unordered_map>
#include <vector>

#include "attempt.hpp"

namespace halflife::optimistic {

class Log {
 public:
  // Takes a reference to the base.
  Log(Host& host, Value base, bool always);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { close(); }

  Value base() const { return base_; }    // borrowed
  Value shown() const { return shown_; }  // borrowed; ask settle() first
  std::size_t size() const { return layers_.size(); }
  std::size_t pending() const { return pending_; }
  const std::vector<Layer*>& layers() const { return layers_; }

  // Each returns false with an error raised; the log is as it was then, unless said otherwise.

  // Runs the layer's parts on what is shown and puts it at the end of the log. `layer` is the
  // host's, with its token and parts set; `context` gets what the recipe returned, owned.
  bool apply(Layer& layer, bool confirmed, Value* context);
  // Only for layers in this log that are not settled.
  bool rollback(Layer& layer);
  // With `returns`, the value that `server` returns counts as the new one.
  bool commit(Layer& layer, Value server, Value then, bool returns);
  bool set_base(Value base);
  bool edit_base(const Parts& parts);
  bool rollback_all();
  bool commit_all();
  // Does a pending layer write at the path or below it? 1, 0, or -1 with an error raised.
  int is_pending_at(const std::vector<Value>& path);

  // The log as it is, to come back to: what a host keeps while a batch of its own may fail.
  struct Saved {
    struct Entry {
      Layer* layer;  // its token is owned
      Parts parts;   // owned
      LayerStatus status;
      bool failing;
      Value error;  // owned, or null
    };
    std::vector<Entry> entries;
    Value base = nullptr;   // owned
    Value shown = nullptr;  // owned
  };
  void save(Saved* saved);
  void restore(const Saved& saved);
  void release(Saved& saved);

  // Makes good what an interrupted operation left undone. False: it could not; an error is raised.
  bool settle();

  void close();

  template <class Visit>
  void each_value(Visit visit) const {
    for (Value value : {base_, shown_}) {
      if (value != nullptr) visit(value);
    }
    for (const Layer* layer : layers_) {
      visit(layer->token);
      for (const Write& write : layer->writes) {
        if (write.value != nullptr) visit(write.value);
      }
    }
    tree_.each_value(visit);
  }

 private:
  struct Trouble {
    Layer* layer;
    Value error;  // owned
    bool again;
  };
  // Slots that differ from what is shown, and the layers that have read them.
  struct Change {
    Marks marks;
    std::set<Seq> todo;
    // Those of the readers behind `seq`, up to and with `last`, run again.
    void add(const std::vector<Seq>& readers, Seq seq, Seq last);
  };
  // A place that holds something else in another base. Null: nothing.
  struct Difference {
    Slot* slot;
    Value before;
    Value now;
    std::size_t depth;
  };

  bool contains(const Layer& layer) const;
  Layer* at(Seq seq) const;

  void take_effect(Layer& layer, Attempt& attempt);
  void drop_effect(Layer& layer);
  void replace_effect(Change& change, Layer& layer, Attempt& attempt);
  void note(Change& change, const Write& write, Seq seq);
  void note_assigned(Change& change, Slot& slot, Seq seq);
  void note_appended(Change& change, Slot& slot, Seq seq);
  std::size_t length_below(Slot& slot, Seq before);
  bool is_appended_at(Slot& slot, std::size_t index);
  void note_writes(Change& change, const Layer& layer);
  void compare(Change& change, Layer& layer, std::vector<Write>& before);
  bool note_base(Change& change, Value before, Value now);
  bool is_level(const Difference& each);
  bool differs(Value before, Value now, bool* result);
  bool note_level(Change& change, const Difference& level, std::vector<Difference>& todo);
  bool find_in_step(const Difference& level, std::vector<Difference>& todo, bool* in_step);
  bool replay(Change& change);
  void replay_one(Change& change, Layer& layer);
  bool renew(const Change& change);
  bool rebuild();
  void fail(Layer& layer, Value error);
  void mend(Layer& layer);

  bool try_commit(Layer& layer, const Parts& parts);
  void note_failing(Change& change);
  bool refold(const std::vector<Layer*>& dropped);
  bool fold_prefix();
  void leave(Layer& layer, LayerStatus status);
  void drop_parts(Parts& parts);
  void confirm(Layer& layer);
  void show(Value value);
  void set_base_value(Value value);
  bool finish(bool ok);

  Host& host_;
  draft::Model& model_;
  Tree tree_;
  std::vector<Layer*> layers_;  // by seq; tokens owned
  Value base_;
  Value shown_;
  Seq next_ = 1;
  Seq folded_ = 0;
  std::size_t pending_ = 0;
  std::size_t retries_ = 0;  // layers whose run was interrupted
  bool always_;
  bool stale_ = false;             // tree and shown value are to be built again
  std::vector<Trouble> troubles_;  // to be told at the end of the operation
  Value interrupt_ = nullptr;      // owned; to be raised at the end of the operation
};

}  // namespace halflife::optimistic
