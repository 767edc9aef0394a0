#include "query_cache.hpp"

#include <structmember.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "../support/arguments.hpp"
#include "../support/heap_type.hpp"
#include "cache_key.hpp"
#include "cache_table.hpp"

namespace halflife::bindings {

namespace {

using Handle = CacheTable::Handle;

struct QueryCacheObject {
  PyObject_HEAD CacheTable table;
  Py_ssize_t max_size;
  double ttl;
  double stale_time;
  PyObject* now;          // () -> seconds, which never go back; null before __init__
  PyObject* nested_form;  // of cache_key
};

using References = Owned<QueryCacheObject, &QueryCacheObject::now, &QueryCacheObject::nested_form>;

QueryCacheObject* as_cache(PyObject* object) { return reinterpret_cast<QueryCacheObject*>(object); }

// The names of the methods in messages, made once.
struct Methods {
  PyObject* get;
  PyObject* set;
  PyObject* invalidate;
  PyObject* entry;
  PyObject* contains;
};
constinit Methods methods = {};

// time.monotonic
constinit PyObject* monotonic = nullptr;

#ifdef __linux__
// The clock of time.monotonic, without calling Python: that takes half of the time of a read.
double monotonic_seconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
#endif

// The time of the cache's clock, which may be a user's function.
bool read_time(const QueryCacheObject* cache, double& now) {
#ifdef __linux__
  if (cache->now == monotonic) {
    now = monotonic_seconds();
    return true;
  }
#endif
  if (cache->now == nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "QueryCache: __init__ was not called");
    return false;
  }
  Ref time = Ref::take(PyObject_CallNoArgs(Ref::borrow(cache->now).get()));
  if (!time) return false;
  now = PyFloat_AsDouble(time.get());
  return now != -1 || PyErr_Occurred() == nullptr;
}

// A key in the cache's form, and what the cache knows of it. Between making one and the end of a
// method no code of users runs, so that it stays true.
struct Looked {
  Ref key;
  Py_hash_t hash = 0;
  double now = 0;
  Handle handle = CacheTable::kNone;
};

// False: an error is set.
bool look(QueryCacheObject* cache, PyObject* given, PyObject* method, Looked& looked) {
  if (!read_time(cache, looked.now)) return false;
  looked.key = cache_key(given, Ref::borrow(cache->nested_form).get(), method);
  if (!looked.key) return false;
  looked.hash = PyObject_Hash(looked.key.get());
  if (looked.hash == -1) return false;
  const std::optional<Handle> found = cache->table.find(looked.key.get(), looked.hash);
  if (found) looked.handle = *found;
  return found.has_value();
}

bool is_expired(const QueryCacheObject* cache, const Looked& looked) {
  return looked.now >= cache->table.entry(looked.handle).set_at + cache->ttl;
}

// Uses the entry, or removes it if it has expired. False: there is none.
bool use(QueryCacheObject* cache, const Looked& looked, CacheTable::Removed& removed) {
  if (looked.handle == CacheTable::kNone) return false;
  if (is_expired(cache, looked)) {
    removed = cache->table.remove(looked.handle);
    return false;
  }
  cache->table.touch(looked.handle);
  return true;
}

// A time at which everything has expired.
constexpr double kEndOfTime = std::numeric_limits<double>::infinity();
constexpr const char* kKey[] = {"key", nullptr};
constexpr const char* kKeyAndData[] = {"key", "data", nullptr};

// Parses the arguments of a method, all of which are needed. False: an error is set.
template <int wanted>
bool parse_all(const char* function, const char* const* names, PyObject* const* args,
               Py_ssize_t count, PyObject* kwnames, PyObject** slots) {
  if (count == wanted && kwnames == nullptr) {
    std::copy_n(args, wanted, slots);
    return true;
  }
  if (!parse_arguments(function, names, wanted, args, count, kwnames, slots)) return false;
  for (int index = 0; index < wanted; ++index) {
    if (slots[index] != nullptr) continue;
    PyErr_Format(PyExc_TypeError, "%s() needs the argument '%s'", function, names[index]);
    return false;
  }
  return true;
}

// The one argument of a method, or null with an error set.
PyObject* only_key(const char* function, PyObject* const* args, Py_ssize_t count,
                   PyObject* kwnames) {
  PyObject* key = nullptr;
  return parse_all<1>(function, kKey, args, count, kwnames, &key) ? key : nullptr;
}

PyObject* cache_get(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  PyObject* key = only_key("get", args, count, kwnames);
  QueryCacheObject* cache = as_cache(self);
  Looked looked;
  if (key == nullptr || !look(cache, key, methods.get, looked)) return nullptr;
  CacheTable::Removed removed;
  if (!use(cache, looked, removed)) return Py_NewRef(Py_None);
  return Py_NewRef(cache->table.entry(looked.handle).data);
}

PyObject* cache_times(PyObject* self, PyObject* key) {
  QueryCacheObject* cache = as_cache(self);
  Looked looked;
  if (!look(cache, key, methods.entry, looked)) return nullptr;
  CacheTable::Removed removed;
  if (!use(cache, looked, removed)) return Py_NewRef(Py_None);
  const double set_at = cache->table.entry(looked.handle).set_at;
  // Making a tuple may start a garbage collection, in which a __del__ may change the cache.
  Ref data = Ref::borrow(cache->table.entry(looked.handle).data);
  return Py_BuildValue("(Oddd)", data.get(), set_at, set_at + cache->ttl,
                       set_at + cache->stale_time);
}

PyObject* cache_set(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  PyObject* given[] = {nullptr, nullptr};
  if (!parse_all<2>("set", kKeyAndData, args, count, kwnames, given)) return nullptr;
  QueryCacheObject* cache = as_cache(self);
  Looked looked;
  if (!look(cache, given[0], methods.set, looked)) return nullptr;
  CacheTable::Removed removed;
  if (looked.handle != CacheTable::kNone) {
    removed = cache->table.replace(looked.handle, given[1], looked.now);
  } else {
    try {
      cache->table.insert(looked.key.get(), looked.hash, given[1], looked.now);
    } catch (const std::bad_alloc&) {
      return PyErr_NoMemory();
    }
    if (static_cast<Py_ssize_t>(cache->table.size()) > cache->max_size) {
      removed = cache->table.remove(cache->table.oldest());
    }
  }
  Py_RETURN_NONE;
}

PyObject* cache_invalidate(PyObject* self, PyObject* const* args, Py_ssize_t count,
                           PyObject* kwnames) {
  PyObject* key = only_key("invalidate", args, count, kwnames);
  QueryCacheObject* cache = as_cache(self);
  Looked looked;
  if (key == nullptr || !look(cache, key, methods.invalidate, looked)) return nullptr;
  CacheTable::Removed removed;
  if (looked.handle != CacheTable::kNone) removed = cache->table.remove(looked.handle);
  Py_RETURN_NONE;
}

// False: an error is set.
bool forget_expired(QueryCacheObject* cache, double now) {
  try {
    cache->table.remove_expired(now, cache->ttl);
    return true;
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return false;
  }
}

PyObject* cache_invalidate_all(PyObject* self, PyObject*) {
  return forget_expired(as_cache(self), kEndOfTime) ? Py_NewRef(Py_None) : nullptr;
}

int cache_contains(PyObject* self, PyObject* key) {
  QueryCacheObject* cache = as_cache(self);
  Looked looked;
  if (!look(cache, key, methods.contains, looked)) return -1;
  return looked.handle != CacheTable::kNone && !is_expired(cache, looked) ? 1 : 0;
}

Py_ssize_t cache_length(PyObject* self) {
  QueryCacheObject* cache = as_cache(self);
  double now = 0;
  if (!read_time(cache, now) || !forget_expired(cache, now)) return -1;
  return static_cast<Py_ssize_t>(cache->table.size());
}

PyObject* cache_new(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  try {
    new (&as_cache(self)->table) CacheTable;
  } catch (const std::bad_alloc&) {
    PyObject_GC_UnTrack(self);
    free_object(self);
    return PyErr_NoMemory();
  }
  return self;
}

int cache_init(PyObject* self, PyObject* args, PyObject*) {
  Py_ssize_t max_size = 0;
  double ttl = 0;
  double stale_time = 0;
  PyObject* now = nullptr;
  PyObject* nested_form = nullptr;
  if (!PyArg_ParseTuple(args, "nddOO", &max_size, &ttl, &stale_time, &now, &nested_form)) return -1;
  QueryCacheObject* cache = as_cache(self);
  Ref old_now = Ref::take(std::exchange(cache->now, Py_NewRef(now)));
  Ref old_form = Ref::take(std::exchange(cache->nested_form, Py_NewRef(nested_form)));
  cache->max_size = max_size;
  cache->ttl = ttl;
  cache->stale_time = stale_time;
  return forget_expired(cache, kEndOfTime) ? 0 : -1;
}

int cache_traverse(PyObject* self, visitproc visit, void* arg) {
  for (const CacheTable::Entry& entry : as_cache(self)->table.entries()) {
    Py_VISIT(entry.key);
    Py_VISIT(entry.data);
  }
  return References::traverse(self, visit, arg);
}

// One entry after another, because there may be no memory to collect them in.
int cache_clear(PyObject* self) {
  CacheTable& table = as_cache(self)->table;
  for (std::size_t left = table.size(); left > 0 && table.size() > 0; --left) {
    table.remove(table.oldest());
  }
  return References::clear(self);
}

void cache_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  cache_clear(self);
  as_cache(self)->table.~CacheTable();
  free_object(self);
}

