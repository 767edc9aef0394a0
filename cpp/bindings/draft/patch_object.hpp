// The native Patch: one step from a value to another, as the user sees it. Immutable, compared by
// its parts.
#pragma once

#include "../../core/draft/patch/patch.hpp"
#include "../support/python.hpp"

namespace halflife::bindings {

// A list of Patch objects; null on an error. `mirrored`: the list whose inverse these patches are,
// last first. Equal paths are shared with its patches.
PyObject* patches_to_list(const draft::PatchList& patches, PyObject* mirrored = nullptr);

// Reads an iterable of Patch objects. False: a TypeError is set that names the position.
bool patches_from(PyObject* iterable, draft::PatchList& patches);

// The name of an operation ("add", "remove" ...), borrowed; and back. False, with no error set: no
// such operation.
PyObject* patch_op_name(draft::Op op);
bool find_patch_op(PyObject* name, draft::Op* op);

// "patch 2 (replace /items/0)", for messages.
PyObject* describe_patch(std::size_t number, const draft::Patch& patch);

int add_patch_type(PyObject* module);

}  // namespace halflife::bindings
