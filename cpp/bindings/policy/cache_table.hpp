// A cache table has the entries of a cache of Python values, by key and in the order of use. It is
// a hash table with chains. An entry is named by its handle in the order of use (core/policy/lru).
//
// Only `find` runs code of users, the __eq__ of keys, and it starts again if that changes the
// table. Whatever leaves the table is handed to the caller, who drops it when he has finished.
#pragma once

#include <optional>
#include <vector>

#include "../../core/policy/lru.hpp"
#include "../support/python.hpp"

namespace halflife::bindings {

class CacheTable {
 public:
  using Handle = policy::Lru::Handle;
  static constexpr Handle kNone = 0;  // no entry has this handle

  struct Entry {
    PyObject* key = nullptr;  // null: the handle is free
    PyObject* data = nullptr;
    Py_hash_t hash = 0;
    double set_at = 0;
    Handle next = kNone;  // in the chain of its bucket
  };

  // The references of an entry that has left the table.
  struct Removed {
    Ref key;
    Ref data;
  };

  CacheTable() : entries_(1), buckets_(kLeastBuckets) {}
  CacheTable(const CacheTable&) = delete;
  CacheTable& operator=(const CacheTable&) = delete;

  // The entry of a key, or kNone; nothing: an error is set.
  std::optional<Handle> find(PyObject* key, Py_hash_t hash);

  // Adds an entry for a key that has none, as the newest. Throws std::bad_alloc and changes
  // nothing.
  void insert(PyObject* key, Py_hash_t hash, PyObject* data, double set_at);
  // Gives an entry other data and makes it the newest.
  Removed replace(Handle handle, PyObject* data, double set_at);
  Removed remove(Handle handle);
  // Removes the entries that were set `ttl` seconds before `now` or earlier. Throws std::bad_alloc
  // and changes nothing.
  std::vector<Removed> remove_expired(double now, double ttl);
  void touch(Handle handle) { order_.touch(handle); }

  // The least recently used entry; there must be one.
  Handle oldest() const { return *order_.victim(); }
  const Entry& entry(Handle handle) const { return entries_[handle]; }
  std::size_t size() const { return order_.size(); }
  // All entries, some of them free.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  static constexpr std::size_t kLeastBuckets = 8;  // a power of two
  // After so many changes by __eq__ methods during one search, it fails.
  static constexpr int kMostRestarts = 100;

  Handle& bucket(Py_hash_t hash) {
    return buckets_[static_cast<std::size_t>(hash) & (buckets_.size() - 1)];
  }
  void make_room();

  std::vector<Entry> entries_;  // by handle
  std::vector<Handle> buckets_;
  policy::Lru order_;
  std::uint64_t changes_ = 0;  // of the set of keys
};

}  // namespace halflife::bindings
