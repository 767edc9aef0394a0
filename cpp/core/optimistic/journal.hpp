// The journal records how to undo the steps of operations on a log: each record holds the state
// that one step replaced. With it the log rolls back an operation that fails or is interrupted, and
// everything that a failed batch of the host did. Rolling back costs as much as was changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "layer.hpp"

namespace halflife::optimistic {

struct Undo {
  enum class Kind : unsigned char {
    values,   // an operation began: the log's own values before it
    entered,  // the layer was added to the log
    left,     // the layer was removed from the log
    ran,      // the layer ran again
    changed,  // the layer's body, status or error changed
  };
  Kind kind;
  // Of every kind but `values`. Its token is owned.
  Layer* layer = nullptr;
  // left, changed
  LayerBody body = {};  // owned
  LayerStatus status = LayerStatus::pending;
  bool failing = false;
  Value error = nullptr;  // owned, or null
  // left, ran
  std::vector<Read> reads = {};
  std::vector<Write> writes = {};  // values owned
  // values
  Value base = nullptr;     // owned
  Value visible = nullptr;  // owned
  Seq folded = 0;
  std::size_t pending = 0;
  std::uint64_t state = 0;
  std::vector<BaseEdit> edits = {};  // owned
};

class Journal {
 public:
  using Mark = std::uint64_t;

  // Steps recorded from now on can be undone until the mark is released.
  Mark mark();
  bool is_open() const { return !marks_.empty(); }
  void record(Undo undo) { undos_.push_back(std::move(undo)); }
  // Removes the newest record made after the mark and gives it to the caller. False: there is none.
  bool pop(Mark mark, Undo* undo);
  // Releases the mark. Records that no other mark needs are moved to `dropped`.
  void release(Mark mark, std::vector<Undo>* dropped);
  // Releases all marks.
  void close(std::vector<Undo>* dropped);

  template <class Visit>
  void each_value(Visit visit) const {
    const auto maybe = [&](Value value) {
      if (value != nullptr) visit(value);
    };
    for (const Undo& undo : undos_) {
      if (undo.layer != nullptr) visit(undo.layer->token);
      for (Value value : {undo.body.recipe, undo.body.then, undo.body.replacement, undo.error,
                          undo.base, undo.visible}) {
        maybe(value);
      }
      for (const Write& write : undo.writes) maybe(write.value);
      for (const BaseEdit& edit : undo.edits) {
        for (Value value : {edit.body.recipe, edit.body.then, edit.body.replacement, edit.before}) {
          maybe(value);
        }
      }
    }
  }

 private:
  struct MarkPosition {
    Mark mark;
    std::size_t position;  // of the first record after the mark, among all records ever made
  };
  std::deque<Undo> undos_;
  std::size_t dropped_ = 0;          // how many records were released
  std::vector<MarkPosition> marks_;  // positions ascend
  Mark last_ = 0;
};

}  // namespace halflife::optimistic
