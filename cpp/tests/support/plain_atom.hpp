// Atoms of the plain host. As in Python, a definition lives as long as it is referred to; the store
// is only notified of its death.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/graph/node.hpp"
#include "core/graph/store.hpp"

namespace halflife::plain {

class Graph;
struct Atom;
using AtomPointer = std::shared_ptr<Atom>;

// The value that a synchronous reader gets from an asynchronous or empty atom without a value.
constexpr long kNothing = -999'999'999;

// Thrown by a read: the error that becomes the atom's value. Owns a reference.
struct Failed {
  explicit Failed(Value error);
  explicit Failed(const std::string& text);
  Failed(const Failed& other);
  Failed& operator=(const Failed&) = delete;
  ~Failed();

  Value error;
};
// Thrown by a read that is nested too deep. Must not be caught.
struct Unwound {};
// Stands for a KeyboardInterrupt: not an error of the atom.
struct Interrupt {};
// Returned by a plain read by throwing: the value comes later.
struct Promised {
  std::string name;
};
// An operation that the store refused.
struct Refused : std::exception {
  explicit Refused(std::string what) : text(std::move(what)) {}
  const char* what() const noexcept override { return text.c_str(); }

  std::string text;
};

// The `get` of one run.
class Reader {
 public:
  Reader(Graph& graph, graph::Frame& frame) : graph_(graph), frame_(frame) {}
  long operator()(const AtomPointer& atom) const { return (*this)(*atom); }
  long operator()(Atom& atom) const;
  Graph& graph() const { return graph_; }

 private:
  Graph& graph_;
  graph::Frame& frame_;
};

struct Atom : std::enable_shared_from_this<Atom> {
  Atom(Graph& owner, std::string what, graph::Kind which)
      : graph(owner), name(std::move(what)), kind(which) {}
  Atom(const Atom&) = delete;
  Atom& operator=(const Atom&) = delete;
  ~Atom();

  Graph& graph;
  std::string name;
  graph::Kind kind;
  std::uint32_t flags = 0;
  long initial = 0;
  std::function<long(Reader&)> read;
  std::function<void(Reader&)> effect;
  std::function<bool(long, long)> equal;
  std::function<void()> on_mount;
  std::function<void()> on_unmount;
  std::function<void()> on_cleanup;  // of an effect
  std::function<void()> on_start;    // of an asynchronous run
  AtomPointer viewed;                // of a view
  graph::Node* node = nullptr;
  bool linger = false;
  int runs = 0;  // started runs of `read`, also those that were unwound
};

}  // namespace halflife::plain
