// A value is an opaque handle: core owns, swaps and gives back handles, and never looks inside.
// The host that made it knows what it is (a PyObject in the bindings, a number in the C++ tests).
#pragma once

namespace halflife {

using Value = void*;

// How a run of an atom's read ended.
enum class Status : unsigned char {
  value,        // the handle is the value
  error,        // the handle is the error, which is a value of the atom too
  awaitable,    // the handle will be a value later: the atom is asynchronous now
  unwind,       // nested too deep: a deeper atom is to be evaluated first
  interrupted,  // the host has an interrupt pending; the atom is to be run again
};

struct Outcome {
  Status status;
  Value value;
  bool settled =
      false;  // a value or error that stands for a run's: the node is asynchronous, and settled
};

}  // namespace halflife
