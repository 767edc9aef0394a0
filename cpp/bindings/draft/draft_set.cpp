// The draft of a set. Members are leaves, so sets are combined as plain sets, and only the added
// and removed members go through the scope.
#include "../support/set_entries.hpp"
#include "draft_object.hpp"
#include "draft_views.hpp"

namespace halflife::bindings {

namespace {

// The plain set, to be read at once and not kept. Records a read of all of it.
PyObject* members(const DraftAccess& access) {
  access.scope().read_structure(access.draft());
  return access.contents();
}

// The plain set of a set's draft, else the object itself. New reference.
PyObject* operand(PyObject* object) {
  if (!is_draft_of(object, draft::Kind::set)) return Py_NewRef(object);
  DraftAccess access(object);
  return access ? Py_NewRef(members(access)) : nullptr;
}

bool include(const DraftAccess& access, PyObject* member, bool included) {
  return access.scope().include(access.draft(), member, included);
}

// Gives the draft the members of the plain set `wanted`.
bool become(const DraftAccess& access, PyObject* wanted) {
  Ref removed = Ref::take(PyNumber_Subtract(members(access), wanted));
  Ref added = Ref::take(removed ? PyNumber_Subtract(wanted, members(access)) : nullptr);
  if (!added) return false;
  std::size_t cursor = 0;
  while (PyObject* member = next_member(removed.get(), &cursor)) {
    if (!include(access, member, false)) return false;
  }
  cursor = 0;
  while (PyObject* member = next_member(added.get(), &cursor)) {
    if (!include(access, member, true)) return false;
  }
  return true;
}

// --- one member

// The member to look up. Like set, takes a set for the frozenset of its members. New reference.
PyObject* member_like(PyObject* given) {
  if (!PySet_Check(given) && !is_draft_of(given, draft::Kind::set)) return Py_NewRef(given);
  Ref plain = Ref::take(operand(given));
  return plain ? PyFrozenSet_New(plain.get()) : nullptr;
}

int contains(PyObject* self, PyObject* member) {
  DraftAccess access(self);
  Ref asked = Ref::take(access ? member_like(member) : nullptr);
  if (!asked) return -1;
  bool found = false;
  if (!access.scope().has(access.draft(), asked.get(), &found)) return -1;
  return found ? 1 : 0;
}

PyObject* add(PyObject* self, PyObject* member) {
  DraftAccess access(self);
  if (!access || !include(access, member, true)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* discard(PyObject* self, PyObject* given) {
  DraftAccess access(self);
  Ref member = Ref::take(access ? member_like(given) : nullptr);
  if (!member || !include(access, member.get(), false)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* remove(PyObject* self, PyObject* given) {
  DraftAccess access(self);
  Ref member = Ref::take(access ? member_like(given) : nullptr);
  bool found = false;
  if (!member || !access.scope().has(access.draft(), member.get(), &found)) return nullptr;
  if (!found) {
    Ref arguments = Ref::take(PyTuple_Pack(1, given));
    if (arguments) PyErr_SetObject(PyExc_KeyError, arguments.get());
    return nullptr;
  }
  if (!include(access, member.get(), false)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* pop(PyObject* self, PyObject*) {
  DraftAccess access(self);
  if (!access) return nullptr;
  std::size_t cursor = 0;
  Ref member = Ref::borrow(next_member(members(access), &cursor));
  if (!member) {
    PyErr_SetString(PyExc_KeyError, "pop from an empty set");
    return nullptr;
  }
  return include(access, member.get(), false) ? member.release() : nullptr;
}

PyObject* clear(PyObject* self, PyObject*) {
  DraftAccess access(self);
  Ref empty = Ref::take(access ? PySet_New(nullptr) : nullptr);
  if (!empty || !become(access, empty.get())) return nullptr;
  Py_RETURN_NONE;
}

// --- many members

Py_ssize_t length(PyObject* self) {
  DraftAccess access(self);
  return access ? static_cast<Py_ssize_t>(access.size()) : -1;
}

PyObject* iter(PyObject* self) { return iterate(self, Walk::members); }

PyObject* copy(PyObject* self, PyObject*) {
  DraftAccess access(self);
  return access ? PySet_New(members(access)) : nullptr;
}

// Calls a method of the plain set; an edit is made on a copy, whose members the draft then gets.
PyObject* call(PyObject* self, const char* name, PyObject* const* args, Py_ssize_t count,
               bool in_place) {
  DraftAccess access(self);
  if (!access) return nullptr;
  Ref set = in_place ? Ref::take(PySet_New(members(access))) : Ref::borrow(members(access));
  Ref given = Ref::take(set ? PyTuple_New(count) : nullptr);
  if (!given) return nullptr;
  for (Py_ssize_t index = 0; index < count; ++index) {
    PyObject* plain = operand(args[index]);
    if (plain == nullptr) return nullptr;
    PyTuple_SET_ITEM(given.get(), index, plain);
  }
  Ref method = Ref::take(PyObject_GetAttrString(set.get(), name));
  Ref result = Ref::take(method ? PyObject_CallObject(method.get(), given.get()) : nullptr);
  if (!result || !in_place) return result.release();
  return become(access, set.get()) ? result.release() : nullptr;
}

#define HALFLIFE_SET_METHOD(name, in_place)                                          \
  PyObject* name##_method(PyObject* self, PyObject* const* args, Py_ssize_t count) { \
    return call(self, #name, args, count, in_place);                                 \
  }
HALFLIFE_SET_METHOD(difference, false)
HALFLIFE_SET_METHOD(intersection, false)
HALFLIFE_SET_METHOD(isdisjoint, false)
HALFLIFE_SET_METHOD(issubset, false)
HALFLIFE_SET_METHOD(issuperset, false)
HALFLIFE_SET_METHOD(symmetric_difference, false)
HALFLIFE_SET_METHOD(union, false)
HALFLIFE_SET_METHOD(difference_update, true)
HALFLIFE_SET_METHOD(intersection_update, true)
HALFLIFE_SET_METHOD(symmetric_difference_update, true)
#undef HALFLIFE_SET_METHOD

// Adds the new members one by one: copying a large set would be slow.
PyObject* update(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  DraftAccess access(self);
  Ref added = Ref::take(access ? PySet_New(nullptr) : nullptr);
  if (!added) return nullptr;
  for (Py_ssize_t index = 0; index < count; ++index) {
    Ref plain = Ref::take(operand(args[index]));
    Ref set = Ref::take(plain ? PySet_New(plain.get()) : nullptr);
    Ref both = Ref::take(set ? PyNumber_InPlaceOr(added.get(), set.get()) : nullptr);
    if (!both) return nullptr;
  }
  std::size_t cursor = 0;
  while (PyObject* member = next_member(added.get(), &cursor)) {
    if (!include(access, member, true)) return nullptr;
  }
  Py_RETURN_NONE;
}

// --- operators, between sets only

bool is_set_like(PyObject* object) {
  return PyAnySet_Check(object) || PyDictViewSet_Check(object) ||
         is_draft_of(object, draft::Kind::set);
}

using Combine = PyObject* (*)(PyObject*, PyObject*);

// As with plain sets, a frozenset or dict view on the left decides the type of the result.
template <Combine combine>
PyObject* combined(PyObject* one, PyObject* other) {
  if (!is_set_like(one) || !is_set_like(other)) Py_RETURN_NOTIMPLEMENTED;
  Ref left = Ref::take(operand(one));
  Ref right = Ref::take(left ? operand(other) : nullptr);
  return right ? combine(left.get(), right.get()) : nullptr;
}

template <Combine combine>
PyObject* combined_in_place(PyObject* self, PyObject* other) {
  if (!PyAnySet_Check(other) && !is_draft_of(other, draft::Kind::set)) Py_RETURN_NOTIMPLEMENTED;
  DraftAccess access(self);
  if (!access) return nullptr;
  Ref right = Ref::take(operand(other));
  Ref wanted = Ref::take(right ? combine(members(access), right.get()) : nullptr);
  return wanted && become(access, wanted.get()) ? Py_NewRef(self) : nullptr;
}

PyObject* union_in_place(PyObject* self, PyObject* other) {
  if (!PyAnySet_Check(other) && !is_draft_of(other, draft::Kind::set)) Py_RETURN_NOTIMPLEMENTED;
  Ref done = Ref::take(update(self, &other, 1));
  return done ? Py_NewRef(self) : nullptr;
}

constexpr int kFast = METH_FASTCALL;

PyMethodDef methods[] = {
    {"add", add, METH_O, "Puts in a member."},
    {"discard", discard, METH_O, "Takes out a member, if it is there."},
    {"remove", remove, METH_O, "Takes out a member; a KeyError if it is not there."},
    {"pop", pop, METH_NOARGS, "Takes out any member and returns it."},
    {"clear", clear, METH_NOARGS, "Takes everything out."},
    {"copy", copy, METH_NOARGS, "A plain set of the same members."},
    {"update", as_function(update), kFast, "Puts in the members of others."},
    {"difference", as_function(difference_method), kFast, "A plain set without those of others."},
    {"difference_update", as_function(difference_update_method), kFast,
     "Takes out the members of others."},
    {"intersection", as_function(intersection_method), kFast,
     "A plain set of what all have in common."},
    {"intersection_update", as_function(intersection_update_method), kFast,
     "Keeps what all have in common."},
    {"isdisjoint", as_function(isdisjoint_method), kFast, "True if nothing is in common."},
    {"issubset", as_function(issubset_method), kFast, "True if the other has all of its members."},
    {"issuperset", as_function(issuperset_method), kFast,
     "True if it has all members of the other."},
    {"symmetric_difference", as_function(symmetric_difference_method), kFast,
     "A plain set of what is in one of both only."},
    {"symmetric_difference_update", as_function(symmetric_difference_update_method), kFast,
     "Keeps what is in one of both only."},
    {"union", as_function(union_method), kFast, "A plain set of the members of all."},
    {"__copy__", copy, METH_NOARGS, "A plain set of the same members."},
    HALFLIFE_DRAFT_METHODS,
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_draft_set(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("The draft of a set: has the methods of one.")},
      HALFLIFE_DRAFT_SLOTS,
      {Py_tp_iter, as_slot(iter)},
      {Py_tp_methods, methods},
      {Py_sq_length, as_slot(length)},
      {Py_sq_contains, as_slot(contains)},
      {Py_nb_and, as_slot(combined<PyNumber_And>)},
      {Py_nb_or, as_slot(combined<PyNumber_Or>)},
      {Py_nb_xor, as_slot(combined<PyNumber_Xor>)},
      {Py_nb_subtract, as_slot(combined<PyNumber_Subtract>)},
      {Py_nb_inplace_and, as_slot(combined_in_place<PyNumber_And>)},
      {Py_nb_inplace_or, as_slot(union_in_place)},
      {Py_nb_inplace_xor, as_slot(combined_in_place<PyNumber_Xor>)},
      {Py_nb_inplace_subtract, as_slot(combined_in_place<PyNumber_Subtract>)},
      {0, nullptr},
  };
  draft_types.set = add_draft_type(module, "halflife._core.SetDraft", Py_TPFLAGS_BASETYPE, slots);
  return draft_types.set == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
