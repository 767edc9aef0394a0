#include "python_model.hpp"

#include <cstring>

#include "../core/draft/pointer.hpp"
#include "draft_object.hpp"
#include "equality.hpp"
#include "record_type.hpp"
#include "registry.hpp"
#include "set_entries.hpp"

namespace halflife::bindings {

namespace {

using draft::Draft;
using draft::Fault;
using draft::Kind;

// Tuples of scalars count as scalars, up to a size that keeps comparing them cheap.
constexpr Py_ssize_t kLargestTuple = 16;
constexpr int kDeepestTuple = 3;

// Dates, times, UUIDs and Decimals: equal is not enough, as 1.0 and 1.00 are, and an instant in two
// time zones; what is shown of them tells.
bool is_listed(PyTypeObject* type) {
  PyObject* listed = registry().scalars;
  if (listed == nullptr) return false;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(listed); ++index) {
    if (PyTuple_GET_ITEM(listed, index) == as_object(type)) return true;
  }
  return false;
}

bool shown_alike(PyObject* one, PyObject* other) {
  Ref mine = Ref::take(PyObject_Repr(one));
  Ref theirs = Ref::take(mine ? PyObject_Repr(other) : nullptr);
  if (theirs) return PyUnicode_Compare(mine.get(), theirs.get()) == 0;
  PyErr_Clear();
  return false;
}

bool same_leaf(PyObject* one, PyObject* other, int depth) {
  if (one == other) return true;
  PyTypeObject* type = Py_TYPE(one);
  if (type != Py_TYPE(other)) return false;
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type) {
    PyObject* equal = type->tp_richcompare(one, other, Py_EQ);
    Py_XDECREF(equal);
    return equal == Py_True;
  }
  if (type == &PyFloat_Type) {  // by their bits: -0.0 is not 0.0, and NaN is NaN
    const double left = PyFloat_AS_DOUBLE(one);
    const double right = PyFloat_AS_DOUBLE(other);
    return std::memcmp(&left, &right, sizeof left) == 0;
  }
  if (is_listed(type)) return shown_alike(one, other);
  if (type != &PyTuple_Type || depth == 0) return false;
  const Py_ssize_t size = PyTuple_GET_SIZE(one);
  if (size != PyTuple_GET_SIZE(other) || size > kLargestTuple) return false;
  for (Py_ssize_t index = 0; index < size; ++index) {
    if (!same_leaf(PyTuple_GET_ITEM(one, index), PyTuple_GET_ITEM(other, index), depth - 1)) {
      return false;
    }
  }
  return true;
}

std::size_t hash_value(PyObject* value, int depth) {
  PyTypeObject* type = Py_TYPE(value);
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type) {
    return static_cast<std::size_t>(type->tp_hash(value));
  }
  if (type == &PyFloat_Type) {
    const double number = PyFloat_AS_DOUBLE(value);
    std::size_t bits = 0;
    static_assert(sizeof bits == sizeof number);
    std::memcpy(&bits, &number, sizeof bits);
    return bits * 0x9e3779b97f4a7c15u;
  }
  if (type != &PyTuple_Type || depth == 0 || PyTuple_GET_SIZE(value) > kLargestTuple) {
    return reinterpret_cast<std::size_t>(value) >> 4;
  }
  std::size_t hash = 0x345678u;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(value); ++index) {
    hash = (hash * 1000003u) ^ hash_value(PyTuple_GET_ITEM(value, index), depth - 1);
  }
  return hash;
}

// int, float and Decimal, but no bool. Comparing two of them runs none of the user's code.
bool is_number(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyLong_Type || type == &PyFloat_Type) return true;
  return is_listed(type) && type->tp_as_number != nullptr &&
         type->tp_as_number->nb_float != nullptr;
}

bool same_number(PyObject* one, PyObject* other) {
  if (!is_number(one) || !is_number(other)) return false;
  const int equal = PyObject_RichCompareBool(one, other, Py_EQ);
  if (equal < 0) PyErr_Clear();  // a Decimal context that traps
  return equal > 0;
}

