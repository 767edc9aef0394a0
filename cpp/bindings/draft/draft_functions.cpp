#include "draft_functions.hpp"

#include "../../core/draft/patch/apply.hpp"
#include "../../core/draft/patch/diff.hpp"
#include "../../core/draft/share.hpp"
#include "../support/arguments.hpp"
#include "../support/registry.hpp"
#include "draft_docs.hpp"
#include "draft_recipe.hpp"
#include "draft_root.hpp"
#include "draft_session.hpp"
#include "patch_object.hpp"

namespace halflife::bindings {

namespace {

using draft::Finalizer;
using draft::PatchList;
using draft::Scope;

// The result of a recipe or session.
struct Produced {
  Ref value;
  PatchList patches{python_model()};
  PatchList inverse{python_model()};
};

// (new, patches, inverse)
PyObject* as_triple(const Produced& made) {
  Ref patches = Ref::take(patches_to_list(made.patches));
  Ref inverse = Ref::take(patches ? patches_to_list(made.inverse, patches.get()) : nullptr);
  return inverse ? PyTuple_Pack(3, made.value.get(), patches.get(), inverse.get()) : nullptr;
}

// Takes the edited value of a root draft. The drafts cannot be used afterwards.
bool take_edits(Scope& scope, draft::Draft& root, bool with_patches, Produced& made) {
  Finalizer finalizer(scope, true);
  if (with_patches && !diff(scope, finalizer, root, &made.patches, &made.inverse)) return false;
  Value result = nullptr;
  if (!finalizer.finalize(root.face, &result)) return false;
  made.value = Ref::borrow(to_object(result));
  return true;
}

// Takes the plain value of a recipe's return value, which replaces the root value.
bool take_value(Scope& scope, PyObject* base, PyObject* returned, bool with_patches,
                Produced& made) {
  Finalizer finalizer(scope, true);
  Value result = nullptr;
  if (!scope.adopt(returned) || !finalizer.finalize(returned, &result)) return false;
  made.value = Ref::borrow(to_object(result));
  if (with_patches) {
    diff_replaced(python_model(), base, result, &made.patches, &made.inverse);
  }
  return true;
}

bool produce_into(PyObject* base, PyObject* recipe, bool with_patches, Produced& made) {
  Scope scope(python_model(), false);
  if (!scope.opens(base)) {
    Ref returned = Ref::take(check_root(base) ? call_recipe(recipe, base) : nullptr);
    if (!returned) return false;
    made.value =
        returned.get() == Py_None ? Ref::borrow(base) : Ref::take(plain_or_self(returned.get()));
    if (made.value && with_patches) {
      diff_replaced(python_model(), base, made.value.get(), &made.patches, &made.inverse);
    }
    return static_cast<bool>(made.value);
  }
  draft::Draft* root = scope.open(base);
  if (root == nullptr) return false;
  Value argument = root->face;
  if (root->kind == draft::Kind::fixed && !scope.give(*root, &argument)) return false;
  Ref watch;
  if (!watch_leaves(base, watch)) return false;
  Ref returned = Ref::take(call_recipe(recipe, to_object(argument)));
  if (!returned || !check_leaves(watch)) return false;
  if (returned.get() == Py_None || returned.get() == argument) {
    return take_edits(scope, *root, with_patches, made);
  }
  if (scope.edited()) {
    raise_edited_and_returned(recipe, returned.get());
    return false;
  }
  return take_value(scope, base, returned.get(), with_patches, made);
}

bool produce_arguments(const char* function, PyObject* const* args, Py_ssize_t count,
                       PyObject* kwnames, PyObject** slots) {
  static const char* const names[] = {"base", "recipe", nullptr};
  if (count == 2 && kwnames == nullptr) {
    slots[0] = args[0];
    slots[1] = args[1];
  } else if (!parse_arguments(function, names, 2, args, count, kwnames, slots)) {
    return false;
  }
  if (slots[0] != nullptr && slots[1] != nullptr) return check_recipe(slots[1], function);
  PyErr_Format(PyExc_TypeError, "%s() needs a base and a recipe", function);
  return false;
}

PyObject* produce(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  PyObject* slots[2] = {};
  if (!produce_arguments("produce", args, count, kwnames, slots)) return nullptr;
  Ref base = Ref::take(plain_or_self(slots[0]));
  Produced made;
  return base && produce_into(base.get(), slots[1], false, made) ? made.value.release() : nullptr;
}

PyObject* produce_with_patches(PyObject*, PyObject* const* args, Py_ssize_t count,
                               PyObject* kwnames) {
  PyObject* slots[2] = {};
  if (!produce_arguments("produce_with_patches", args, count, kwnames, slots)) return nullptr;
  Ref base = Ref::take(plain_or_self(slots[0]));
  Produced made;
  return base && produce_into(base.get(), slots[1], true, made) ? as_triple(made) : nullptr;
}

PyObject* open_draft(PyObject*, PyObject* base) {
  Ref plain = Ref::take(plain_or_self(base));
  return plain ? open_session(plain.get()) : nullptr;
}

PyObject* finish(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  static const char* const names[] = {"d", "patches", nullptr};
  PyObject* slots[2] = {nullptr, Py_False};
  if (!parse_arguments("finish", names, 2, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr) {
    PyErr_SetString(PyExc_TypeError, "finish() needs a draft");
    return nullptr;
  }
  const int with_patches = PyObject_IsTrue(slots[1]);
  SessionObject* session = with_patches < 0 ? nullptr : session_of_root("finish", slots[0]);
  if (session == nullptr) return nullptr;
  Ref kept = Ref::borrow(as_object(session));
  Produced made;
  Ref watch = Ref::take(std::exchange(session->watch, nullptr));
  ++session->busy;  // constructors of records run now and must not finish the session again
  const bool ok = check_leaves(watch) &&
                  take_edits(*session->scope, as_draft(slots[0])->draft, with_patches != 0, made);
  --session->busy;
  session->scope->close();
  if (!ok) return nullptr;
  return with_patches != 0 ? as_triple(made) : made.value.release();
}

bool check_draft(const char* function, PyObject* object) {
  if (is_draft(object)) return true;
  PyErr_Format(PyExc_TypeError, "%s() takes a draft, not %s", function, described(object).c_str());
  return false;
}

PyObject* current(PyObject*, PyObject* object) {
  return check_draft("current", object) ? current_value(object) : nullptr;
}

PyObject* original(PyObject*, PyObject* object) {
  if (!check_draft("original", object)) return nullptr;
  DraftAccess access(object);
  if (!access || !access.scope().read_subtree(access.draft())) return nullptr;
  return Py_NewRef(to_object(access.draft().base));
}

PyObject* is_draft_function(PyObject*, PyObject* object) {
  return PyBool_FromLong(is_draft(object));
}

// Where the last read of the draft's scope found its value: (draft, key), or None.
PyObject* last_read(PyObject*, PyObject* object) {
  if (!check_draft("last_read", object)) return nullptr;
  DraftAccess access(object);
  if (!access) return nullptr;
  const Scope::LastRead& read = access.scope().last_read();
  if (read.draft == nullptr) Py_RETURN_NONE;
  Ref parent = Ref::take(access.give(read.draft->face));
  Ref key = read.key == nullptr ? Ref::take(PyLong_FromSize_t(read.index))
                                : Ref::borrow(to_object(read.key));
  return key ? PyTuple_Pack(2, parent.get(), key.get()) : nullptr;
}

// From now on the draft's scope remembers its last read.
PyObject* trace(PyObject*, PyObject* object) {
  if (!check_draft("trace", object)) return nullptr;
  DraftAccess access(object);
  if (!access) return nullptr;
  access.scope().trace();
  Py_RETURN_NONE;
}

// --- applying

const char* reason(draft::Refusal refusal) {
  switch (refusal) {
    case draft::Refusal::missing:
      return "there is nothing at that path";
    case draft::Refusal::bad_index:
      return "its path names no position of the list there";
    case draft::Refusal::not_container:
      return "its path goes on below a value that has no parts";
    case draft::Refusal::not_removable:
      return "the root value and the fields of records cannot be removed";
    case draft::Refusal::in_tuple:
      return "a tuple cannot be edited, only the containers in it; replace the tuple";
    case draft::Refusal::into_itself:
      return "a value cannot be moved into itself";
    case draft::Refusal::different:
      return "the value there is another one than the test expects";
    case draft::Refusal::other_type:
      return "it replaces the draft by a value of another type; return that value from the recipe";
    case draft::Refusal::host:
      break;
  }
  return "it failed";
}

// Sets PatchError. An error that was set becomes its cause.
void raise_failure(const draft::ApplyFailure& failure, const PatchList& patches) {
  PyObject *type = nullptr, *cause = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &cause, &traceback);
  if (type != nullptr && PyErr_GivenExceptionMatches(type, PyExc_Exception) == 0) {
    PyErr_Restore(type, cause, traceback);  // KeyboardInterrupt and the like pass through
    return;
  }
  PyErr_NormalizeException(&type, &cause, &traceback);
  Ref owned_type = Ref::take(type);
  Ref owned_cause = Ref::take(cause);
  Ref owned_traceback = Ref::take(traceback);
  Ref which = Ref::take(describe_patch(failure.patch, patches[failure.patch]));
  if (!which) return;
  const std::string why =
      owned_cause ? described(owned_cause.get()) : std::string(reason(failure.refusal));
  Ref message =
      Ref::take(PyUnicode_FromFormat("%U cannot be applied: %s", which.get(), why.c_str()));
  Ref error =
      Ref::take(message ? PyObject_CallOneArg(registry().patch_error, message.get()) : nullptr);
  if (!error) return;
  if (owned_cause) PyException_SetCause(error.get(), owned_cause.release());
  PyErr_SetObject(registry().patch_error, error.get());
}

bool apply_to(Scope& scope, Value root, const PatchList& patches, Ref& result) {
  draft::ApplyFailure failure;
  if (!apply(scope, &root, patches, &failure)) {
    raise_failure(failure, patches);
    return false;
  }
  Finalizer finalizer(scope, true);
  Value value = nullptr;
  if (!finalizer.finalize(root, &value)) return false;
  result = Ref::borrow(to_object(value));
  return true;
}

// Applies all patches to a draft, or none: they are tried on a plain copy first. The trial counts
// as a read of the draft only if it fails, because then the recipe may depend on the failure.
PyObject* apply_to_draft(PyObject* face, const PatchList& patches) {
  DraftAccess access(face);
  if (!access || !access.scope().refresh_base(access.draft())) return nullptr;
  {
    Scope trial(python_model(), false);
    Finalizer finalizer(access.scope(), false);
    Value now = nullptr;
    if (!finalizer.finalize(face, &now)) return nullptr;
    draft::ApplyFailure failure;
    draft::Draft* copy = trial.open(now);
    if (copy == nullptr) return nullptr;
    if (!apply_in_place(trial, *copy, patches, &failure)) {
      raise_failure(failure, patches);
      const SavedError kept;
      if (!access.scope().read_subtree(access.draft())) PyErr_Clear();
      return nullptr;
    }
  }
  draft::ApplyFailure failure;
  if (apply_in_place(access.scope(), access.draft(), patches, &failure)) return Py_NewRef(face);
  raise_failure(failure, patches);
  return nullptr;
}

PyObject* apply_patches(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* kwnames) {
  static const char* const names[] = {"base", "patches", nullptr};
  PyObject* slots[2] = {};
  if (!parse_arguments("apply_patches", names, 2, args, count, kwnames, slots)) return nullptr;
  if (slots[0] == nullptr || slots[1] == nullptr) {
    PyErr_SetString(PyExc_TypeError, "apply_patches() needs a base and patches");
    return nullptr;
  }
  PatchList patches(python_model());
  if (!patches_from(slots[1], patches)) return nullptr;
  if (is_draft(slots[0])) return apply_to_draft(slots[0], patches);
  Scope scope(python_model(), false);
  Value root = slots[0];
  if (scope.opens(root)) {
    draft::Draft* opened = scope.open(root);
    if (opened == nullptr) return nullptr;
    root = opened->face;
  }
  Ref result;
  return apply_to(scope, root, patches, result) ? result.release() : nullptr;
}

// share(before, now): `now`, in which each part that equals its counterpart in `before` is the old
// object.
PyObject* share_parts(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "share() takes the old value and the new one");
    return nullptr;
  }
  Value shared = draft::share(python_model(), args[0], args[1], draft::Leaves::alike);
  return to_object(shared);
}

constexpr int kFast = METH_FASTCALL | METH_KEYWORDS;

PyMethodDef functions[] = {
    {"produce", as_function(produce), kFast, docs::produce},
    {"produce_with_patches", as_function(produce_with_patches), kFast, docs::produce_with_patches},
    {"apply_patches", as_function(apply_patches), kFast, docs::apply_patches},
    {"draft", open_draft, METH_O, docs::draft},
    {"finish", as_function(finish), kFast, docs::finish},
    {"current", current, METH_O, docs::current},
    {"original", original, METH_O, docs::original},
    {"is_draft", is_draft_function, METH_O, docs::is_draft},
    {"check_not_edited", as_function(check_not_edited), METH_FASTCALL,
     "Raises for a recipe that edits its part and returns a value."},
    {"last_read", last_read, METH_O, "Where the last read came from, for lenses."},
    {"share", as_function(share_parts), METH_FASTCALL,
     "A new value with the equal parts of an old one."},
    {"trace", trace, METH_O, "Makes last_read() remember, for lenses."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_draft_functions(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace halflife::bindings
