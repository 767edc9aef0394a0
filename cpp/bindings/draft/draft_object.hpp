// The draft object that the user holds: the face of a core draft. There is one type per kind of
// container, with that container's methods. None is a subclass of dict, list or set, because C code
// reads such subclasses directly and would not see the draft. This header has what the types share.
#pragma once

#include "../../core/draft/finalizer.hpp"
#include "../../core/draft/scope.hpp"
#include "../support/python.hpp"
#include "python_model.hpp"

namespace halflife::bindings {

struct SessionObject;

struct DraftObject {
  PyObject_HEAD draft::Draft draft;
  PyObject* weakrefs;
  SessionObject* session;  // keeps the scope alive; null if the scope lives on the stack
};

// --- which objects are drafts

void draft_dealloc(PyObject* self);

// All draft types, and no others, have this destructor.
inline bool is_draft(PyObject* object) { return Py_TYPE(object)->tp_dealloc == draft_dealloc; }

inline DraftObject* as_draft(PyObject* object) { return reinterpret_cast<DraftObject*>(object); }

struct DraftTypes {
  PyTypeObject* dict = nullptr;
  PyTypeObject* list = nullptr;
  PyTypeObject* set = nullptr;
  PyTypeObject* tuple = nullptr;  // never handed out
  PyTypeObject* ordered = nullptr;
  PyTypeObject* defaulting = nullptr;
  PyTypeObject* counter = nullptr;
  PyTypeObject* deque = nullptr;
  PyTypeObject* dict_subclass = nullptr;
  PyTypeObject* list_subclass = nullptr;
  PyTypeObject* set_subclass = nullptr;
  PyTypeObject* record = nullptr;
  PyTypeObject* named_tuple = nullptr;
};
inline constinit DraftTypes draft_types;

// Is it a draft of a container of that kind?
inline bool is_draft_of(PyObject* object, draft::Kind kind) {
  return is_draft(object) && as_draft(object)->draft.kind == kind;
}

// A new draft of the type that suits `base`; null on an error.
DraftObject* make_draft(PyObject* base, draft::Kind kind);

void raise_revoked();  // RevokedDraftError

// Visits the values that a draft holds, for the garbage collector.
int visit_held(const draft::Draft& draft, visitproc visit, void* arg);

// --- using one

// The session of draft(): a scope, and the number of running operations. Every draft that was
// handed out holds the session, so a draft stays valid after the root draft was dropped. The
// collector destroys an abandoned session.
struct SessionObject {
  PyObject_HEAD draft::Scope* scope;
  PyObject* root;   // borrowed from the scope
  PyObject* watch;  // debug mode: finds leaves that were edited in place; else null
  int busy;         // running operations: user code that they call must not end the session
};

// To be called before a draft of a session is handed out, because from then on it can be part of a
// garbage cycle.
void enter_session(DraftObject* face, SessionObject* session);

// The access of one operation to a draft. False, with RevokedDraftError set, if the draft is
// revoked.
class DraftAccess {
 public:
  explicit DraftAccess(PyObject* self) : face_(as_draft(self)), session_(face_->session) {
    if (face_->draft.scope == nullptr) {
      raise_revoked();
      ok_ = false;
    }
    if (session_ != nullptr) ++session_->busy;
  }
  DraftAccess(const DraftAccess&) = delete;
  DraftAccess& operator=(const DraftAccess&) = delete;
  ~DraftAccess() {
    if (session_ != nullptr) --session_->busy;
  }
  explicit operator bool() const { return ok_; }

  draft::Draft& draft() const { return face_->draft; }
  draft::Scope& scope() const { return *face_->draft.scope; }
  PyObject* contents() const { return to_object(face_->draft.contents()); }

  // A new reference to a found value or draft, in the form that the user gets.
  PyObject* give(Value found) const {
    PyObject* object = to_object(found);
    if (Py_TYPE(object) == draft_types.tuple) return give_tuple(as_draft(object)->draft);
    if (session_ != nullptr && is_draft(object)) join(as_draft(object));
    return Py_NewRef(object);
  }
  // New reference. Null with no error: no such entry.
  PyObject* get(PyObject* key) const {
    Value found = nullptr;
    if (!scope().get(draft(), key, &found) || found == nullptr) return nullptr;
    return give(found);
  }
  PyObject* item(std::size_t index) const {
    Value found = nullptr;
    return scope().get_item(draft(), index, &found) ? give(found) : nullptr;
  }
  // Records a read of the keys, length and order, which are those of contents().
  std::size_t size() const { return scope().size(draft()); }

 private:
  void join(DraftObject* found) const;
  PyObject* give_tuple(draft::Draft& fixed) const;

  DraftObject* face_;
  SessionObject* session_;
  bool ok_ = true;
};

// The current plain value of a draft. New reference; null on an error.
PyObject* current_value(PyObject* self);

// The current plain value if the object is a draft, else the object itself. New reference.
PyObject* plain_or_self(PyObject* object);

// --- functions and slots that all draft types share

PyObject* draft_repr(PyObject* self);
PyObject* draft_compare(PyObject* self, PyObject* other, int operation);

// The type slots that all draft types have: memory, repr, comparison, weak references.
#define HALFLIFE_DRAFT_SLOTS                                                          \
  {Py_tp_dealloc, as_slot(draft_dealloc)}, {Py_tp_traverse, as_slot(draft_traverse)}, \
      {Py_tp_clear, as_slot(draft_clear)}, {Py_tp_repr, as_slot(draft_repr)},         \
      {Py_tp_richcompare, as_slot(draft_compare)}, {Py_tp_members, draft_members}, {  \
    Py_tp_hash, as_slot(PyObject_HashNotImplemented)                                  \
  }
// The methods that all draft types have.
#define HALFLIFE_DRAFT_METHODS                                                       \
  {"__deepcopy__", draft_deepcopy, METH_O, "A plain value with nothing in common."}, \
      {"__reduce_ex__", draft_reduce, METH_O, "Refuses: pickle current(d)."},        \
      {"__enter__", draft_enter, METH_NOARGS, "The draft itself."},                  \
      {"__exit__", as_function(draft_exit), METH_FASTCALL,                           \
       "Discards the session if there was an error."}

int draft_traverse(PyObject* self, visitproc visit, void* arg);
int draft_clear(PyObject* self);
PyObject* draft_deepcopy(PyObject* self, PyObject* memo);
PyObject* draft_reduce(PyObject* self, PyObject* protocol);
PyObject* draft_enter(PyObject* self, PyObject*);
PyObject* draft_exit(PyObject* self, PyObject* const* args, Py_ssize_t count);
extern PyMemberDef draft_members[];

// Each function adds its types. Called by add_draft_types.
int add_draft_dict(PyObject* module);
int add_draft_tuple(PyObject* module);
int add_draft_subclasses(PyObject* module);
int add_draft_mappings(PyObject* module);
int add_draft_deque(PyObject* module);
int add_draft_iterator(PyObject* module);
int add_draft_views(PyObject* module);
int add_draft_list(PyObject* module);
int add_draft_set(PyObject* module);
int add_draft_record(PyObject* module);

int add_draft_types(PyObject* module);

// Makes a type, and adds it to the module under the last part of its name with an underscore before
// it; halflife._support.draft_abcs finds it there. Null on an error.
PyTypeObject* add_draft_type(PyObject* module, const char* name, unsigned long flags,
                             PyType_Slot* slots, PyTypeObject* base = nullptr);

}  // namespace halflife::bindings
