// The journal notes how a log gets back to what it was: what each step of an operation has changed,
// as it was before. An operation that is interrupted is undone with it, and so is everything that a
// batch of the host's has done to the log, at the cost of what was changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "layer.hpp"

namespace halflife::optimistic {

struct Undo {
  enum class Kind : unsigned char {
    values,   // another operation has begun
    entered,  // the layer came into the log
    left,     // ... or left it
    ran,      // it has run again
    changed,  // its parts or its status are others
  };
  Kind kind;
  // All but `values`. Its token is owned.
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

  // Notes from now on can be undone, until the mark is released.
  Mark mark();
  bool is_open() const { return !marks_.empty(); }
  void record(Undo undo) { undos_.push_back(std::move(undo)); }
  // The last note behind the mark, which leaves the journal. False: there is none.
  bool pop(Mark mark, Undo* undo);
  // The mark is needed no more: `dropped` gets the notes that no other mark needs.
  void release(Mark mark, std::vector<Undo>* dropped);
  // All of them.
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
    std::size_t position;  // of the first note behind it, counted from the beginning of time
  };
  std::deque<Undo> undos_;
  std::size_t dropped_ = 0;          // notes that are not there any more
  std::vector<MarkPosition> marks_;  // positions ascend
  Mark last_ = 0;
};

}  // namespace halflife::optimistic
