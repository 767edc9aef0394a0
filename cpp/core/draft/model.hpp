// The value model is the interface through which core reads, copies and writes the user's values.
// Values are opaque handles of a host. Two hosts exist: Python objects in bindings/, and plain C++
// objects for the tests and the fuzzers.
//
// When an error is pending in the host (an unhashable key, say), a function that returns bool
// returns false, and one that returns an owned Value returns null. Core then stops and reports the
// failure to its caller. Returned handles are borrowed unless a comment says owned.
#pragma once

#include <cstddef>

#include "../value.hpp"

namespace halflife::draft {

struct Draft;

// The position that "-" names: after the last element.
inline constexpr std::size_t kEnd = static_cast<std::size_t>(-1);

enum class Kind : unsigned char {
  leaf,    // opaque: can be replaced, not edited
  fixed,   // a tuple: cannot be edited, but containers in it can
  map,     // keys to values, in order of insertion
  list,    // values by position
  set,     // members, which are leaves
  record,  // a fixed set of named fields
};

// Can a value of this kind be edited itself?
inline bool is_draftable(Kind kind) { return kind >= Kind::map; }
// Can a value of this kind contain something that can be edited?
inline bool has_parts(Kind kind) { return kind >= Kind::fixed; }
// Are entries of this kind found by position?
inline bool is_positional(Kind kind) { return kind == Kind::fixed || kind == Kind::list; }

// Errors that core itself raises.
enum class Fault : unsigned char {
  foreign_draft,  // a draft of another recipe, or a revoked one
  cyclic,         // a value would contain itself
};

class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  virtual void own(Value value) = 0;
  // May run user code, so core calls it only when its structures are consistent.
  virtual void release(Value value) = 0;

  // --- queries about a value; they run no user code and cannot fail
  virtual Kind kind(Value value) = 0;
  // Identical, or equal scalars of one type.
  virtual bool same(Value one, Value other) = 0;
  // Are both leaves numbers of equal value, of any types?
  virtual bool same_number(Value one, Value other) = 0;
  // Are two leaves equal by the rule of equals="deep", which may be less strict? May run user code.
  virtual bool alike(Value one, Value other) { return same(one, other); }
  // Leaves that are the same have the same hash. Leaves that are no scalars may be hashed by
  // address.
  virtual std::size_t hash(Value leaf) = 0;
  // Do two containers of one kind have the same class (a subclass is another class), and the same
  // attributes besides their contents?
  virtual bool same_type(Value one, Value other) = 0;
  // The draft whose face this value is, or null.
  virtual Draft* draft_of(Value value) = 0;

  // May a recipe be called with this leaf? False, with an error pending, if the recipe could edit
  // it in place unnoticed.
  virtual bool may_be_root(Value /*leaf*/) { return true; }

  // --- reading
  virtual std::size_t size(Value container) = 0;
  // Map, record: the value at key, or null if there is none. Set: the member itself, or null.
  virtual bool find(Value container, Value key, Value* found) = 0;
  // Map: does equality of its class depend on the order of keys? Then patches record the order.
  virtual bool keeps_order(Value /*map*/) { return false; }
  // Borrowed: the key as the map holds it, where keys of several types can be equal (1 and True).
  // The key must be present.
  virtual Value key_in(Value /*map*/, Value key) { return key; }
  // List, fixed.
  virtual Value item(Value list, std::size_t index) = 0;
  // Record: can records of its class lack the field? Then it may be added and erased.
  virtual bool is_optional(Value /*record*/, Value /*key*/) { return false; }
  // Walks the entries of a map or record, or the members of a set (key and value are the same
  // then). `cursor` starts at 0. Returns false at the end; nothing may be changed meanwhile.
  virtual bool next(Value container, std::size_t* cursor, Value* key, Value* value) = 0;

  // --- private copies, and writes to them. Only copies that nobody else has seen are written.
  // Owned, shallow and mutable: a plain map, list or set, whatever the class of the
  // container. The copy of a record is the map of its fields; that of a fixed one is a list.
  virtual Value copy(Value container) = 0;
  // Is it a list without direct access to positions? Then its drafts start with a copy.
  virtual bool is_indirect(Value /*list*/) { return false; }
  virtual bool put(Value map, Value key, Value value) = 0;  // for a set, `value` is ignored
  virtual bool erase(Value map, Value key) = 0;             // also set; the key is there
  virtual bool put_item(Value list, std::size_t index, Value value) = 0;
  virtual bool insert_item(Value list, std::size_t index, Value value) = 0;
  virtual bool erase_item(Value list, std::size_t index) = 0;
  // Owned: a container like `like` with the contents of the copy, which may be the copy itself.
  // Records call their constructor, and registered classes their copy function: user code.
  virtual Value rebuild(Value like, Value copy) = 0;
  virtual Value make_map() = 0;  // owned, empty
  virtual Value make_list() = 0;
  virtual Value make_set() = 0;
  // Owned: the position as a value that find() takes in paths.
  virtual Value make_index(std::size_t index) = 0;
  // The position in a list that this part of a path names: a number, or "-", which is kEnd; in a
  // JSON pointer the number's digits, as RFC 6901 writes them. False, with no error pending: it
  // names none.
  virtual bool position(Value part, bool by_pointer, std::size_t* index) = 0;

  // --- drafts
  // A new draft with its face, which the caller owns; null on an error. Drafts of records and of
  // maps look different to the user, so the host is told the value that will be drafted.
  virtual Draft* make_draft(Value base, Kind kind) = 0;
  virtual void raise(Fault fault, Value value) = 0;
  // Clears the pending error unless it is an interrupt. False: the error is still pending.
  virtual bool forgive() { return false; }
};

}  // namespace halflife::draft
