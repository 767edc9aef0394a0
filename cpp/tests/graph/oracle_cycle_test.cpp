// Random graphs that close cycles and open them again: while a cycle is closed, any result is
// allowed except a hang, a crash or a broken invariant; once it is open, every value is right.
#include <random>

#include "../support/choices.hpp"
#include "../support/plain_host.hpp"
#include "oracle_model.hpp"

namespace halflife::oracle {
namespace {

using plain::AtomPointer;
using plain::Failed;
using plain::Graph;
using plain::Handle;
using plain::Reader;

// Each atom reads lower ones; while source 0 is odd, some also read a higher one.
class Knot {
 public:
  explicit Knot(unsigned seed) : random_(seed) {
    model_.sources = {0, 1, 2};
    for (std::size_t index = 0; index < 3; ++index) {
      atoms_.push_back(graph_.source("s" + std::to_string(index), model_.sources[index]));
    }
    const std::size_t count = 3 + below(12);
    for (std::size_t index = 0; index < count; ++index) {
      const std::size_t lower = 3 + index;
      model_.formulas.push_back(
          {below(lower), {below(lower)}, {below(lower), below(lower)}, 7, -1, below(3) == 0});
      higher_.push_back(below(3) == 0 ? lower + below(count - index) : 0);
      atoms_.push_back(graph_.derived("d" + std::to_string(index),
                                      [this, index](Reader& get) { return compute(index, get); }));
    }
  }
  ~Knot() {
    for (const AtomPointer& atom : atoms_) atom->read = {};
  }

  void run() {
    for (int step = 0; step < 60 && !testing::Test::HasFailure(); ++step) {
      const std::size_t atom = below(atoms_.size());
      switch (below(5)) {
        case 0:
          graph_.show(atoms_[atom]);
          break;
        case 1:
          if (handles_.size() < 5) handles_.push_back(graph_.subscribe(atoms_[atom], [](long) {}));
          break;
        case 2:
          if (handles_.empty()) break;
          handles_.back().unsubscribe();
          handles_.pop_back();
          break;
        default: {
          const std::size_t source = below(3);
          model_.sources[source] = static_cast<long>(below(6));
          graph_.set(atoms_[source], model_.sources[source]);
        }
      }
      if (model_.sources[0] % 2 == 0) expect_values();
    }
    for (Handle& handle : handles_) handle.unsubscribe();
    handles_.clear();
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  long compute(std::size_t index, Reader& get) {
    if (get(atoms_[0]) % 2 != 0 && higher_[index] != 0) return get(atoms_[higher_[index]]);
    std::optional<Failed> met;
    const Result result = Model::apply(model_.formulas[index], [&](std::size_t input) -> Result {
      try {
        return {get(atoms_[input]), false};
      } catch (const Failed& failed) {
        met.emplace(failed);
        return {0, true};
      }
    });
    if (result.failed) throw Failed(*met);
    return result.number;
  }

  void expect_values() {
    const std::vector<Result> now = model_.evaluate();
    for (std::size_t atom = 0; atom < atoms_.size(); ++atom) {
      EXPECT_EQ(graph_.show(atoms_[atom]), std::to_string(now[atom].number)) << atoms_[atom]->name;
    }
  }

  std::mt19937 random_;
  Graph graph_;
  Model model_;
  std::vector<std::size_t> higher_;
  std::vector<AtomPointer> atoms_;
  std::vector<Handle> handles_;
};

TEST(OracleOfCycles, OpenCirclesLeaveNoTrace) {
  plain::each_seed(150, [](unsigned seed) { Knot(seed).run(); });
}

}  // namespace
}  // namespace halflife::oracle
