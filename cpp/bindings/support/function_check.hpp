// Users' functions are checked when they are passed in: do they take the arguments that they will
// be called with, and are they plain or async as required? For plain Python functions the code
// object tells; all others (wrappers, partials, methods, callable objects, built-ins, and functions
// that are refused) are inspected by halflife._support.signatures.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// The role of a function. The caller can pass from `least` to `most` positional arguments; a
// negative `most` means that the user gives the rest.
struct FunctionRole {
  const char* call;        // "subscribe"
  const char* argument;    // "callback"
  const char* parameters;  // "the value"
  int least;
  int most;
  const char* may_be = "plain";  // or "async"
};

// Is the object certainly a plain function (neither async nor a generator) that takes so many
// arguments?
bool plainly_takes(PyObject* function, int least, int most);

// Raises TypeError unless the function can be called as its role says. Sets `is_async`, unless
// null, to whether a call returns a coroutine.
bool check_function(PyObject* function, const FunctionRole& role, bool* is_async = nullptr);

// For a function that was called without a check, and raised: if it could not be called at all,
// replaces the error by that of check_function(). An error is set before and after.
void explain_failed_call(PyObject* function, const FunctionRole& role);

// _core.plainly_takes(function, least, most)
PyObject* plainly_takes_function(PyObject*, PyObject* const* args, Py_ssize_t count);

}  // namespace halflife::bindings
