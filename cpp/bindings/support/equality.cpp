#include "equality.hpp"

#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "../draft/record_type.hpp"
#include "registry.hpp"

namespace halflife::bindings {

namespace {

enum class Verdict { same, different, container };

// == of two objects of a type whose == is known to be harmless. An error counts as different.
bool rich_equal(PyObject* one, PyObject* other) {
  const int equal = PyObject_RichCompareBool(one, other, Py_EQ);
  if (equal < 0) PyErr_Clear();
  return equal > 0;
}

// Not PyObject_RichCompareBool, which takes identical objects for equal.
bool is_nan(PyObject* scalar) {
  Ref equal = Ref::take(PyObject_RichCompare(scalar, scalar, Py_EQ));
  if (!equal) PyErr_Clear();
  return equal.get() != Py_True;
}

// NaN is not equal to itself, but NaN after NaN is no change.
bool same_library_scalar(PyObject* one, PyObject* other) {
  return rich_equal(one, other) || (is_nan(one) && is_nan(other));
}

bool is_enum(PyTypeObject* type) {
  PyObject* base = registry().enum_type;
  return base != nullptr && PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(base)) != 0;
}

// Scalars of libraries and enums. Not a part of `compare`, which every set and every run inlines.
[[gnu::noinline]] Verdict compare_rare_scalars(PyTypeObject* type, PyObject* one, PyObject* other) {
  const bool same = is_library_scalar(type) ? same_library_scalar(one, other)
                                            : is_enum(type) && rich_equal(one, other);
  return same ? Verdict::same : Verdict::different;
}

[[gnu::always_inline]] inline Verdict compare(PyObject* one, PyObject* other) {
  if (one == other) return Verdict::same;
  PyTypeObject* type = Py_TYPE(one);
  if (type != Py_TYPE(other)) return Verdict::different;
  const auto verdict = [](bool same) { return same ? Verdict::same : Verdict::different; };
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type) {
    return verdict(equal_built_ins(type, one, other));
  }
  if (type == &PyFloat_Type) {
    const double left = PyFloat_AS_DOUBLE(one);
    const double right = PyFloat_AS_DOUBLE(other);
    return verdict(left == right || (std::isnan(left) && std::isnan(right)));
  }
  if (type == &PyBool_Type) return Verdict::different;  // the two bools are two objects
  if (type == &PyTuple_Type || type == &PyList_Type || type == &PyDict_Type ||
      type == &PySet_Type || type == &PyFrozenSet_Type) {
    return Verdict::container;
  }
  return compare_rare_scalars(type, one, other);
}

// Owns both: the == of a tzinfo or an Enum can be user code that changes the containers.
struct Pair {
  Pair(PyObject* left, PyObject* right) : one(Ref::borrow(left)), other(Ref::borrow(right)) {}
  Ref one;
  Ref other;
};

bool push_items(std::vector<Pair>& work, PyObject* one, PyObject* other) {
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(one);
  if (size != PySequence_Fast_GET_SIZE(other)) return false;
  PyObject** left = PySequence_Fast_ITEMS(one);
  PyObject** right = PySequence_Fast_ITEMS(other);
  for (Py_ssize_t index = size; index-- > 0;) work.emplace_back(left[index], right[index]);
  return true;
}

// Can the member of a set be looked up without user code? True for scalars, and for tuples of
// scalars.
bool plain_key(PyObject* key, int depth = 0) {
  constexpr int kDeepest = 20;
  PyTypeObject* type = Py_TYPE(key);
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type ||
      type == &PyFloat_Type || type == &PyBool_Type || key == Py_None || is_library_scalar(type) ||
      is_enum(type)) {
    return true;
  }
  if (type != &PyTuple_Type || depth >= kDeepest) return false;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(key); ++index) {
    if (!plain_key(PyTuple_GET_ITEM(key, index), depth + 1)) return false;
  }
  return true;
}

// The record type of two different objects that are no containers, if both have the same class;
// else null.
const RecordType* common_record_type(PyObject* one, PyObject* other) {
  if (Py_TYPE(one) != Py_TYPE(other)) return nullptr;
  const RecordType* known = record_type(Py_TYPE(one));  // also has Counter, which is no record
  return known != nullptr && known->kind == draft::Kind::record ? known : nullptr;
}

// Queues the values under equal keys, in any order. Looking up these keys runs no user code.
bool push_fields(std::vector<Pair>& work, PyObject* one, PyObject* other) {
  if (PyDict_GET_SIZE(one) != PyDict_GET_SIZE(other)) return false;
  PyObject *key, *value;
  for (Py_ssize_t position = 0; PyDict_Next(one, &position, &key, &value);) {
    PyObject* found = PyDict_GetItemWithError(other, key);
    if (found == nullptr) {
      PyErr_Clear();
      return false;
    }
    work.emplace_back(value, found);
  }
  return true;
}

