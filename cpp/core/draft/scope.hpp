// A scope owns the drafts of one recipe, from the first draft until all are revoked. All reading
// and editing of drafts goes through it. A recording scope stores in each draft what the recipe
// read and wrote, so that a log of layers can tell which later changes may change the recipe's
// outcome. The record may contain too much, but never too little.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base_provider.hpp"
#include "draft.hpp"

namespace halflife::draft {

class Scope {
 public:
  Scope(Model& model, bool recording, BaseProvider* provider = nullptr);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { close(); }

  // Can anything in the value be edited? True for containers, and for tuples with a container in
  // them or in nested tuples.
  bool opens(Value value);
  // The root draft of a value that opens(). Owned by the scope. Null: an error is pending.
  Draft* open(Value base, void* partial_base = nullptr);
  // The draft that the user holds as this value (a face, or a tuple of drafts); null: a plain
  // value.
  Draft* draft_of(Value value);
  // The tuple that the user gets for the draft of a tuple, with drafts for its containers.
  // Borrowed; the same object each time.
  bool give(Draft& fixed, Value* given);

  // --- reading. Gives a leaf or the face of a draft, borrowed; null: no such entry. The face of a
  // tuple's draft stays inside core; see give().
  bool get(Draft& draft, Value key, Value* found);               // map, record
  bool get_item(Draft& draft, std::size_t index, Value* found);  // list, fixed; index < size
  bool has(Draft& draft, Value key, bool* found);                // map, set
  std::size_t size(Draft& draft);
  // To be called before the keys, length or order are read from draft.contents().
  void read_structure(Draft& draft) { draft.read_structure = true; }
  // To be called before everything is read: then finalizing the draft gives its value at every
  // depth.
  bool read_subtree(Draft& draft);
  // Brings the draft up to date at every depth, so that it can be finalized, without recording a
  // read. The caller must not reveal the result to the recipe unless it calls read_subtree()
  // afterwards.
  bool refresh_base(Draft& draft);

  // --- editing
  bool set(Draft& draft, Value key, Value value);  // map, record
  bool erase(Draft& draft, Value key);             // map; the key must be there
  bool set_item(Draft& draft, std::size_t index, Value value);
  bool include(Draft& set, Value member, bool included);  // add or discard a member
  // Appends to a list; does not count as a read.
  bool append(Draft& list, Value value);
  // The scratch of a list, for edits that move positions. Its elements are leaves, faces and plain
  // containers; call lift() before handing out an element, and adopt() for each value put in.
  Value edit_list(Draft& draft);
  bool adopt(Value value);
  // The element of a structural list in the form to hand out: a plain container becomes a draft.
  bool lift(Draft& list, std::size_t index, Value* found);

  // Has the recipe called any editing function, even without effect?
  bool edited() const { return edited_; }
  bool recording() const { return recording_; }
  bool has_inserted() const { return !inserted_.empty(); }
  bool is_inserted(Value value) const { return inserted_.contains(value); }
  const std::unordered_set<Value>& inserted() const { return inserted_; }
  // Was a draft assigned or inserted anywhere?
  bool put_drafts() const { return put_drafts_; }
  Model& model() { return model_; }
  const std::vector<Draft*>& drafts() const { return drafts_; }

  // With tracing on, the scope remembers where the last read found its value. For lenses.
  struct LastRead {
    Draft* draft = nullptr;
    Value key = nullptr;  // owned by the scope; null for a list
    std::size_t index = 0;
  };
  void trace() { tracing_ = true; }
  const LastRead& last_read() const { return last_read_; }

  // Revokes every draft. Repeating it does nothing.
  void close();

 private:
  Draft* make(Value base, Kind kind, void* partial_base);
  bool is_assigned(const Draft& parent, Value key, std::size_t index, bool* assigned);
  bool child(Draft& parent, Value key, std::size_t index, Value found, Draft** made);
  bool touch(Draft& draft, Value key);
  void touch_item(Draft& draft, std::size_t index);
  static void mark(Draft& draft);
  bool add_to(Value* set, Value key);
  bool assign(Draft& draft, Value key);
  bool open_scratch(Draft& draft);
  bool forget_child(Draft& draft, Value key);
  bool opens_fixed(Value tuple);
  bool give_items(Draft& fixed, Value items, std::size_t* next, Draft** waits_for);

  Model& model_;
  BaseProvider* provider_;                   // null: every base is up to date at every depth
  std::vector<Draft*> drafts_;               // in order of creation; faces owned
  std::unordered_set<Value> inserted_;       // plain containers that recipes inserted; owned
  std::unordered_set<Value> opening_;        // nested tuples known to open; owned
  std::unordered_map<Value, Draft*> given_;  // drafts of tuples by the tuples that give() made
  LastRead last_read_;
  bool recording_;
  bool tracing_ = false;
  bool edited_ = false;
  bool put_drafts_ = false;
};

}  // namespace halflife::draft
