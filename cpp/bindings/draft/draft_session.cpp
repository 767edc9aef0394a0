#include "draft_session.hpp"

#include "../support/arguments.hpp"
#include "../support/heap_type.hpp"
#include "../support/registry.hpp"
#include "draft_root.hpp"

namespace halflife::bindings {

namespace {

PyTypeObject* session_type = nullptr;

SessionObject* as_session(PyObject* object) { return reinterpret_cast<SessionObject*>(object); }

using References = Owned<SessionObject, &SessionObject::watch>;

int traverse(PyObject* self, visitproc visit, void* arg) {
  if (const int stop = References::traverse(self, visit, arg); stop != 0) return stop;
  const draft::Scope* scope = as_session(self)->scope;
  if (scope == nullptr) return 0;
  for (const draft::Draft* draft : scope->drafts()) {
    PyObject* face = to_object(draft->face);
    if (PyObject_GC_IsTracked(face) != 0) {
      Py_VISIT(face);
    } else {  // never handed out: only the session holds its values
      const int stop = visit_held(*draft, visit, arg);
      if (stop != 0) return stop;
    }
  }
  for (Value value : scope->inserted()) Py_VISIT(to_object(value));
  return 0;
}

int clear(PyObject* self) {
  References::clear(self);
  if (as_session(self)->scope != nullptr) as_session(self)->scope->close();
  return 0;
}

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  References::clear(self);
  delete as_session(self)->scope;  // closes it
  free_object(self);
}

}  // namespace

PyObject* open_session(PyObject* base) {
  const draft::Kind kind = python_model().kind(base);
  if (!draft::is_draftable(kind)) {
    if (kind == draft::Kind::leaf && !check_root(base)) return nullptr;
    PyErr_Format(PyExc_TypeError,
                 "draft() takes a dict, list, set, deque or record (dataclass, attrs, NamedTuple,"
                 " msgspec, pydantic, a class registered with draftable), not %s of type %.200s",
                 described(base).c_str(), Py_TYPE(base)->tp_name);
    return nullptr;
  }
  SessionObject* session = PyObject_GC_New(SessionObject, session_type);
  if (session == nullptr) return nullptr;
  Ref kept = Ref::take(as_object(session));
  session->root = nullptr;
  session->watch = nullptr;
  session->busy = 0;
  session->scope = new draft::Scope(python_model(), false);
  PyObject_GC_Track(session);
  Ref watch;
  if (!watch_leaves(base, watch)) return nullptr;
  session->watch = watch.release();
  draft::Draft* root = session->scope->open(base);
  if (root == nullptr) return nullptr;
  session->root = to_object(root->face);
  enter_session(as_draft(session->root), session);
  return Py_NewRef(session->root);
}

SessionObject* session_of_root(const char* function, PyObject* object) {
  if (!is_draft(object)) {
    PyErr_Format(PyExc_TypeError, "%s() takes a draft, not %s", function,
                 described(object).c_str());
    return nullptr;
  }
  SessionObject* session = as_draft(object)->session;
  if (as_draft(object)->draft.scope == nullptr) {
    raise_revoked();
    return nullptr;
  }
  if (session == nullptr || session->root != object) {
    PyErr_Format(registry().recipe_error, "%s() takes the draft that draft() returned, not one %s",
                 function,
                 session == nullptr ? "that a recipe was called with" : "of a part of it");
    return nullptr;
  }
  if (session->busy != 0) {
    PyErr_Format(registry().recipe_error, "%s() was called in the middle of a draft's method",
                 function);
    return nullptr;
  }
  return session;
}

PyObject* draft_enter(PyObject* self, PyObject*) {
  return session_of_root("with", self) == nullptr ? nullptr : Py_NewRef(self);
}

PyObject* draft_exit(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  // A session that was finished inside the block is not discarded.
  if (count > 0 && args[0] != Py_None && as_draft(self)->draft.scope != nullptr) {
    SessionObject* session = session_of_root("with", self);
    if (session == nullptr) return nullptr;
    session->scope->close();
  }
  Py_RETURN_FALSE;
}

int add_draft_session(PyObject*) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("What draft() opened: the life of its drafts.")},
      {Py_tp_dealloc, as_slot(dealloc)},
      {Py_tp_traverse, as_slot(traverse)},
      {Py_tp_clear, as_slot(clear)},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "halflife._core.DraftSession", sizeof(SessionObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  session_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return session_type == nullptr ? -1 : 0;
}

}  // namespace halflife::bindings
