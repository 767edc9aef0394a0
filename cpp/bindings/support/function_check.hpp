// Functions of users are checked when they are given: can they be called with what they will be
// called with, and do they end at once? Most are plain Python functions, which say so in their code
// object; the rest (wrappers, partials, methods, callable objects, built-ins, and all that are
// refused) is looked at by halflife._support.signatures.
#pragma once

#include "python.hpp"

namespace halflife::bindings {

// What a function is given for. `least` to `most` are the numbers of positional arguments that the
// caller can adapt to; a negative `most` means that the user gives the rest.
struct FunctionRole {
  const char* call;        // "subscribe"
  const char* argument;    // "callback"
  const char* parameters;  // "the value"
  int least;
  int most;
  const char* may_be = "plain";  // or "async"
};

// Is it certainly a plain function (neither async nor a generator) that takes so many arguments?
bool plainly_takes(PyObject* function, int least, int most);

// Raises TypeError unless the function can be called as its role says. `is_async` (if asked for) is
// whether a call gives a coroutine.
bool check_function(PyObject* function, const FunctionRole& role, bool* is_async = nullptr);

// For a function that was just called, without being checked before, and raised: if it could not be
// called at all, raises what check_function() says instead. An error is set before and after.
void explain_failed_call(PyObject* function, const FunctionRole& role);

// _core.plainly_takes(function, least, most)
PyObject* plainly_takes_function(PyObject*, PyObject* const* args, Py_ssize_t count);

}  // namespace halflife::bindings
