#include "python_model.hpp"

#include <cstring>

#include "../../core/draft/patch/pointer.hpp"
#include "../support/equality.hpp"
#include "../support/ordered_dict.hpp"
#include "../support/registry.hpp"
#include "../support/set_entries.hpp"
#include "draft_object.hpp"
#include "draft_root.hpp"
#include "record_type.hpp"

namespace halflife::bindings {

namespace {

using draft::Draft;
using draft::Fault;
using draft::Kind;

// Tuples of scalars count as scalars up to this size and depth, so that comparing stays cheap.
constexpr Py_ssize_t kLargestTuple = 16;
constexpr int kDeepestTuple = 3;

// Compares library scalars by repr(), because equal ones can differ: the Decimals 1.0 and 1.00, or
// one instant in two time zones.
bool same_repr(PyObject* one, PyObject* other) {
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
    return equal_built_ins(type, one, other);
  }
  if (type == &PyFloat_Type) {  // bitwise: -0.0 differs from 0.0, and NaN is the same as NaN
    const double left = PyFloat_AS_DOUBLE(one);
    const double right = PyFloat_AS_DOUBLE(other);
    return std::memcmp(&left, &right, sizeof left) == 0;
  }
  if (is_library_scalar(type)) return same_repr(one, other);
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

// int, float and Decimal, but not bool. Comparing two of them runs no user code.
bool is_number(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyLong_Type || type == &PyFloat_Type) return true;
  return is_library_scalar(type) && type->tp_as_number != nullptr &&
         type->tp_as_number->nb_float != nullptr;
}

bool same_number(PyObject* one, PyObject* other) {
  if (!is_number(one) || !is_number(other)) return false;
  const int equal = PyObject_RichCompareBool(one, other, Py_EQ);
  if (equal < 0) PyErr_Clear();  // some Decimal contexts raise
  return equal > 0;
}

// The type slots of deque itself, which a subclass may have overridden.
PySequenceMethods* deque_slots() {
  return reinterpret_cast<PyTypeObject*>(registry().deque)->tp_as_sequence;
}

// Do two containers of one class have the same attributes besides their contents?
bool alike_beside(PyObject* one, PyObject* other, const RecordType& type) {
  const auto same_beside = [&](const char* name) {
    Ref mine = Ref::take(PyObject_GetAttrString(one, name));
    Ref theirs = Ref::take(mine ? PyObject_GetAttrString(other, name) : nullptr);
    PyErr_Clear();
    return theirs && same_leaf(mine.get(), theirs.get(), 0);
  };
  if (is_default_dict(one) && !same_beside("default_factory")) return false;
  if (is_deque(one) && !same_beside("maxlen")) return false;
  if (stored_fields(one, type) != stored_fields(other, type)) return false;
  PyObject *name = nullptr, *value = nullptr;
  for (std::size_t cursor = 0; next_field(one, type, &cursor, &name, &value);) {
    PyObject* also = stored_field(other, type, name);
    if (also == nullptr || !same_leaf(value, also, kDeepestTuple)) return false;
  }
  return true;
}

class PythonModel final : public draft::Model {
 public:
  void own(Value value) override { Py_INCREF(to_object(value)); }
  void release(Value value) override { Py_DECREF(to_object(value)); }

  Kind kind(Value value) override {
    PyTypeObject* type = Py_TYPE(to_object(value));
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type ||
        type == &PyBool_Type || value == Py_None) {
      return Kind::leaf;
    }
    if (type == &PyDict_Type) return Kind::map;
    if (type == &PyList_Type) return Kind::list;
    if (type == &PyTuple_Type) return Kind::fixed;
    if (type == &PySet_Type) return Kind::set;
    if (is_draft(to_object(value))) return as_draft(to_object(value))->draft.kind;
    const RecordType* known = record_type(type);
    return known != nullptr ? known->kind : Kind::leaf;
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
    PyTypeObject* type = Py_TYPE(to_object(one));
    if (type != Py_TYPE(to_object(other))) return false;
    const RecordType* known = record_type(type);
    return known == nullptr || known->kind == Kind::record ||
           alike_beside(to_object(one), to_object(other), *known);
  }

  bool may_be_root(Value leaf) override { return check_root(to_object(leaf)); }

  Draft* draft_of(Value value) override {
    return is_draft(to_object(value)) ? &as_draft(to_object(value))->draft : nullptr;
  }

  std::size_t size(Value container) override {
    PyObject* object = to_object(container);
    if (PyDict_Check(object)) return static_cast<std::size_t>(PyDict_GET_SIZE(object));
    if (PyList_Check(object)) return static_cast<std::size_t>(PyList_GET_SIZE(object));
    if (PySet_Check(object)) return static_cast<std::size_t>(PySet_GET_SIZE(object));
    if (PyTuple_CheckExact(object)) return static_cast<std::size_t>(PyTuple_GET_SIZE(object));
    if (is_deque(object)) return static_cast<std::size_t>(deque_slots()->sq_length(object));
    const RecordType* record = record_type(Py_TYPE(object));
    return record == nullptr ? 0 : static_cast<std::size_t>(stored_fields(object, *record));
  }

  bool find(Value container, Value key, Value* found) override {
    PyObject* object = to_object(container);
    if (PyDict_Check(object)) {
      *found = PyDict_GetItemWithError(object, to_object(key));
      return *found != nullptr || PyErr_Occurred() == nullptr;
    }
    if (PySet_Check(object)) {
      PyObject* member = nullptr;
      const bool ok = find_member(object, to_object(key), &member);
      *found = member;
      return ok;
    }
    const RecordType* record = record_type(Py_TYPE(object));
    *found = record != nullptr ? stored_field(object, *record, to_object(key)) : nullptr;
    return PyErr_Occurred() == nullptr;
  }

