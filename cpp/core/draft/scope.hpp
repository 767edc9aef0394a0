// A scope is the life of one recipe's drafts: from the first to the moment they are revoked. All
// reading and editing of drafts goes through it. If it records, each draft notes what was read of
// it and written to it: enough to tell later which changes elsewhere can change what the recipe
// does. A note may say too much; it never says too little.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "draft.hpp"

namespace halflife::draft {

// Gives nested drafts their base where the values at hand are up to date on their first level only.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // The slot (key, or index for lists) of the draft `parent` holds `found`, a container: what to
  // draft in its place (owned) and its place, which is null if it is up to date all the way down.
  virtual bool child(const Draft& parent, Value key, std::size_t index, Value found, Value* base,
                     void** place) = 0;
  // Owned: the base of `draft`, up to date all the way down.
  virtual Value deep(const Draft& draft) = 0;
};

class Scope {
 public:
  Scope(Model& model, bool recording, Source* source = nullptr);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { close(); }

  // Can something in the value be edited? It is a container, or a tuple with one in it, however
  // deep in further tuples.
  bool opens(Value value);
  // The draft of a whole value that opens. Null on an error. Owned by the scope.
  Draft* open(Value base, void* place = nullptr);
  // The draft whose face the value is, or which the user knows as this tuple; null: it is plain.
  Draft* draft_of(Value value);
  // The tuple that the user gets for the draft of one: containers in it are drafts. Borrowed; the
  // same each time.
  bool give(Draft& fixed, Value* given);

  // --- reading. What comes out is a leaf or the face of a draft, borrowed; null: there is none.
  // The face of a tuple's draft is for core only; see give().
  bool get(Draft& draft, Value key, Value* found);               // map, record
  bool get_item(Draft& draft, std::size_t index, Value* found);  // list, fixed; index < size
  bool has(Draft& draft, Value key, bool* found);                // map, set
  std::size_t size(Draft& draft);
  // The keys, length or order are about to be read from draft.contents().
  void read_whole(Draft& draft) { draft.read_whole = true; }
  // Everything is about to be read: afterwards resolving the draft gives all of it.
  bool read_deep(Draft& draft);
  // Brings the draft up to date all the way down, so that it can be resolved, without counting as a
  // read of all of it: what is done with the result must not show, or read_deep() follows.
  bool peek_deep(Draft& draft) { return draft.read_deep || deepen(draft); }

  // --- editing
  bool set(Draft& draft, Value key, Value value);  // map, record
  bool erase(Draft& draft, Value key);             // map; the key must be there
  bool set_item(Draft& draft, std::size_t index, Value value);
  bool include(Draft& set, Value member, bool included);  // add or discard a member
  // At the end of a list; not a look at what is there.
  bool append(Draft& list, Value value);
  // The scratch of a list, for edits that move positions. Elements are leaves, faces, and plain
  // containers (use lift() before one is handed out). Tell adopt() of each value put in.
  Value edit_list(Draft& draft);
  bool adopt(Value value);
  // The element of a structural list as it may be handed out.
  bool lift(Draft& list, std::size_t index, Value* found);

  // Has the recipe called anything that edits? Whether or not it made a difference.
  bool edited() const { return edited_; }
  bool recording() const { return recording_; }
  bool has_inserted() const { return !inserted_.empty(); }
  bool is_inserted(Value value) const { return inserted_.contains(value); }
  const std::unordered_set<Value>& inserted() const { return inserted_; }
  // Has a draft itself been put anywhere?
  bool put_drafts() const { return put_drafts_; }
  Model& model() { return model_; }
  const std::vector<Draft*>& drafts() const { return drafts_; }

  // With tracing on, the scope remembers where the last read came from. For lenses.
  struct Slot {
    Draft* draft = nullptr;
    Value key = nullptr;  // owned by the scope; null for a list
    std::size_t index = 0;
  };
  void trace() { tracing_ = true; }
  const Slot& last_read() const { return last_read_; }

  // Revokes every draft. Repeating it does nothing.
  void close();

 private:
  Draft* make(Value base, Kind kind, void* place);
  bool is_assigned(const Draft& parent, Value key, std::size_t index, bool* assigned);
  bool child(Draft& parent, Value key, std::size_t index, Value found, Draft** made);
  bool touch(Draft& draft, Value key);
  void touch_item(Draft& draft, std::size_t index);
  static void mark(Draft& draft);
  bool note(Value* set, Value key);
  bool assign(Draft& draft, Value key);
  bool open_scratch(Draft& draft);
  bool forget_child(Draft& draft, Value key);
  bool deepen(Draft& draft);
  bool deepen_one(Draft& draft);
  bool deepen_scratch(Draft& draft, Value full);
  bool opens_fixed(Value tuple);
  bool give_items(Draft& fixed, Value items, std::size_t* next, Draft** waits_for);

  Model& model_;
  Source* source_;
  std::vector<Draft*> drafts_;               // in order of making; faces owned
  std::unordered_set<Value> inserted_;       // plain containers that recipes put in; owned
  std::unordered_set<Value> opening_;        // nested tuples that are known to open; owned
  std::unordered_map<Value, Draft*> given_;  // drafts of tuples by what the user got for them
  Slot last_read_;
  bool recording_;
  bool tracing_ = false;
  bool edited_ = false;
  bool put_drafts_ = false;
};

}  // namespace halflife::draft