class PythonModel final : public draft::Model {
 public:
  void own(Value value) override { Py_INCREF(to_object(value)); }
  void release(Value value) override { Py_DECREF(to_object(value)); }

  Kind kind(Value value) override {
    PyTypeObject* type = Py_TYPE(to_object(value));
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type ||
        type == &PyBool_Type) {
      return Kind::leaf;
    }
    if (type == &PyDict_Type) return Kind::map;
    if (type == &PyList_Type) return Kind::list;
    if (type == &PyTuple_Type) return Kind::fixed;
    if (type == &PySet_Type) return Kind::set;
    if (is_draft(to_object(value))) return as_draft(to_object(value))->draft.kind;
    return record_type(type) != nullptr ? Kind::record : Kind::leaf;
  }

  bool same(Value one, Value other) override {
    return same_leaf(to_object(one), to_object(other), kDeepestTuple);
  }

  bool same_number(Value one, Value other) override {
    return bindings::same_number(to_object(one), to_object(other));
  }

  bool alike(Value one, Value other) override {
    return bindings::same_value(to_object(one), to_object(other));
  }

  std::size_t hash(Value leaf) override { return hash_value(to_object(leaf), kDeepestTuple); }

  bool same_type(Value one, Value other) override {
    return Py_TYPE(to_object(one)) == Py_TYPE(to_object(other));
  }

  Draft* draft_of(Value value) override {
    return is_draft(to_object(value)) ? &as_draft(to_object(value))->draft : nullptr;
  }

  std::size_t size(Value container) override {
    PyObject* object = to_object(container);
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyDict_Type) return static_cast<std::size_t>(PyDict_GET_SIZE(object));
    if (type == &PyList_Type) return static_cast<std::size_t>(PyList_GET_SIZE(object));
    if (type == &PySet_Type) return static_cast<std::size_t>(PySet_GET_SIZE(object));
    if (type == &PyTuple_Type) return static_cast<std::size_t>(PyTuple_GET_SIZE(object));
    const RecordType* record = record_type(type);
    return record == nullptr ? 0 : static_cast<std::size_t>(stored_fields(object, *record));
  }

  bool find(Value container, Value key, Value* found) override {
    PyObject* object = to_object(container);
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyDict_Type) {
      *found = PyDict_GetItemWithError(object, to_object(key));
      return *found != nullptr || PyErr_Occurred() == nullptr;
    }
    if (type == &PySet_Type) {
      PyObject* member = nullptr;
      const bool ok = find_member(object, to_object(key), &member);
      *found = member;
      return ok;
    }
    const RecordType* record = record_type(type);
    *found = record != nullptr && PyDict_GetItemWithError(record->positions, to_object(key))
                 ? stored_field(object, *record, to_object(key))
                 : nullptr;
    return PyErr_Occurred() == nullptr;
  }

  Value key_in(Value map, Value key) override {
    return PyDict_CheckExact(to_object(map)) ? find_key(to_object(map), to_object(key)) : key;
  }

  Value item(Value list, std::size_t index) override {
    const auto place = static_cast<Py_ssize_t>(index);
    PyObject* object = to_object(list);
    return PyList_CheckExact(object) ? PyList_GET_ITEM(object, place)
                                     : PyTuple_GET_ITEM(object, place);
  }

  bool next(Value container, std::size_t* cursor, Value* key, Value* value) override {
    PyObject* object = to_object(container);
    PyTypeObject* type = Py_TYPE(object);
    PyObject* found_key = nullptr;
    PyObject* found = nullptr;
    if (type == &PyDict_Type) {
      auto position = static_cast<Py_ssize_t>(*cursor);
      if (!PyDict_Next(object, &position, &found_key, &found)) return false;
      *cursor = static_cast<std::size_t>(position);
    } else if (type == &PySet_Type) {
      found_key = found = next_member(object, cursor);
      if (found == nullptr) return false;
    } else {
      const RecordType* record = record_type(type);
      while (found == nullptr) {
        if (record == nullptr ||
            *cursor >= static_cast<std::size_t>(PyTuple_GET_SIZE(record->fields))) {
          return false;
        }
        found_key = PyTuple_GET_ITEM(record->fields, static_cast<Py_ssize_t>((*cursor)++));
        found = stored_field(object, *record, found_key);
      }
    }
    *key = found_key;
    *value = found;
    return true;
  }

  Value copy(Value container) override {
    PyObject* object = to_object(container);
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyDict_Type) return PyDict_Copy(object);
    if (type == &PyList_Type) return PyList_GetSlice(object, 0, PyList_GET_SIZE(object));
    if (type == &PySet_Type) return PySet_New(object);
    if (type == &PyTuple_Type) return PySequence_List(object);
    const RecordType* record = record_type(type);
    return record == nullptr ? PyDict_New() : copy_fields(object, *record);
  }

  bool put(Value map, Value key, Value value) override {
    if (PyDict_CheckExact(to_object(map))) {
      return PyDict_SetItem(to_object(map), to_object(key), to_object(value)) == 0;
    }
    return PySet_Add(to_object(map), to_object(key)) == 0;
  }

  bool erase(Value map, Value key) override {
    if (PyDict_CheckExact(to_object(map))) {
      return PyDict_DelItem(to_object(map), to_object(key)) == 0;
    }
    return PySet_Discard(to_object(map), to_object(key)) >= 0;
  }

  bool put_item(Value list, std::size_t index, Value value) override {
    return PyList_SetItem(to_object(list), static_cast<Py_ssize_t>(index),
                          Py_NewRef(to_object(value))) == 0;
  }

  bool insert_item(Value list, std::size_t index, Value value) override {
    return PyList_Insert(to_object(list), static_cast<Py_ssize_t>(index), to_object(value)) == 0;
  }

  bool erase_item(Value list, std::size_t index) override {
    const auto place = static_cast<Py_ssize_t>(index);
    return PyList_SetSlice(to_object(list), place, place + 1, nullptr) == 0;
  }

  Value rebuild(Value like, Value copy) override {
    if (PyTuple_CheckExact(to_object(like))) return PyList_AsTuple(to_object(copy));
    return rebuild_record(to_object(like), to_object(copy));
  }

  Value make_map() override { return PyDict_New(); }
  Value make_list() override { return PyList_New(0); }
  Value make_set() override { return PySet_New(nullptr); }
  Value make_index(std::size_t index) override { return PyLong_FromSize_t(index); }

  bool position(Value part, bool by_pointer, std::size_t* index) override {
    PyObject* object = to_object(part);
    if (PyLong_Check(object) && !PyBool_Check(object)) {
      const Py_ssize_t number = PyLong_AsSsize_t(object);
      PyErr_Clear();
      *index = static_cast<std::size_t>(number);
      return number >= 0;
    }
    if (!PyUnicode_Check(object)) return false;
    Py_ssize_t length = 0;
    const char* text =
        PyUnicode_IS_ASCII(object) ? PyUnicode_AsUTF8AndSize(object, &length) : nullptr;
    if (text == nullptr) return false;
    const std::string_view digits(text, static_cast<std::size_t>(length));
    if (digits != "-") return by_pointer && draft::parse_position(digits, index);
    *index = draft::kEnd;
    return true;
  }

  Draft* make_draft(Value base, Kind kind) override {
    DraftObject* made = bindings::make_draft(to_object(base), kind);
    return made == nullptr ? nullptr : &made->draft;
  }

  bool forgive() override {
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0 ||
        PyErr_ExceptionMatches(PyExc_MemoryError) != 0) {
      return false;
    }
    PyErr_Clear();
    return true;
  }

  void raise(Fault fault, Value value) override {
    if (fault == Fault::cyclic) {
      PyErr_SetString(registry().recipe_error,
                      "a value would contain itself: the recipe put a draft into what it is part"
                      " of");
      return;
    }
    const Draft* draft = draft_of(value);
    if (draft != nullptr && draft->scope == nullptr) {
      raise_revoked();
      return;
    }
    PyErr_SetString(registry().recipe_error,
                    "a draft of another recipe cannot be put into this one; put current(draft)");
  }
};

}  // namespace

draft::Model& python_model() {
  static PythonModel model;  // has no state
  return model;
}

}  // namespace halflife::bindings
