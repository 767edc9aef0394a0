// Random programs against a model that recomputes everything: values, run counts, notifications.
//
// A failure prints its seed.
#include <random>

#include "../support/choices.hpp"
#include "../support/plain_host.hpp"
#include "oracle_shadow.hpp"

namespace halflife::oracle {
namespace {

using plain::AtomPointer;
using plain::Failed;
using plain::Graph;
using plain::Handle;
using plain::Reader;

struct Undone {};

class Program {
 public:
  explicit Program(unsigned seed) : random_(seed), model_(make_model()), shadow_(model_) {
    for (std::size_t index = 0; index < model_.sources.size(); ++index) {
      atoms_.push_back(graph_.source("s" + std::to_string(index), model_.sources[index]));
    }
    for (std::size_t index = 0; index < model_.formulas.size(); ++index) {
      atoms_.push_back(graph_.derived("d" + std::to_string(index), [this, index](Reader& get) {
        return compute(model_.formulas[index], get);
      }));
    }
    for (const AtomPointer& atom : atoms_) graph_.node_of(*atom);
  }

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      story_.clear();
      note_live();
      switch (below(12)) {
        case 0:
        case 1:
        case 2:
          set_one();
          break;
        case 3:
        case 4:
          read(any());
          break;
        case 5:
          subscribe(any());
          break;
        case 6:
          unsubscribe();
          break;
        case 7:
          refresh(derived());
          break;
        case 8:
        case 9:
          batch(true);
          break;
        case 10:
          failing_batch(false);
          break;
        default:
          failing_batch(true);
          break;
      }
      expect_agreement();
      if (testing::Test::HasFailure()) ADD_FAILURE() << "in step " << step << ":" << story_;
    }
    while (!observers_.empty()) unsubscribe();
    graph_.check();
  }

 private:
  struct Observer {
    std::size_t atom;
    Handle handle;
    Result told;  // the last notified value, or the value at subscription
    long error = 0;
    std::vector<Result> heard;  // notifications in this step
    bool vague = false;         // may be notified of another error, or not
    bool newcomer = false;      // subscribed in this step's batch: may hear of a value that it saw
  };

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  std::size_t any() { return below(model_.size()); }
  std::size_t derived() { return model_.sources.size() + below(model_.formulas.size()); }

  Model make_model() {
    Model model;
    const std::size_t sources = 2 + below(4);
    for (std::size_t index = 0; index < sources; ++index) {
      model.sources.push_back(static_cast<long>(below(6)));
    }
    const std::size_t formulas = 4 + below(24);
    for (std::size_t index = 0; index < formulas; ++index) {
      const std::size_t lower = sources + index;
      // Mostly near neighbors, so that graphs grow high.
      const auto input = [&] {
        return chance(60) ? lower - 1 - below(std::min<std::size_t>(lower, 4)) : below(lower);
      };
      Formula formula{input(),   {}, {}, static_cast<long>(2 + below(9)), chance(15) ? 1L : -1L,
                      chance(40)};
      for (std::size_t count = below(4); count > 0; --count) formula.even.push_back(input());
      for (std::size_t count = below(4); count > 0; --count) formula.odd.push_back(input());
      model.formulas.push_back(formula);
    }
    return model;
  }

  long compute(const Formula& formula, Reader& get) {
    std::optional<Failed> met;
    const Result result = Model::apply(formula, [&](std::size_t input) -> Result {
      try {
        return {get(atoms_[input]), false};
      } catch (const Failed& failed) {
        met.emplace(failed);
        return {0, true};
      }
    });
    if (!result.failed) return result.number;
    if (met && !formula.catches) throw Failed(*met);
    throw Failed("own");
  }

  Result result_of(std::size_t atom) {
    const graph::Node& node = graph_.node_of(*atoms_[atom]);
    if (node.is(graph::flag::error)) return {0, true};
    return {plain::number_of(node.value).number, false};
  }

  // --- operations of a program
  void tell(const char* what, std::size_t atom, long value = -1) {
    gather_live();
    story_ += std::string(" ") + what + " " + atoms_[atom]->name;
    if (value >= 0) story_ += " " + std::to_string(value);
  }

