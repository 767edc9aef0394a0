// A draft as the user holds it: the face of a core draft. There is one type per kind of container,
// with the methods of what it drafts; none is a subclass of dict, list or set, whose C code would
// look past it. What the types have in common is here.
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

// One destructor for all types of drafts, and for nothing else.
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

// The draft of a container of that kind?
inline bool is_draft_of(PyObject* object, draft::Kind kind) {
  return is_draft(object) && as_draft(object)->draft.kind == kind;
}

// A new draft of the type that suits `base`; null on an error.
DraftObject* make_draft(PyObject* base, draft::Kind kind);

void raise_revoked();  // RevokedDraftError

// Visits what a draft holds.
int visit_held(const draft::Draft& draft, visitproc visit, void* arg);

// --- using one

// What a draft() without a recipe lives in: a scope, and who is at work in it. Every draft of it
// that was handed out holds it, so that a draft outlives the variable of its root; an abandoned one
// is collected.
struct SessionObject {
  PyObject_HEAD draft::Scope* scope;
  PyObject* root;   // borrowed from the scope
  PyObject* watch;  // debug mode: looks for leaves that were edited in place; or null
  int busy;         // operations under way: user code in them must not end the session
};

// To be done with a draft before it is handed out: from then on it can be part of garbage.
void enter_session(DraftObject* face, SessionObject* session);

// One operation on a draft. False, with RevokedDraftError set, if it is over.
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

  // A new reference to what was found, ready for the user.
  PyObject* give(Value found) const {
    PyObject* object = to_object(found);
    if (Py_TYPE(object) == draft_types.tuple) return give_tuple(as_draft(object)->draft);
    if (session_ != nullptr && is_draft(object)) join(as_draft(object));
    return Py_NewRef(object);
  }
  // New reference; null with no error: there is nothing.
  PyObject* get(PyObject* key) const {
    Value found = nullptr;
    if (!scope().get(draft(), key, &found) || found == nullptr) return nullptr;
    return give(found);
  }
  PyObject* item(std::size_t index) const {
    Value found = nullptr;
    return scope().get_item(draft(), index, &found) ? give(found) : nullptr;
  }
  // Keys, length and order are looked at. Afterwards those of contents() are right.
  std::size_t size() const { return scope().size(draft()); }

 private:
  void join(DraftObject* found) const;
  PyObject* give_tuple(draft::Draft& fixed) const;

  DraftObject* face_;
  SessionObject* session_;
  bool ok_ = true;
};

// The plain value of a live draft as it is now; new reference, null on an error.
PyObject* current_value(PyObject* self);

// The plain value, if the object is a draft, or the object itself. New reference.
PyObject* plain_or_self(PyObject* object);

// --- what the types share

PyObject* draft_repr(PyObject* self);
PyObject* draft_compare(PyObject* self, PyObject* other, int operation);

// The slots that all types have: memory, repr, comparison, weak references.
#define HALFLIFE_DRAFT_SLOTS                                                          \
  {Py_tp_dealloc, as_slot(draft_dealloc)}, {Py_tp_traverse, as_slot(draft_traverse)}, \
      {Py_tp_clear, as_slot(draft_clear)}, {Py_tp_repr, as_slot(draft_repr)},         \
      {Py_tp_richcompare, as_slot(draft_compare)}, {Py_tp_members, draft_members}, {  \
    Py_tp_hash, as_slot(PyObject_HashNotImplemented)                                  \
  }
// ... and the methods.
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

// Each adds its types; part of add_draft_types.
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

// Makes a type, and adds it to the module as what halflife._support.draft_abcs calls it: the last
// part of its name behind an underscore. Null on an error.
PyTypeObject* add_draft_type(PyObject* module, const char* name, unsigned long flags,
                             PyType_Slot* slots, PyTypeObject* base = nullptr);

}  // namespace halflife::bindings
