// The draft of a list: functions that draft_list.cpp and draft_list_edits.cpp share.
#pragma once

#include <functional>

#include "draft_object.hpp"

namespace halflife::bindings {

// A plain list of the elements, with drafts of containers. Null on an error.
PyObject* list_elements(const DraftAccess& access, Py_ssize_t start, Py_ssize_t step,
                        Py_ssize_t count);
PyObject* list_elements(const DraftAccess& access);

// Reads an index; a negative one counts from the end. False: an error is set.
bool list_index(const DraftAccess& access, PyObject* key, const char* message, Py_ssize_t* index);

// Replaces the elements from start to stop by those of a plain list, or removes them if it is null.
bool list_splice(const DraftAccess& access, Py_ssize_t start, Py_ssize_t stop, PyObject* values);

// del draft[key] if `value` is null; draft[slice] = value.
bool list_assign(const DraftAccess& access, PyObject* key, PyObject* value);

// Calls found(index) for each element that equals the value, until it returns false.
using Found = std::function<bool(Py_ssize_t)>;
bool list_search(const DraftAccess& access, PyObject* value, Py_ssize_t start, Py_ssize_t stop,
                 const Found& found);
// The first position of a value; -1: nowhere; -2: an error is set. `args` are the value and
// optionally start and stop.
Py_ssize_t list_find(const DraftAccess& access, PyObject* const* args, Py_ssize_t count);

PyObject* list_count(PyObject* self, PyObject* value);
int list_contains(PyObject* self, PyObject* value);
PyObject* list_append(PyObject* self, PyObject* value);
PyObject* list_extend(PyObject* self, PyObject* values);
PyObject* list_extend_in_place(PyObject* self, PyObject* values);
PyObject* list_repeat_in_place(PyObject* self, Py_ssize_t times);
PyObject* list_insert(PyObject* self, PyObject* const* args, Py_ssize_t count);
PyObject* list_pop(PyObject* self, PyObject* const* args, Py_ssize_t count);
PyObject* list_clear(PyObject* self, PyObject*);
PyObject* list_sort(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwnames);
PyObject* list_reverse(PyObject* self, PyObject*);

}  // namespace halflife::bindings