  bool keeps_order(Value map) override { return PyODict_Check(to_object(map)); }

  Value key_in(Value map, Value key) override {
    return PyDict_Check(to_object(map)) ? find_key(to_object(map), to_object(key)) : key;
  }

  Value item(Value list, std::size_t index) override {
    const auto position = static_cast<Py_ssize_t>(index);
    PyObject* object = to_object(list);
    if (PyList_Check(object)) return PyList_GET_ITEM(object, position);
    if (PyTuple_Check(object)) return PyTuple_GET_ITEM(object, position);
    PyObject* element = deque_slots()->sq_item(object, position);
    Py_XDECREF(element);  // the deque holds it
    return element;
  }

  bool is_optional(Value record, Value key) override {
    const RecordType* known = record_type(Py_TYPE(to_object(record)));
    if (known == nullptr || !takes_field(to_object(record), *known, to_object(key))) return false;
    return known->optional || PyDict_GetItemWithError(known->positions, to_object(key)) == nullptr;
  }

  bool next(Value container, std::size_t* cursor, Value* key, Value* value) override {
    PyObject* object = to_object(container);
    PyObject* found_key = nullptr;
    PyObject* found = nullptr;
    if (PyODict_Check(object)) {
      if (!next_ordered(object, cursor, &found_key, &found)) return false;
    } else if (PyDict_Check(object)) {
      auto position = static_cast<Py_ssize_t>(*cursor);
      if (!PyDict_Next(object, &position, &found_key, &found)) return false;
      *cursor = static_cast<std::size_t>(position);
    } else if (PySet_Check(object)) {
      found_key = found = next_member(object, cursor);
      if (found == nullptr) return false;
    } else {
      const RecordType* record = record_type(Py_TYPE(object));
      if (record == nullptr || !next_field(object, *record, cursor, &found_key, &found)) {
        return false;
      }
    }
    *key = found_key;
    *value = found;
    return true;
  }

  Value copy(Value container) override {
    PyObject* object = to_object(container);
    if (PyDict_CheckExact(object)) return PyDict_Copy(object);
    if (PyDict_Check(object)) return copy_entries(object);
    if (PyList_Check(object)) return PyList_GetSlice(object, 0, PyList_GET_SIZE(object));
    if (PySet_Check(object)) return PySet_New(object);
    if (PyTuple_CheckExact(object)) return PySequence_List(object);
    if (is_deque(object)) return copy_elements(object);
    const RecordType* record = record_type(Py_TYPE(object));
    return record == nullptr ? PyDict_New() : copy_fields(object, *record);
  }

  bool is_indirect(Value list) override { return is_deque(to_object(list)); }

  bool put(Value map, Value key, Value value) override {
    PyObject* object = to_object(map);
    if (PyODict_Check(object)) {
      return PyODict_SetItem(object, to_object(key), to_object(value)) == 0;
    }
    if (PyDict_Check(object)) return PyDict_SetItem(object, to_object(key), to_object(value)) == 0;
    return PySet_Add(object, to_object(key)) == 0;
  }

  bool erase(Value map, Value key) override {
    if (PyDict_Check(to_object(map))) {
      return PyDict_DelItem(to_object(map), to_object(key)) == 0;
    }
    return PySet_Discard(to_object(map), to_object(key)) >= 0;
  }

  bool put_item(Value list, std::size_t index, Value value) override {
    const auto position = static_cast<Py_ssize_t>(index);
    if (is_deque(to_object(list))) {
      return deque_slots()->sq_ass_item(to_object(list), position, to_object(value)) == 0;
    }
    return PyList_SetItem(to_object(list), position, Py_NewRef(to_object(value))) == 0;
  }

  bool insert_item(Value list, std::size_t index, Value value) override {
    return PyList_Insert(to_object(list), static_cast<Py_ssize_t>(index), to_object(value)) == 0;
  }

  bool erase_item(Value list, std::size_t index) override {
    const auto position = static_cast<Py_ssize_t>(index);
    return PyList_SetSlice(to_object(list), position, position + 1, nullptr) == 0;
  }

  Value rebuild(Value like, Value copy) override {
    PyTypeObject* type = Py_TYPE(to_object(like));
    if (type == &PyDict_Type || type == &PyList_Type || type == &PySet_Type) {
      return Py_NewRef(to_object(copy));
    }
    if (type == &PyTuple_Type) return PyList_AsTuple(to_object(copy));
    return rebuild_record(to_object(like), to_object(copy));
  }

 private:
  // In the dict's own order, without calling methods that a subclass may have overridden.
  PyObject* copy_entries(PyObject* dict) {
    Ref made = Ref::take(PyDict_New());
    Value key = nullptr;
    Value value = nullptr;
    for (std::size_t cursor = 0; made && next(dict, &cursor, &key, &value);) {
      if (PyDict_SetItem(made.get(), to_object(key), to_object(value)) < 0) return nullptr;
    }
    return made.release();
  }

  static PyObject* copy_elements(PyObject* deque) {
    auto* type = reinterpret_cast<PyTypeObject*>(registry().deque);
    Ref walk = Ref::take(type->tp_iter(deque));
    return walk ? PySequence_List(walk.get()) : nullptr;
  }

 public:
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
                      "a value would contain itself: the recipe put a draft into a part of it");
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