  void set_one() {
    const std::size_t source = below(model_.sources.size());
    const long value = static_cast<long>(below(6));
    tell("set", source, value);
    model_.sources[source] = value;
    shadow_.set(source, value);
    graph_.set(atoms_[source], value);
  }

  void read(std::size_t atom) {
    tell("read", atom);
    const std::string shown = graph_.show(atoms_[atom]);
    shadow_.bring(atom);  // nothing else: observed atoms wait for the end of a batch
    expect_same(result_of(atom), model_.evaluate()[atom], atom);
    EXPECT_EQ(shown.starts_with("error"), result_of(atom).failed);
  }

  void subscribe(std::size_t atom) {
    if (observers_.size() > 6) return;
    tell("subscribe", atom);
    auto observer = std::make_unique<Observer>();
    observer->atom = atom;
    Observer* raw = observer.get();
    observer->handle = graph_.subscribe(
        atoms_[atom], [this, raw](long number) { hear(*raw, {number, false}); },
        [this, raw](const std::string&) { hear(*raw, {0, true}); });
    const Shadow::State& state = shadow_.bring(atom);
    observer->told = state.result;
    observer->error = state.error;
    observer->newcomer = true;
    observers_.push_back(std::move(observer));
  }

  void unsubscribe() {
    if (observers_.empty()) return;
    const std::size_t which = below(observers_.size());
    tell("unsubscribe", observers_[which]->atom);
    observers_[which]->handle.unsubscribe();
    observers_.erase(observers_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void refresh(std::size_t atom) {
    tell("refresh", atom);
    graph_.refresh(atoms_[atom]);
    shadow_.states[atom].forced = true;
  }

  void inside(bool reads) {
    for (std::size_t count = 1 + below(5); count > 0; --count) {
      if (reads && chance(30)) {
        read(any());
      } else if (reads && !failing_ && chance(10)) {
        subscribe(any());
      } else {
        set_one();
      }
    }
  }

  void batch(bool reads) {
    const std::vector<long> sources = model_.sources;
    const std::vector<Shadow::State> states = shadow_.states;
    std::vector<bool> live(model_.size());
    story_ += " batch";
    graph_.batch([&] {
      inside(reads);
      if (chance(30)) nested(false);
      if (chance(30)) graph_.batch([&] { inside(reads); });
      if (chance(30)) {  // some sources are set back
        for (std::size_t index = 0; index < sources.size(); ++index) {
          if (!chance(70)) continue;
          tell("set back", index, sources[index]);
          graph_.set(atoms_[index], sources[index]);
          model_.sources[index] = sources[index];
          shadow_.set(index, sources[index]);
        }
        if (reads && chance(30)) read(any());
      }
      for (std::size_t atom = 0; atom < live.size(); ++atom) {
        live[atom] = graph_.node_of(*atoms_[atom]).is(graph::flag::live);
      }
    });
    for (std::size_t index = 0; index < sources.size(); ++index) {
      if (sources[index] != model_.sources[index]) continue;
      // Counts as never set, also for observed atoms that have read it since.
      const long now = std::exchange(shadow_.states[index].version, states[index].version);
      for (std::size_t atom = 0; atom < live.size(); ++atom) {
        for (auto& [input, version] : shadow_.states[atom].read) {
          if (live[atom] && input == index && version == now) version = states[index].version;
        }
      }
    }
  }

  // A batch that fails, nested or alone. Without reads inside, it leaves no trace.
  void nested(bool reads) {
    const std::vector<long> sources = model_.sources;
    const std::vector<Shadow::State> states = shadow_.states;
    story_ += " failing batch (";
    failing_ = true;
    try {
      graph_.batch([&] {
        inside(reads);
        if (chance(50)) graph_.batch([&] { inside(reads); });
        throw Undone{};
      });
    } catch (const Undone&) {
    }
    failing_ = false;
    story_ += ")";
    model_.sources = sources;
    for (std::size_t index = 0; index < states.size(); ++index) {
      const long runs = shadow_.states[index].runs;
      shadow_.states[index] = states[index];
      shadow_.states[index].runs = runs;
    }
  }

  void failing_batch(bool reads) {
    nested(reads);
    if (!reads) return;
    // Unobserved atoms read inside are computed again at an unknown time. The shadow must know the
    // time, so everything runs once more.
    expect_values_and_silence();
    resynchronize();
  }

  void resynchronize() {
    for (const auto& observer : observers_) observer->vague = true;
    for (std::size_t atom = model_.sources.size(); atom < model_.size(); ++atom) {
      graph_.refresh(atoms_[atom]);
      shadow_.states[atom].forced = true;
    }
    for (std::size_t atom = model_.sources.size(); atom < model_.size(); ++atom) {
      graph_.show(atoms_[atom]);
      shadow_.bring(atom);
      shadow_.states[atom].runs = graph_.node_of(*atoms_[atom]).runs;
    }
  }

  // --- expectations
  void expect_same(Result held, Result expected, std::size_t atom) {
    EXPECT_EQ(held.failed, expected.failed) << atoms_[atom]->name;
    if (expected.failed) return;
    EXPECT_EQ(held.number, expected.number) << atoms_[atom]->name;
  }

  void note_live() {
    live_.assign(model_.size(), false);
    gather_live();
    for (const auto& observer : observers_) {
      observer->heard.clear();
      observer->vague = observer->newcomer = false;
    }
  }

  // All atoms that were observed at some time in this step.
  void gather_live() {
    for (std::size_t atom = 0; atom < model_.size(); ++atom) {
      live_[atom] = live_[atom] || graph_.node_of(*atoms_[atom]).is(graph::flag::live);
    }
  }

  // The engine has recomputed the observed atoms; the shadow does so, too.
  void settle() {
    gather_live();
    for (const auto& observer : observers_) shadow_.bring(observer->atom);
    // The engine may have run an observed atom that is no longer needed.
    for (std::size_t atom = model_.sources.size(); atom < model_.size(); ++atom) {
      const graph::Node& node = graph_.node_of(*atoms_[atom]);
      if (live_[atom] && node.runs == shadow_.states[atom].runs + 1 && shadow_.stale(atom)) {
        shadow_.run(atom);
      }
    }
  }

  void hear(Observer& observer, Result result) {
    const std::vector<Result> now = model_.evaluate();
    expect_same(result, now[observer.atom], observer.atom);
    for (const auto& other : observers_) {  // all values are of one moment
      expect_same(result_of(other->atom), now[other->atom], other->atom);
    }
    observer.heard.push_back(result);
  }

  void expect_values_and_silence() {
    const std::vector<Result> now = model_.evaluate();
    for (const auto& observer : observers_) {
      expect_same(result_of(observer->atom), now[observer->atom], observer->atom);
      EXPECT_TRUE(observer->heard.empty()) << atoms_[observer->atom]->name << " was told";
    }
  }

  void expect_agreement() {
    graph_.check();
    settle();
    const std::vector<Result> now = model_.evaluate();
    for (std::size_t atom = 0; atom < model_.size(); ++atom) {
      const graph::Node& node = graph_.node_of(*atoms_[atom]);
      if (atom >= model_.sources.size()) {
        EXPECT_EQ(node.runs, shadow_.states[atom].runs) << "runs of " << atoms_[atom]->name;
      }
      if (!node.is(graph::flag::live)) continue;
      expect_same(result_of(atom), now[atom], atom);
    }
    for (const auto& observer : observers_) {
      const Shadow::State& state = shadow_.states[observer->atom];
      const bool news = !Shadow::same_as(state, observer->told, observer->error);
      const bool either = (observer->vague && state.result.failed && observer->told.failed) ||
                          (observer->newcomer && !news);
      if (!either) {
        EXPECT_EQ(observer->heard.size(), news ? 1U : 0U) << atoms_[observer->atom]->name;
      }
      observer->told = state.result;
      observer->error = state.error;
    }
  }

  std::mt19937 random_;
  Graph graph_;
  Model model_;
  Shadow shadow_;
  std::vector<AtomPointer> atoms_;
  std::vector<std::unique_ptr<Observer>> observers_;
  std::vector<bool> live_;
  std::string story_;
  bool failing_ = false;
};

TEST(Oracle, RandomProgramsDoWhatTheModelSays) {
  plain::each_seed(100, [](unsigned seed) { Program(seed).run(60); });
}

}  // namespace
}  // namespace halflife::oracle
