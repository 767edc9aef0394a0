// A session is what draft(base) opens: drafts without a recipe, for edits that take their time. It
// ends with finish(), or is given up.
#pragma once

#include "draft_object.hpp"

namespace halflife::bindings {

// The draft of `base`, which must be a container, in a session of its own; null on an error.
PyObject* open_session(PyObject* base);

// The session that `object` is the root of; null, with an error set, if it is no such draft.
SessionObject* session_of_root(const char* function, PyObject* object);

int add_draft_session(PyObject* module);

}  // namespace halflife::bindings
