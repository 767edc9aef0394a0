// A session is opened by draft(base): drafts without a recipe, for edits over a longer time.
// finish() ends the session, or it is discarded.
#pragma once

#include "draft_object.hpp"

namespace halflife::bindings {

// The draft of the container `base` in a new session; null on an error.
PyObject* open_session(PyObject* base);

// The session whose root draft `object` is. Null, with an error set: not a root draft of a session.
SessionObject* session_of_root(const char* function, PyObject* object);

int add_draft_session(PyObject* module);

}  // namespace halflife::bindings
