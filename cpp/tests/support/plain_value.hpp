// Values of the plain host: reference-counted C++ objects. Living objects are counted, so that a
// count other than zero at the end of a test is a leak, and AddressSanitizer finds a value that was
// released twice.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/graph/node.hpp"

namespace halflife::plain {

struct Object {
  Object() { ++alive; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() { --alive; }

  long references = 1;
  inline static long alive = 0;
};

// What an atom holds: a number.
struct Number : Object {
  explicit Number(long value) : number(value) {}
  ~Number() override {
    if (on_death) on_death();
  }

  long number;
  std::function<void()> on_death;  // stands for a user's __del__
};

// An error, which is a value too. Two errors are one only if they are the same object.
struct Failure : Object {
  explicit Failure(std::string what) : text(std::move(what)) {}

  std::string text;
};

// A subscriber: a function of the value, or of the error's text.
struct Callback : Object {
  std::function<void(long)> told;
  std::function<void(const std::string&)> failed;
};

// Stands for an awaitable of a number.
struct Promise : Object {
  explicit Promise(std::string what) : name(std::move(what)) {}

  std::string name;
};

// The handle of one run of an asynchronous atom. The test drives the run.
struct Run : Object {
  Run(graph::Node& of, Generation which) : node(&of), generation(which) {}

  graph::Node* node;
  Generation generation;
  bool started = false;
  bool cancelled = false;
};

inline Object* object_of(Value value) { return static_cast<Object*>(value); }
inline Number& number_of(Value value) { return *static_cast<Number*>(object_of(value)); }
inline Failure& failure_of(Value value) { return *static_cast<Failure*>(object_of(value)); }

}  // namespace halflife::plain
