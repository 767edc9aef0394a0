// The plain host: a graph over C++ numbers, for tests. It does the work that the bindings do for
// Python: finds an atom's node, throws the errors of the store, and drives runs.
//
// After every step from outside it checks the store's invariant, and at its end it counts the
// values that are still alive.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/graph/store.hpp"
#include "plain_atom.hpp"
#include "plain_value.hpp"

namespace halflife::plain {

using Log = std::vector<std::string>;

// The subscriber's handle. Its destruction does not unsubscribe: tests do so explicitly.
class Handle {
 public:
  Handle() = default;
  Handle(Graph& graph, graph::Subscription* subscription)
      : graph_(&graph), subscription_(subscription) {}
  Handle(Handle&& other) noexcept
      : graph_(other.graph_), subscription_(std::exchange(other.subscription_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(graph_, other.graph_);
    std::swap(subscription_, other.subscription_);
    return *this;
  }
  ~Handle();

  void unsubscribe();
  bool active() const { return subscription_ != nullptr && subscription_->node != nullptr; }

 private:
  Graph* graph_ = nullptr;
  graph::Subscription* subscription_ = nullptr;
};

class Graph : public graph::Host {
 public:
  Graph();
  ~Graph() override;

  // --- definitions
  AtomPointer source(std::string name, long initial = 0);
  AtomPointer derived(std::string name, std::function<long(Reader&)> read);
  AtomPointer asynchronous(std::string name, std::function<void()> on_start = {});
  AtomPointer view(std::string name, AtomPointer of);
  AtomPointer effect(std::string name, std::function<void(Reader&)> run);

  // --- the store, as its users see it; throws Refused
  long get(const AtomPointer& atom);
  std::string show(const AtomPointer& atom);  // the number, "error: text", or "nothing"
  void set(const AtomPointer& atom, long value);
  void set_value(const AtomPointer& atom, Number* value);
  void promise(const AtomPointer& atom, const std::string& name);
  void refresh(const AtomPointer& atom);
  void batch(const std::function<void()>& block);
  Handle subscribe(const AtomPointer& atom);  // logs its notifications
  Handle subscribe(const AtomPointer& atom, std::function<void(long)> told,
                   std::function<void(const std::string&)> failed = {});
  void observe(const AtomPointer& effect);
  void unobserve(const AtomPointer& effect);
  void end_effect(const AtomPointer& effect);  // and its node with it
  void expire(const AtomPointer& atom);
  void wait(const AtomPointer& atom);
  void stop_waiting(const AtomPointer& atom);
  void ensure(const AtomPointer& atom);
  void end_tick();  // the end of a loop tick
  void close();     // all later operations are refused

  // --- runs, driven by the test
  // `get` in the current run of `atom`: the value, or kNothing if the run must await it.
  long get_in_run(const AtomPointer& atom, const AtomPointer& input);
  // The value of the awaited input, which has arrived.
  long receive(const AtomPointer& atom, const AtomPointer& input);
  Generation generation(const AtomPointer& atom);
  void resolve(const AtomPointer& atom, long value);
  void resolve_run(const AtomPointer& atom, Generation generation, long value);
  void reject(const AtomPointer& atom, const std::string& text);
  void halt(const AtomPointer& atom);
  void publish(const AtomPointer& atom, long value);
  bool pending(const AtomPointer& atom) { return node_of(*atom).pending(); }

  graph::Node& node_of(Atom& atom);
  Log take_log();
  Log take_events();
  void check();
  void say(std::string line) { log_.push_back(std::move(line)); }
  // Throws the error of the store, after a call that returned false.
  [[noreturn]] void throw_raised();

  graph::Store store{*this};
  bool has_loop = true;
  bool checks = true;         // check the invariant after each step
  bool plain_release = true;  // numbers die at once, as ints do in Python
  int interrupts = 0;         // interrupts deferred to the end of a flush
  int deferred = 0;
  bool closed = false;
  std::function<void()> on_errand;  // [user] called once for each event
  std::unordered_map<void*, AtomPointer> held;
  std::unordered_multimap<void*, AtomPointer> held_inputs;

  // --- Host
  Outcome run(graph::Node& node, graph::Frame& frame) override;
  void run_effect(graph::Node& node, graph::Frame& frame) override;
  bool equal(graph::Node& node, Value before, Value now) override;
  bool same_error(Value before, Value now) override { return before == now; }
  void own(Value value) override { ++object_of(value)->references; }
  void release(Value value) override;
  bool release_plain(Value value) override;
  void hold(graph::Node& node) override;
  void unhold(void* atom) override;
  void hold_input(graph::Node& input) override;
  void unhold_input(void* atom) override;
  void forget(graph::Node& node) override;
  bool can_start(graph::Node& node, bool demand) override;
  Value make_run(graph::Node& node, Generation generation) override;
  void start(Value run) override;
  void cancel(Value run) override;
  void wake(graph::Node& node) override;
  bool defer() override;
  void notify(graph::Subscription& subscription) override;
  void mount(graph::Node& node) override;
  void unmount(graph::Node& node) override;
  bool linger(graph::Node& node) override;
  void run_errands() override;
  void raise(Error error, std::span<graph::Node* const> nodes) override;
  void raise_unwind() override;
  void clear_unwind() override;
  void keep_interrupt() override { ++interrupts; }
  bool raise_collected() override;
  void event(Event event, const graph::Node& node) override;

 private:
  friend class Reader;
  enum class Raised { nothing, refused, unwind, interrupt };

  static Atom& atom_of(const graph::Node& node) { return *static_cast<Atom*>(node.atom); }
  AtomPointer make(std::string name, graph::Kind kind);
  void step(bool ok);
  void call(const std::function<void()>& function);
  Outcome look(Atom& atom, graph::Frame& frame);

  Raised raised_ = Raised::nothing;
  std::string raised_text_;
  Log collected_;
  Log log_;
  Log events_;
  int errands_ = 0;
  bool on_errand_now_ = false;
  long before_;  // objects alive at construction
};

}  // namespace halflife::plain