bool push_dict(std::vector<Pair>& work, PyObject* one, PyObject* other) {
  if (PyDict_GET_SIZE(one) != PyDict_GET_SIZE(other)) return false;
  Py_ssize_t left = 0;
  Py_ssize_t right = 0;
  PyObject *key, *value, *other_key, *other_value;
  while (PyDict_Next(one, &left, &key, &value)) {
    // The order counts, because users see the order.
    if (!PyDict_Next(other, &right, &other_key, &other_value)) return false;
    Pair keys(key, other_key);
    Pair values(value, other_value);
    if (compare(key, other_key) == Verdict::different &&
        common_record_type(key, other_key) == nullptr) {
      return false;
    }
    work.push_back(std::move(keys));
    work.push_back(std::move(values));
  }
  return true;
}

// A dict of the members of a set, each under itself. A member that is found in the dict of another
// set is equal, but may have another type. Null: some member cannot be looked up without user code.
PyObject* members_of(PyObject* set) {
  Ref members = Ref::take(PyDict_New());
  Ref iterator = Ref::take(members ? PyObject_GetIter(set) : nullptr);
  while (iterator) {
    Ref member = Ref::take(PyIter_Next(iterator.get()));
    if (!member) break;
    if (!plain_key(member.get())) return nullptr;
    if (PyDict_SetItem(members.get(), member.get(), member.get()) < 0) break;
  }
  if (PyErr_Occurred() == nullptr && iterator) return members.release();
  PyErr_Clear();
  return nullptr;
}

bool push_set(std::vector<Pair>& work, PyObject* one, PyObject* other) {
  if (PySet_GET_SIZE(one) != PySet_GET_SIZE(other)) return false;
  Ref left = Ref::take(members_of(one));
  Ref right = Ref::take(left ? members_of(other) : nullptr);
  return right && push_fields(work, left.get(), right.get());
}

bool push_record(std::vector<Pair>& work, PyObject* one, PyObject* other, const RecordType& type) {
  Ref left = Ref::take(copy_fields(one, type));
  const RecordType* still = left ? record_type(Py_TYPE(other)) : nullptr;
  Ref right = Ref::take(still != nullptr ? copy_fields(other, *still) : nullptr);
  if (right) return push_fields(work, left.get(), right.get());
  PyErr_Clear();  // a record that cannot be read counts as changed
  return false;
}

bool same_tree(PyObject* one, PyObject* other, bool deep) {
  // Values can contain themselves. After kPlain steps, pairs of containers that were compared
  // before are not entered again, so that the walk ends.
  constexpr std::size_t kPlain = 1000;
  std::set<std::pair<PyObject*, PyObject*>> entered;
  std::vector<Pair> work;
  work.emplace_back(one, other);
  for (std::size_t steps = 0; !work.empty(); ++steps) {
    const Pair pair = std::move(work.back());
    work.pop_back();
    const RecordType* record = nullptr;
    switch (compare(pair.one.get(), pair.other.get())) {
      case Verdict::same:
        continue;
      case Verdict::different:
        record = deep ? common_record_type(pair.one.get(), pair.other.get()) : nullptr;
        if (record == nullptr) return false;
        break;
      case Verdict::container:
        break;
    }
    if (steps >= kPlain && !entered.emplace(pair.one.get(), pair.other.get()).second) continue;
    PyTypeObject* type = Py_TYPE(pair.one.get());
    bool alike = false;
    if (record != nullptr) {
      alike = push_record(work, pair.one.get(), pair.other.get(), *record);
    } else if (type == &PyTuple_Type) {
      alike = push_items(work, pair.one.get(), pair.other.get());
    } else if (deep && type == &PyList_Type) {
      alike = push_items(work, pair.one.get(), pair.other.get());
    } else if (deep && type == &PyDict_Type) {
      alike = push_dict(work, pair.one.get(), pair.other.get());
    } else if (deep) {
      alike = push_set(work, pair.one.get(), pair.other.get());
    }
    if (!alike) return false;
  }
  return true;
}

}  // namespace

bool is_library_scalar(PyTypeObject* type) {
  PyObject* listed = registry().scalars;
  if (listed == nullptr) return false;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(listed); ++index) {
    if (PyTuple_GET_ITEM(listed, index) == as_object(type)) return true;
  }
  return false;
}

bool same_value(PyObject* one, PyObject* other) {
  switch (compare(one, other)) {
    case Verdict::same:
      return true;
    case Verdict::different:
      return false;
    case Verdict::container:
      return Py_TYPE(one) == &PyTuple_Type && same_tree(one, other, false);
  }
  return false;
}

bool same_deep(PyObject* one, PyObject* other) { return same_tree(one, other, true); }

int equal_for_people(PyObject* one, PyObject* other) {
  if (one == nullptr || other == nullptr) return one == other ? 1 : 0;
  if (same_deep(one, other)) return 1;
  const int equal = PyObject_RichCompareBool(one, other, Py_EQ);
  if (equal >= 0 || PyErr_ExceptionMatches(PyExc_Exception) == 0) return equal;
  PyErr_Clear();
  return 0;
}

}  // namespace halflife::bindings