PyMethodDef cache_methods[] = {
    {"get", as_function(cache_get), METH_FASTCALL | METH_KEYWORDS,
     "get($self, key)\n--\n\nThe data of a key, which is used by that; None if it is absent or "
     "expired."},
    {"set", as_function(cache_set), METH_FASTCALL | METH_KEYWORDS,
     "set($self, key, data)\n--\n\nKeep data for a key, fresh from now on; the least recently used "
     "key goes if there are too many."},
    {"invalidate", as_function(cache_invalidate), METH_FASTCALL | METH_KEYWORDS,
     "invalidate($self, key)\n--\n\nForget a key."},
    {"invalidate_all", cache_invalidate_all, METH_NOARGS,
     "invalidate_all($self)\n--\n\nForget all keys."},
    {"_times", cache_times, METH_O,
     "_times($self, key, /)\n--\n\n(data, set at, expires at, stale at) of a key, which is used by "
     "that; or None."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "QueryCacheBase[int]"},
    {},
};

PyMemberDef cache_members[] = {
    {"max_size", T_PYSSIZET, offsetof(QueryCacheObject, max_size), READONLY, "The most keys."},
    {"ttl", T_DOUBLE, offsetof(QueryCacheObject, ttl), READONLY,
     "Seconds after which data expires."},
    {"stale_time", T_DOUBLE, offsetof(QueryCacheObject, stale_time), READONLY,
     "Seconds after which data is stale."},
    {},
};

