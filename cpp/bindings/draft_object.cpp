#include "draft_object.hpp"

#include <structmember.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <string>

#include "draft_session.hpp"
#include "registry.hpp"

namespace halflife::bindings {

using draft::Draft;
using draft::Kind;
using draft::Resolver;

namespace {

Value* const* owned_by(Draft& draft, Value* (&held)[7]) {
  held[0] = &draft.key;
  held[1] = &draft.base;
  held[2] = &draft.scratch;
  held[3] = &draft.children;
  held[4] = &draft.assigned;
  held[5] = &draft.erased;
  held[6] = &draft.touched;
  return held;
}

PyTypeObject* type_for(PyObject* base, Kind kind) {
  switch (kind) {
    case Kind::map:
      return draft_types.dict;
    case Kind::list:
      return draft_types.list;
    case Kind::set:
      return draft_types.set;
    default:
      return PyTuple_Check(base) ? draft_types.named_tuple : draft_types.record;
  }
}

}  // namespace

DraftObject* make_draft(PyObject* base, Kind kind) {
  DraftObject* made = PyObject_GC_New(DraftObject, type_for(base, kind));
  if (made == nullptr) return nullptr;
  new (&made->draft) Draft;
  made->draft.face = made;
  made->draft.kind = kind;
  made->weakrefs = nullptr;
  made->session = nullptr;
  PyObject_GC_Track(made);
  return made;
}

void draft_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Py_TRASHCAN_BEGIN(self, draft_dealloc);
  DraftObject* face = as_draft(self);
  if (face->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  // Its scope, which owned it, has let go of all that the draft held; or it was never in one.
  Value* held[7];
  owned_by(face->draft, held);
  for (Value* value : held) Py_XDECREF(to_object(std::exchange(*value, nullptr)));
  Py_CLEAR(face->session);
  face->draft.~Draft();
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
  Py_TRASHCAN_END
}

int draft_traverse(PyObject* self, visitproc visit, void* arg) {
  DraftObject* face = as_draft(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(face->session);
  Value* held[7];
  owned_by(face->draft, held);
  for (Value* value : held) Py_VISIT(to_object(*value));
  return 0;
}

int draft_clear(PyObject* self) {
  DraftObject* face = as_draft(self);
  // Only the drafts of an abandoned session are garbage while their scope is open.
  if (face->draft.scope != nullptr) face->draft.scope->close();
  Py_CLEAR(face->session);
  return 0;
}

PyMemberDef draft_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(DraftObject, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

void raise_revoked() {
  PyErr_SetString(registry().revoked_draft,
                  "this draft is over: its recipe has ended, or its session was finished; what is"
                  " needed later is to be taken out with current(draft)");
}

void Use::join(DraftObject* found) const {
  if (found->session != nullptr || found->draft.scope != session_->scope) return;
  Py_INCREF(session_);
  found->session = session_;
}

PyObject* current_value(PyObject* self) {
  Use use(self);
  if (!use || !use.scope().read_deep(use.draft())) return nullptr;
  if (!use.draft().dirty && !use.draft().inserted) return Py_NewRef(to_object(use.draft().base));
  Resolver resolver(use.scope(), false);
  Value result = nullptr;
  return resolver.resolve(self, &result) ? Py_NewRef(to_object(result)) : nullptr;
}

PyObject* plain_or_self(PyObject* object) {
  return is_draft(object) ? current_value(object) : Py_NewRef(object);
}

PyObject* draft_repr(PyObject* self) {
  if (as_draft(self)->draft.scope == nullptr) return PyUnicode_FromString("<revoked draft>");
  Ref value = Ref::take(current_value(self));
  return value ? PyUnicode_FromFormat("<draft of %R>", value.get()) : nullptr;
}

PyObject* draft_compare(PyObject* self, PyObject* other, int operation) {
  Ref one = Ref::take(current_value(self));
  if (!one) return nullptr;
  Ref two = Ref::take(plain_or_self(other));
  return two ? PyObject_RichCompare(one.get(), two.get(), operation) : nullptr;
}

PyObject* draft_deepcopy(PyObject* self, PyObject* memo) {
  Ref value = Ref::take(current_value(self));
  Ref copy = Ref::take(value ? PyImport_ImportModule("copy") : nullptr);
  return copy ? PyObject_CallMethod(copy.get(), "deepcopy", "OO", value.get(), memo) : nullptr;
}

PyObject* draft_reduce(PyObject*, PyObject*) {
  PyErr_SetString(PyExc_TypeError, "a draft cannot be pickled; pickle current(draft)");
  return nullptr;
}

PyTypeObject* add_draft_type(PyObject* module, const char* name, unsigned long flags,
                             PyType_Slot* slots) {
  PyType_Spec spec = {name, sizeof(DraftObject), 0,
                      static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
                                            Py_TPFLAGS_DISALLOW_INSTANTIATION | flags),
                      slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) return nullptr;
  const std::string private_name = std::string("_") + (std::strrchr(name, '.') + 1);
  if (PyModule_AddObjectRef(module, private_name.c_str(), type) < 0) return nullptr;
  return reinterpret_cast<PyTypeObject*>(type);
}

int add_draft_types(PyObject* module) {
  for (const auto add : {add_draft_session, add_draft_iterator, add_draft_dict, add_draft_views, add_draft_list,
                         add_draft_set, add_draft_record}) {
    if (add(module) < 0) return -1;
  }
  return 0;
}

}  // namespace halflife::bindings
