// The model for random programs: it recomputes everything each time, and has no links, heights or
// stamps. Atoms are indices; formulas are data, so that a program can be replayed from its seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace halflife::oracle {

// A derived atom reads `first`; depending on its value it reads further inputs, fails, or both.
struct Formula {
  std::size_t first;
  std::vector<std::size_t> even;  // read when the first is even
  std::vector<std::size_t> odd;   // ... when it is odd
  long modulus;                   // the result is taken modulo this: small ones cut off often
  long fails_at;                  // a sum with this rest is an error
  bool catches;                   // a failed input counts as 7 instead of failing this atom
};

struct Result {
  long number = 0;
  bool failed = false;
  bool operator==(const Result&) const = default;
};

struct Model {
  std::vector<long> sources;
  std::vector<Formula> formulas;  // of atom `sources.size() + index`; reads lower atoms only

  std::size_t size() const { return sources.size() + formulas.size(); }

  // All values, computed from scratch in order.
  std::vector<Result> evaluate() const {
    std::vector<Result> results;
    for (const long source : sources) results.push_back({source, false});
    for (const Formula& formula : formulas) {
      results.push_back(apply(formula, [&](std::size_t index) { return results[index]; }));
    }
    return results;
  }

  // The result of one formula; `read` gives an input's result. The engine's atoms call this, too.
  template <class Read>
  static Result apply(const Formula& formula, Read&& read) {
    long sum = 0;
    const auto add = [&](std::size_t input) {
      const Result result = read(input);
      if (result.failed && !formula.catches) return false;
      sum += result.failed ? 7 : result.number;
      return true;
    };
    if (!add(formula.first)) return {0, true};
    for (const std::size_t input : sum % 2 == 0 ? formula.even : formula.odd) {
      if (!add(input)) return {0, true};
    }
    const long rest = ((sum % formula.modulus) + formula.modulus) % formula.modulus;
    return {rest, rest == formula.fails_at};
  }

  // The inputs that a run would read now.
  std::vector<std::size_t> inputs(std::size_t atom, const std::vector<Result>& results) const {
    std::vector<std::size_t> read;
    if (atom < sources.size()) return read;
    apply(formulas[atom - sources.size()], [&](std::size_t index) {
      read.push_back(index);
      return results[index];
    });
    return read;
  }
};

}  // namespace halflife::oracle