PyType_Slot cache_slots[] = {
    {Py_tp_doc, const_cast<char*>("The native part of halflife.QueryCache.")},
    {Py_tp_new, as_slot(cache_new)},
    {Py_tp_init, as_slot(cache_init)},
    {Py_tp_dealloc, as_slot(cache_dealloc)},
    {Py_tp_traverse, as_slot(cache_traverse)},
    {Py_tp_clear, as_slot(cache_clear)},
    {Py_tp_methods, cache_methods},
    {Py_tp_members, cache_members},
    {Py_sq_contains, as_slot(cache_contains)},
    {Py_sq_length, as_slot(cache_length)},
    {0, nullptr},
};

PyType_Spec cache_spec = {"halflife._core.QueryCacheBase", sizeof(QueryCacheObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
                          cache_slots};

bool find_monotonic() {
  Ref time = Ref::take(PyImport_ImportModule("time"));
  if (time) monotonic = PyObject_GetAttrString(time.get(), "monotonic");
  return monotonic != nullptr;
}

bool make_method_names() {
  const auto make = [](PyObject*& name, const char* text) {
    name = PyUnicode_InternFromString(text);
    return name != nullptr;
  };
  return make(methods.get, "get") && make(methods.set, "set") &&
         make(methods.invalidate, "invalidate") && make(methods.entry, "entry") &&
         make(methods.contains, "in");
}

}  // namespace

int add_query_cache_type(PyObject* module) {
  if (add_cache_keys() < 0 || !make_method_names() || !find_monotonic()) return -1;
  Ref type = Ref::take(PyType_FromSpec(&cache_spec));
  if (!type) return -1;
  return PyModule_AddObjectRef(module, "QueryCacheBase", type.get());
}

}  // namespace halflife::bindings
