#include "cache_table.hpp"

#include <utility>

namespace halflife::bindings {

namespace {

// Whether two keys are the same; -1: an error is set. Runs no code of users for two strings or
// ints.
int same_key(PyObject* one, PyObject* other) {
  if (one == other) return 1;
  if (PyUnicode_CheckExact(one) != PyUnicode_CheckExact(other)) return 0;
  return PyObject_RichCompareBool(one, other, Py_EQ);
}

}  // namespace

std::optional<CacheTable::Handle> CacheTable::find(PyObject* key, Py_hash_t hash) {
  for (int restarts = 0; restarts <= kMostRestarts; ++restarts) {
    const std::uint64_t before = changes_;
    Handle handle = bucket(hash);
    while (handle != kNone) {
      const Entry& entry = entries_[handle];
      if (entry.hash == hash) {
        if (entry.key == key) return handle;
        Ref kept = Ref::borrow(entry.key);  // its __eq__ may remove the entry
        const int same = same_key(kept.get(), key);
        if (same < 0) return std::nullopt;
        if (changes_ != before) break;
        if (same == 1) return handle;
      }
      handle = entries_[handle].next;
    }
    if (changes_ == before) return kNone;
  }
  PyErr_SetString(PyExc_RuntimeError,
                  "QueryCache: the __eq__ of a key sets or forgets keys of the cache whenever it is"
                  " called; it must change nothing");
  return std::nullopt;
}

void CacheTable::insert(PyObject* key, Py_hash_t hash, PyObject* data, double set_at) {
  make_room();
  const Handle handle = order_.add();
  if (handle == entries_.size()) entries_.emplace_back();  // has room
  Handle& first = bucket(hash);
  entries_[handle] = {Py_NewRef(key), Py_NewRef(data), hash, set_at, first};
  first = handle;
  ++changes_;
}

// Everything that may throw.
void CacheTable::make_room() {
  if (entries_.size() == entries_.capacity()) entries_.reserve(2 * entries_.size());
  if (order_.size() < buckets_.size()) return;
  std::vector<Handle> larger(2 * buckets_.size());
  buckets_.swap(larger);
  for (Handle handle = 1; handle < entries_.size(); ++handle) {
    Entry& entry = entries_[handle];
    if (entry.key != nullptr) entry.next = std::exchange(bucket(entry.hash), handle);
  }
}

CacheTable::Removed CacheTable::replace(Handle handle, PyObject* data, double set_at) {
  Entry& entry = entries_[handle];
  order_.touch(handle);
  entry.set_at = set_at;
  return {{}, Ref::take(std::exchange(entry.data, Py_NewRef(data)))};
}

CacheTable::Removed CacheTable::remove(Handle handle) {
  Entry& entry = entries_[handle];
  Handle* link = &bucket(entry.hash);
  while (*link != handle) link = &entries_[*link].next;
  *link = entry.next;
  order_.remove(handle);
  ++changes_;
  const Entry gone = std::exchange(entry, {});
  return {Ref::take(gone.key), Ref::take(gone.data)};
}

std::vector<CacheTable::Removed> CacheTable::remove_expired(double now, double ttl) {
  std::vector<Removed> removed;
  removed.reserve(size());
  for (Handle handle = 1; handle < entries_.size(); ++handle) {
    const Entry& entry = entries_[handle];
    if (entry.key != nullptr && now >= entry.set_at + ttl) removed.push_back(remove(handle));
  }
  return removed;
}

}  // namespace halflife::bindings
