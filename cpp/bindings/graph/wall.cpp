#include "wall.hpp"

#include <string>

#include "async_value.hpp"
#include "atom_object.hpp"

namespace halflife::bindings {

namespace {

bool is_behind_wall(PyObject* object) { return is_async_value(object) || is_atom(object); }

// The atom that the messages name; null if it was freed (an AsyncValue that was collected).
AtomObject* atom_behind(PyObject* object) {
  if (!is_async_value(object)) return as_atom(object);
  return as_atom(reinterpret_cast<AsyncValueObject*>(object)->atom);
}

// The code that the message suggests instead.
std::string remedy(PyObject* object) {
  AtomObject* atom = atom_behind(object);
  const std::string name = atom_name(atom);
  if (is_async_value(object)) return "await its value: await get(" + name + ")";
  switch (atom->kind) {
    case AtomKind::action:
      return "an action has no value for get(" + name + "): run it with set(" + name + ", ...)";
    case AtomKind::effect:
      return "an effect has no value for get(" + name + "): start it with store.observe(" + name +
             ")";
    default:
      break;
  }
  if (atom->has(bit::asynchronous)) return "await its value: await get(" + name + ")";
  return "read its value: get(" + name + ")";
}

std::string described_as(PyObject* object) {
  const std::string name = atom_name(atom_behind(object));
  return is_async_value(object) ? "the AsyncValue of " + name : name + " is an atom, which";
}

PyObject* refuse_slot(PyObject* self) { return refuse(self, "be iterated"); }

Py_ssize_t refuse_length(PyObject* self) {
  refuse(self, "be measured with len()");
  return -1;
}

PyObject* refuse_item(PyObject* self, PyObject*) { return refuse(self, "be indexed"); }

int refuse_item_change(PyObject* self, PyObject*, PyObject*) {
  refuse(self, "have items set or deleted");
  return -1;
}

int refuse_membership(PyObject* self, PyObject*) {
  refuse(self, "be searched with 'in'");
  return -1;
}

int refuse_truth(PyObject* self) {
  refuse(self, "be tested for truth");
  return -1;
}

PyObject* refuse_unary(PyObject* self) { return refuse(self, "be calculated with"); }

PyObject* refuse_binary(PyObject* one, PyObject* other) {
  return refuse(is_behind_wall(one) ? one : other, "be calculated with");
}

PyObject* refuse_power(PyObject* base, PyObject* exponent, PyObject* modulus) {
  PyObject* object = is_behind_wall(base) ? base : is_behind_wall(exponent) ? exponent : modulus;
  return refuse(object, "be calculated with");
}

PyObject* refuse_iteration(PyObject* self, PyObject*) { return refuse_slot(self); }

PyObject* refuse_rounding(PyObject* self, PyObject* const*, Py_ssize_t) {
  return refuse_unary(self);
}

PyObject* refuse_number(PyObject* self, PyObject*) { return refuse_unary(self); }

// Equality is identity; there is no order.
PyObject* compare(PyObject* self, PyObject*, int operation) {
  if (operation == Py_EQ || operation == Py_NE) Py_RETURN_NOTIMPLEMENTED;
  return refuse(self, "be ordered");
}

Py_hash_t hash(PyObject* self) { return PyBaseObject_Type.tp_hash(self); }

// Does the type lack the attribute? If a property raised AttributeError, its message stays.
bool is_unknown(PyObject* self, PyObject* name) {
  return PyErr_ExceptionMatches(PyExc_AttributeError) != 0 && PyUnicode_Check(name) &&
         _PyType_Lookup(Py_TYPE(self), name) == nullptr;
}

void refuse_attribute(PyObject* self, PyObject* name) {
  PyErr_Clear();
  const std::string text = described_as(self);
  const std::string instead = remedy(self);
  PyErr_Format(PyExc_AttributeError, "%s has no attribute '%U'; %s", text.c_str(), name,
               instead.c_str());
}

PyObject* get_attribute(PyObject* self, PyObject* name) {
  PyObject* found = PyObject_GenericGetAttr(self, name);
  if (found == nullptr && is_unknown(self, name)) refuse_attribute(self, name);
  return found;
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  const int status = PyObject_GenericSetAttr(self, name, value);
  if (status < 0 && is_unknown(self, name)) refuse_attribute(self, name);
  return status;
}

}  // namespace

PyObject* refuse(PyObject* object, const char* use) {
  const std::string text = described_as(object);
  const std::string instead = remedy(object);
  PyErr_Format(PyExc_TypeError, "%s cannot %s; %s", text.c_str(), use, instead.c_str());
  return nullptr;
}

int add_wall_methods(PyObject* type) {
  static PyMethodDef methods[] = {
      {"__reversed__", refuse_iteration, METH_NOARGS, nullptr},
      {"__bytes__", refuse_iteration, METH_NOARGS, nullptr},
      {"__round__", as_function(refuse_rounding), METH_FASTCALL, nullptr},
      {"__trunc__", refuse_number, METH_NOARGS, nullptr},
      {"__floor__", refuse_number, METH_NOARGS, nullptr},
      {"__ceil__", refuse_number, METH_NOARGS, nullptr},
      {"__complex__", refuse_number, METH_NOARGS, nullptr},
  };
  for (PyMethodDef& method : methods) {
    Ref made = Ref::take(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), &method));
    if (!made || PyObject_SetAttrString(type, method.ml_name, made.get()) < 0) return -1;
  }
  // numpy asks for this before it treats an operand as an array of one object.
  return PyObject_SetAttrString(type, "__array_ufunc__", Py_None);
}

void add_wall_slots(std::vector<PyType_Slot>& slots) {
  slots.insert(slots.end(), {
                                {Py_tp_getattro, as_slot(get_attribute)},
                                {Py_tp_setattro, as_slot(set_attribute)},
                                {Py_tp_richcompare, as_slot(compare)},
                                {Py_tp_hash, as_slot(hash)},
                                {Py_tp_iter, as_slot(refuse_slot)},
                                {Py_tp_iternext, as_slot(refuse_slot)},
                                {Py_am_aiter, as_slot(refuse_slot)},
                                {Py_am_anext, as_slot(refuse_slot)},
                                {Py_mp_length, as_slot(refuse_length)},
                                {Py_mp_subscript, as_slot(refuse_item)},
                                {Py_mp_ass_subscript, as_slot(refuse_item_change)},
                                {Py_sq_contains, as_slot(refuse_membership)},
                                {Py_nb_bool, as_slot(refuse_truth)},
                            });
  for (int slot : {Py_nb_absolute, Py_nb_float, Py_nb_index, Py_nb_int, Py_nb_invert,
                   Py_nb_negative, Py_nb_positive}) {
    slots.push_back({slot, as_slot(refuse_unary)});
  }
  for (int slot : {Py_nb_add, Py_nb_and, Py_nb_divmod, Py_nb_floor_divide, Py_nb_lshift,
                   Py_nb_matrix_multiply, Py_nb_multiply, Py_nb_or, Py_nb_remainder, Py_nb_rshift,
                   Py_nb_subtract, Py_nb_true_divide, Py_nb_xor}) {
    slots.push_back({slot, as_slot(refuse_binary)});
  }
  slots.push_back({Py_nb_power, as_slot(refuse_power)});
}

}  // namespace halflife::bindings
