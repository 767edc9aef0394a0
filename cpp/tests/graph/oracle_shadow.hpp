// The shadow of a graph predicts which atoms run. It caches like the engine, but by simple means:
// every change of a result gets a version, and an atom is valid while the inputs of its last run
// have the versions that it read. The shadow does not know which atoms are observed.
#pragma once

#include <utility>

#include "oracle_model.hpp"

namespace halflife::oracle {

class Shadow {
 public:
  struct State {
    bool computed = false;
    bool forced = false;  // must run although no input changed
    Result result;
    long error = 0;  // the number of the error object
    long version = 0;
    std::vector<std::pair<std::size_t, long>> read;
    long runs = 0;
  };

  explicit Shadow(const Model& of) : model(of), states(of.size()) {
    for (std::size_t index = 0; index < model.sources.size(); ++index) {
      states[index].computed = true;
      states[index].result.number = model.sources[index];
      states[index].version = ++versions_;
    }
  }

  bool stale(std::size_t atom) {
    State& state = states[atom];
    if (atom < model.sources.size()) return false;
    if (!state.computed || state.forced) return true;
    for (const auto& [input, version] : std::vector(state.read)) {
      bring(input);
      if (states[input].version != version) return true;
    }
    return false;
  }

  const State& bring(std::size_t atom) {
    if (stale(atom)) run(atom);
    return states[atom];
  }

  void run(std::size_t atom) {
    std::vector<std::pair<std::size_t, long>> read;
    long propagated = 0;
    const Formula& formula = model.formulas[atom - model.sources.size()];
    const Result now = Model::apply(formula, [&](std::size_t input) {
      const State& state = bring(input);
      bool known = false;
      for (const auto& [other, version] : read) known = known || other == input;
      if (!known) read.emplace_back(input, state.version);
      if (state.result.failed && !formula.catches) propagated = state.error;
      return state.result;
    });
    State& state = states[atom];
    const long error = !now.failed ? 0 : propagated != 0 ? propagated : ++errors_;
    const bool same = state.computed && same_as(state, now, error);
    if (!same) state.version = ++versions_;
    state.result = now;
    state.error = error;
    state.read = std::move(read);
    state.computed = true;
    state.forced = false;
    ++state.runs;
  }

  void set(std::size_t source, long number) {
    if (states[source].result.number == number) return;
    states[source].result.number = number;
    states[source].version = ++versions_;
  }

  static bool same_as(const State& state, const Result& result, long error) {
    if (state.result.failed != result.failed) return false;
    return result.failed ? state.error == error : state.result.number == result.number;
  }

  const Model& model;
  std::vector<State> states;

 private:
  long versions_ = 0;
  long errors_ = 0;
};

}  // namespace halflife::oracle
