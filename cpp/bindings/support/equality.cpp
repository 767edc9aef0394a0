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

// == of two objects of a type whose == is known to be harmless. An error counts as "different".
bool rich_equal(PyObject* one, PyObject* other) {
  const int equal = PyObject_RichCompareBool(one, other, Py_EQ);
  if (equal < 0) PyErr_Clear();
  return equal > 0;
}

// The same for int, str and bytes, whose == cannot fail and gives one of the two bools: the slot is
// called without the detour through the abstract protocol.
bool built_in_equal(PyTypeObject* type, PyObject* one, PyObject* other) {
  PyObject* equal = type->tp_richcompare(one, other, Py_EQ);
  Py_XDECREF(equal);
  return equal == Py_True;
}

bool is_listed_scalar(PyTypeObject* type) {
  const Registry& known = registry();
  if (known.scalars == nullptr) return false;
  const Py_ssize_t size = PyTuple_GET_SIZE(known.scalars);
  for (Py_ssize_t index = 0; index < size; ++index) {
    if (PyTuple_GET_ITEM(known.scalars, index) == as_object(type)) return true;
  }
  return known.enum_type != nullptr &&
         PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(known.enum_type)) != 0;
}

Verdict compare(PyObject* one, PyObject* other) {
  if (one == other) return Verdict::same;
  PyTypeObject* type = Py_TYPE(one);
  if (type != Py_TYPE(other)) return Verdict::different;
  const auto verdict = [](bool same) { return same ? Verdict::same : Verdict::different; };
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type) {
    return verdict(built_in_equal(type, one, other));
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
  if (is_listed_scalar(type)) return verdict(rich_equal(one, other));
  return Verdict::different;
}

// Strong: a tzinfo or an Enum may have an == of its own, which may take a list apart.
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

// Members of sets are looked up by their own hash and ==, so only those of scalars, and of tuples
// of them, count.
bool plain_key(PyObject* key, int depth = 0) {
  constexpr int kDeepest = 20;
  PyTypeObject* type = Py_TYPE(key);
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type ||
      type == &PyFloat_Type || type == &PyBool_Type || key == Py_None || is_listed_scalar(type)) {
    return true;
  }
  if (type != &PyTuple_Type || depth >= kDeepest) return false;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(key); ++index) {
    if (!plain_key(PyTuple_GET_ITEM(key, index), depth + 1)) return false;
  }
  return true;
}

// Is it worth the while to look into two that are neither the same nor containers?
const RecordType* common_record_type(PyObject* one, PyObject* other) {
  if (Py_TYPE(one) != Py_TYPE(other)) return nullptr;
  const RecordType* known = record_type(Py_TYPE(one));  // of a Counter, too, which is no record
  return known != nullptr && known->kind == draft::Kind::record ? known : nullptr;
}

// What is under the same keys, whatever their order. The keys are such that no user's code is
// called.
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
    // Order counts: what is shown differs when it does.
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

// The members of a set, each under itself: what is found there is equal, but maybe of another type.
// Null: it cannot be told whether it holds the same as another set.
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
  PyErr_Clear();  // one that cannot be read counts as changed
  return false;
}

bool same_tree(PyObject* one, PyObject* other, bool deep) {
  // Two that refer to themselves must not be walked for ever: past a size, containers that were
  // compared with each other before are not entered again.
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
