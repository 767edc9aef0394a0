#include "draft_object.hpp"

#include <structmember.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <string>

#include "../support/heap_type.hpp"
#include "../support/registry.hpp"
#include "../support/spare_memory.hpp"
#include "draft_session.hpp"

namespace halflife::bindings {

using draft::Draft;
using draft::Finalizer;
using draft::Kind;

namespace {

PyTypeObject* type_for(PyObject* base, Kind kind) {
  switch (kind) {
    case Kind::map:
      if (PyDict_CheckExact(base)) return draft_types.dict;
      if (PyODict_Check(base)) return draft_types.ordered;
      if (is_default_dict(base)) return draft_types.defaulting;
      return is_counter(base) ? draft_types.counter : draft_types.dict_subclass;
    case Kind::list:
      if (PyList_CheckExact(base)) return draft_types.list;
      return is_deque(base) ? draft_types.deque : draft_types.list_subclass;
    case Kind::set:
      return Py_IS_TYPE(base, &PySet_Type) ? draft_types.set : draft_types.set_subclass;
    case Kind::fixed:
      return draft_types.tuple;
    default:
      return PyTuple_Check(base) ? draft_types.named_tuple : draft_types.record;
  }
}

// Of all draft types, since they have the same size; the next recipe reuses it.
constinit SpareMemory<DraftObject, 1024> memory;

using References = Owned<DraftObject, &DraftObject::session>;

}  // namespace

// Not tracked by the garbage collector: the scope owns the draft, and a draft of a closed scope
// holds nothing. In a session the scope itself can be garbage; see DraftAccess::join.
DraftObject* make_draft(PyObject* base, Kind kind) {
  DraftObject* made = memory.make(type_for(base, kind));
  if (made == nullptr) return nullptr;
  new (&made->draft) Draft;
  made->draft.face = made;
  made->draft.kind = kind;
  made->weakrefs = nullptr;
  made->session = nullptr;
  return made;
}

// Releases no values: the scope has taken them when it was closed. So a chain of drafts is not
// destroyed recursively.
void draft_dealloc(PyObject* self) {
  DraftObject* face = as_draft(self);
  if (PyObject_GC_IsTracked(self) != 0) PyObject_GC_UnTrack(self);
  if (face->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  SessionObject* session = std::exchange(face->session, nullptr);
  face->draft.~Draft();
  memory.free(self);
  Py_XDECREF(session);
}

int visit_held(const Draft& draft, visitproc visit, void* arg) {
  for (Value value : {draft.key, draft.base, draft.scratch, draft.children, draft.assigned,
                      draft.erased, draft.touched, draft.given}) {
    Py_VISIT(to_object(value));
  }
  return 0;
}

int draft_traverse(PyObject* self, visitproc visit, void* arg) {
  if (const int stop = References::traverse(self, visit, arg); stop != 0) return stop;
  return visit_held(as_draft(self)->draft, visit, arg);
}

int draft_clear(PyObject* self) {
  DraftObject* face = as_draft(self);
  // Only the drafts of an abandoned session are garbage while their scope is open.
  if (face->draft.scope != nullptr) face->draft.scope->close();
  return References::clear(self);
}

PyMemberDef draft_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(DraftObject, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

void raise_revoked() {
  PyErr_SetString(registry().revoked_draft,
                  "this draft is no longer usable, because its recipe has ended or its session was"
                  " finished; keep a copy with current(draft)");
}

void enter_session(DraftObject* face, SessionObject* session) {
  Py_INCREF(session);
  face->session = session;
  PyObject_GC_Track(face);
}

void DraftAccess::join(DraftObject* found) const {
  if (found->session != nullptr || found->draft.scope != session_->scope) return;
  enter_session(found, session_);
}

PyObject* current_value(PyObject* self) {
  DraftAccess access(self);
  if (!access || !access.scope().read_subtree(access.draft())) return nullptr;
  if (!access.draft().dirty && !access.draft().inserted)
    return Py_NewRef(to_object(access.draft().base));
  Finalizer finalizer(access.scope(), false);
  Value result = nullptr;
  return finalizer.finalize(self, &result) ? Py_NewRef(to_object(result)) : nullptr;
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
                             PyType_Slot* slots, PyTypeObject* base) {
  PyType_Spec spec = {name, sizeof(DraftObject), 0,
                      static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
                                            Py_TPFLAGS_DISALLOW_INSTANTIATION | flags),
                      slots};
  Ref bases = Ref::take(base == nullptr ? nullptr : PyTuple_Pack(1, base));
  if (base != nullptr && !bases) return nullptr;
  PyObject* type = PyType_FromSpecWithBases(&spec, bases.get());
  if (type == nullptr) return nullptr;
  const std::string private_name = std::string("_") + (std::strrchr(name, '.') + 1);
  if (PyModule_AddObjectRef(module, private_name.c_str(), type) < 0) return nullptr;
  return reinterpret_cast<PyTypeObject*>(type);
}

int add_draft_types(PyObject* module) {
  for (const auto add : {add_draft_session, add_draft_iterator, add_draft_dict, add_draft_views,
                         add_draft_list, add_draft_set, add_draft_record, add_draft_tuple,
                         add_draft_subclasses, add_draft_mappings, add_draft_deque}) {
    if (add(module) < 0) return -1;
  }
  // No further types derive from these.
  for (PyTypeObject* type :
       {draft_types.dict, draft_types.list, draft_types.set, draft_types.dict_subclass}) {
    type->tp_flags &= ~Py_TPFLAGS_BASETYPE;
  }
  return 0;
}

}  // namespace halflife::bindings
