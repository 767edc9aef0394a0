// A driven run: an asynchronous atom that reads one input in its first step, and ends when the test
// resumes it in place of an event loop.
#pragma once

#include <utility>

#include "../support/plain_host.hpp"

namespace halflife::plain {

class DrivenRun {
 public:
  enum class Step { resolve, publish, halt };

  DrivenRun(Graph& graph, std::string name, AtomPointer input, std::function<void()> hook)
      : graph_(graph), input_(std::move(input)) {
    atom = graph.asynchronous(std::move(name), [this, hook = std::move(hook)] {
      generation_ = graph_.generation(atom);
      got_ = kNothing;
      hook();
      read();
      hook();
    });
  }

  static long result(long input) { return input % 5; }

  void advance(Step step) {
    if (!goes_on()) return;
    if (asked_ && got_ == kNothing) {
      if (graph_.pending(input_)) return;
      receive();
    }
    if (got_ == kNothing || step == Step::halt) {
      graph_.halt(atom);
    } else if (step == Step::publish) {
      graph_.publish(atom, result(got_));
    } else {
      graph_.resolve(atom, result(got_));
    }
  }

  AtomPointer atom;

 private:
  // Is the run still current?
  bool goes_on() {
    return !graph_.closed && graph_.store.is_current(graph_.node_of(*atom), generation_);
  }

  // If the read is refused, or the input has failed, the run fails when it is resumed.
  void read() {
    asked_ = false;
    try {
      if (goes_on()) graph_.ensure(input_);
      if (goes_on()) got_ = graph_.get_in_run(atom, input_);
      asked_ = true;
    } catch (...) {
    }
  }
  void receive() {
    try {
      got_ = graph_.receive(atom, input_);
    } catch (const Failed&) {
    }
  }

  Graph& graph_;
  AtomPointer input_;
  Generation generation_ = 0;
  long got_ = kNothing;
  bool asked_ = false;
};

}  // namespace halflife::plain
