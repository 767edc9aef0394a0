// Random programs whose hooks call the store again in the middle of its work: reads, comparisons,
// subscribers, effects, mount hooks, first steps of runs, deaths of values, and the log. Each hook
// performs random operations: set, get, subscribe, end subscriptions and effects, open batches that
// succeed or fail, drop atoms, let a grace period expire, close.
//
// The invariant holds after every step from outside. At the end, with the hooks switched off, every
// value follows from the sources, every change notifies, and nothing is alive after everything was
// dropped.
#include <random>

#include "../support/choices.hpp"
#include "../support/plain_host.hpp"
#include "driven_run.hpp"
#include "oracle_model.hpp"

namespace halflife::oracle {
namespace {

using plain::AtomPointer;
using plain::DrivenRun;
using plain::Failed;
using plain::Graph;
using plain::Handle;
using plain::kNothing;
using plain::Number;
using plain::Reader;

struct Undone {};

class Reentrant {
 public:
  explicit Reentrant(unsigned seed) : random_(seed) {
    may_close_ = chance(15);
    graph_.plain_release = chance(50);
    for (std::size_t index = 2 + below(3); index > 0; --index) add_source();
    const std::size_t chain = chance(5) ? 100 : 0;  // longer than runs may nest
    for (std::size_t index = chain + 2 + below(8); index > 0; --index) add_derived(index > 10);
    for (std::size_t index = below(4); index > 0; --index) add_run();
    if (chance(50)) {
      graph_.store.set_logging(true);
      graph_.on_errand = [this] { hook(); };
    }
  }
  ~Reentrant() {
    armed_ = false;
    for (const AtomPointer& atom : atoms_) atom->equal = {};
  }

  void run() {
    armed_ = true;
    for (int step = 0; step < 30 && sound(); ++step) {
      budget_ = 12;
      attempt([&] { act(); });
      if (!runs_.empty() && chance(30)) attempt([&] { advance(below(runs_.size())); });
      if (chance(10)) attempt([&] { graph_.end_tick(); });
    }
    armed_ = false;
    if (!graph_.closed && sound()) expect_values();
    if (!graph_.closed && sound()) expect_news();
    end();
  }

 private:
  struct Listener {
    std::size_t atom;
    Handle handle;
    long told = kNothing;
  };

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance(std::size_t percent) { return below(100) < percent; }

  // After the first failure the rest would only repeat it.
  static bool sound() { return !testing::Test::HasFailure(); }

  // --- atoms
  void decorate(const AtomPointer& atom) {
    atom->linger = chance(20);
    if (chance(30)) {
      atom->equal = [this](long one, long other) {
        hook();
        return one == other;
      };
    }
    if (chance(40)) atom->on_mount = atom->on_unmount = [this] { hook(); };
  }

  void add_source() {
    model_.sources.push_back(1);
    atoms_.push_back(graph_.source("s" + std::to_string(atoms_.size()), 1));
    decorate(atoms_.back());
  }

  void add_derived(bool in_chain) {
    const std::size_t count = atoms_.size();
    const auto input = [&] { return in_chain ? count - 1 : below(count); };
    model_.formulas.push_back({input(), {input()}, {input(), input()}, 7, -1, false});
    const std::size_t index = model_.formulas.size() - 1;
    atoms_.push_back(graph_.derived("d" + std::to_string(count), [this, index](Reader& get) {
      hook();
      if (armed_ && chance(1)) throw plain::Interrupt{};
      const Result result = Model::apply(model_.formulas[index], [&](std::size_t atom) -> Result {
        const long value = get(atoms_[atom]);
        hook();
        return {value, false};
      });
      return result.number;
    }));
    decorate(atoms_.back());
  }

  void add_run() {
    const std::string number = std::to_string(runs_.size());
    inputs_.push_back(below(atoms_.size() + runs_.size()));  // older runs, too
    runs_.push_back(std::make_unique<DrivenRun>(graph_, "r" + number, atom_at(inputs_.back()),
                                                [this] { hook(); }));
    decorate(runs_.back()->atom);
    views_.push_back(graph_.view("v" + number, runs_.back()->atom));
  }

  AtomPointer atom_at(std::size_t index) {
    return index < atoms_.size() ? atoms_[index] : runs_[index - atoms_.size()]->atom;
  }
  AtomPointer any() {
    const std::size_t index = below(atoms_.size() + 2 * runs_.size());
    const std::size_t views = atoms_.size() + runs_.size();
    return index < views ? atom_at(index) : views_[index - views];
  }

  // The run goes on if its awaited input has settled. Only the event loop does this.
  void advance(std::size_t index) {
    using Step = DrivenRun::Step;
    const std::size_t fate = armed_ ? below(10) : 2;
    runs_[index]->advance(fate == 0 ? Step::halt : fate == 1 ? Step::publish : Step::resolve);
  }

  // --- hooks
  void hook() {
    if (!armed_ || budget_ <= 0 || depth_ >= 4 || graph_.closed || chance(50)) return;
    act();
  }

  template <class Act>
  void attempt(Act act) {
    try {
      if (!graph_.closed) act();
    } catch (...) {  // also the signal to unwind, like a reader that catches it and goes on
    }
  }

  void act() {
    --budget_;
    ++depth_;
    attempt([&] { act_at_random(); });
    --depth_;
  }

  void act_at_random() {
    static constexpr void (Reentrant::* kActs[])() = {
        &Reentrant::set,       &Reentrant::set,     &Reentrant::set,     &Reentrant::get,
        &Reentrant::get,       &Reentrant::observe, &Reentrant::end_any, &Reentrant::end_any,
        &Reentrant::subscribe, &Reentrant::own,     &Reentrant::batch,   &Reentrant::come_and_go,
        &Reentrant::subscribe, &Reentrant::refresh, &Reentrant::expire,  &Reentrant::close,
    };
    (this->*kActs[below(std::size(kActs))])();
  }

  void get() { graph_.get(any()); }
  void expire() { graph_.expire(atom_at(below(atoms_.size() + runs_.size()))); }
  void refresh() {
    const std::size_t sources = model_.sources.size();
    graph_.refresh(atom_at(sources + below(atoms_.size() + runs_.size() - sources)));
  }
  // The store, or its event loop.
  void close() {
    if (may_close_ && chance(10)) return graph_.close();
    graph_.has_loop = chance(80);
  }

  Number* number(long value) {
    auto* number = new Number(value);
    if (chance(30)) number->on_death = [this] { hook(); };
    return number;
  }

  void set() {
    const AtomPointer source = atoms_[below(model_.sources.size())];
    graph_.set_value(source, number(static_cast<long>(below(4))));
  }

  void refuse_inside_reads() {
    if (!graph_.store.writable_now()) graph_.throw_raised();
  }

  void told(Listener& listener, long value) {
    listener.told = value;
    hook();
    if (armed_ && chance(5)) throw Failed("told");
  }

  std::shared_ptr<Listener> listen(const AtomPointer& atom) {
    refuse_inside_reads();
    auto listener = std::make_shared<Listener>();
    const std::weak_ptr<Listener> known = listener;  // the handle must not keep itself alive
    listener->handle = graph_.subscribe(
        atom,
        [this, known](long value) {
          if (const auto alive = known.lock()) told(*alive, value);
        },
        [](const std::string&) {});
    return listener;
  }

  void subscribe() { listeners_.push_back(listen(any())); }

  AtomPointer make_effect() {
    refuse_inside_reads();
    const AtomPointer one = any();
    const AtomPointer other = any();
    auto effect = graph_.effect("effect", [this, one, other](Reader& get) {
      hook();
      get(one);
      hook();
      if (!graph_.closed) get(other);
    });
    effect->on_cleanup = [this] { hook(); };
    return effect;
  }

  void observe() {
    effects_.push_back(make_effect());
    const AtomPointer effect = effects_.back();
    graph_.observe(effect);
    if (chance(30)) end_effect(effect);
  }

  // Ends the effect as its handle does: the node is freed at once.
  void end_effect(AtomPointer effect) {
    if (std::erase(effects_, effect) > 0) graph_.end_effect(effect);
  }

  void end_any() {
    if (chance(40)) {
      if (!effects_.empty()) end_effect(effects_[below(effects_.size())]);
    } else if (!listeners_.empty()) {
      const auto which = listeners_.begin() + static_cast<std::ptrdiff_t>(below(listeners_.size()));
      const auto listener = *which;
      listeners_.erase(which);
      listener->handle.unsubscribe();
    }
  }

  // A value without references ends what it owns: stands for __del__ in a cycle.
  void own() {
    const AtomPointer effect = make_effect();
    effects_.push_back(effect);
    graph_.observe(effect);
    const auto listener = listen(any());
    if (graph_.closed) return;
    passing_.push_back(graph_.source("holder", 0));
    const AtomPointer holder = passing_.back();
    auto* owner = new Number(0);
    owner->on_death = [this, listener, effect] {
      attempt([&] { listener->handle.unsubscribe(); });
      attempt([&] { end_effect(effect); });
      hook();
    };
    graph_.set_value(holder, owner);
  }

  // Atoms without other references are made, read or observed, and dropped later.
  void come_and_go() {
    if (chance(50)) {
      std::vector<AtomPointer> dropped;
      dropped.swap(passing_);
      return;
    }
    const AtomPointer input = atoms_[below(atoms_.size())];
    AtomPointer made = graph_.derived("passing", [this, input](Reader& get) {
      hook();
      return get(input) + 1;
    });
    passing_.push_back(made);
    graph_.get(made);
    if (chance(50)) listeners_.push_back(listen(made));
  }

  void batch() {
    refuse_inside_reads();
    graph_.batch([&] {
      for (std::size_t count = 1 + below(3); count > 0; --count) act();
      if (chance(40)) throw Undone{};
    });
  }

  // --- expectations once the hooks are switched off
  std::vector<Result> truth() {
    for (std::size_t index = 0; index < model_.sources.size(); ++index) {
      model_.sources[index] = graph_.get(atoms_[index]);
    }
    std::vector<Result> results = model_.evaluate();
    for (const std::size_t input : inputs_) {
      results.push_back({DrivenRun::result(results[input].number), false});
    }
    return results;
  }

  // Runs end until none is left.
  void settle() {
    for (std::size_t round = 0; round < 3 * (runs_.size() + 1); ++round) {
      for (std::size_t index = 0; index < runs_.size(); ++index) {
        attempt([&] { graph_.ensure(runs_[index]->atom); });
        attempt([&] { advance(index); });  // effects may read a failed atom
      }
      graph_.end_tick();
    }
  }

  void expect_values() {
    graph_.has_loop = true;
    // An atom with the error of a cycle made by hooks runs again after any change. An interrupted
    // one is still due.
    attempt([&] { graph_.set(graph_.source("any"), 1); });
    settle();
    const std::vector<Result> expected = truth();
    for (std::size_t index = 0; index < expected.size(); ++index) {
      EXPECT_EQ(graph_.show(atom_at(index)), std::to_string(expected[index].number))
          << atom_at(index)->name;
    }
    graph_.check();
  }

  void expect_news() {
    std::vector<std::shared_ptr<Listener>> listeners;
    const std::vector<Result> before = truth();
    for (std::size_t index = 0; index < before.size(); ++index) {
      listeners.push_back(listen(atom_at(index)));
    }
    graph_.batch([&] {
      for (std::size_t index = 0; index < model_.sources.size(); ++index) {
        graph_.set(atoms_[index], 20 + static_cast<long>(index));
      }
    });
    settle();
    const std::vector<Result> expected = truth();
    for (std::size_t index = 0; index < expected.size(); ++index) {
      const long last =
          listeners[index]->told == kNothing ? before[index].number : listeners[index]->told;
      EXPECT_EQ(last, expected[index].number) << atom_at(index)->name << " was told";
      listeners[index]->handle.unsubscribe();
    }
  }

  void end() {
    while (!listeners_.empty()) {
      listeners_.back()->handle.unsubscribe();
      listeners_.pop_back();
    }
    passing_.clear();  // owners end their subscriptions
    while (!graph_.closed && !effects_.empty()) end_effect(effects_.back());
    effects_.clear();
    if (graph_.closed || !sound()) return;
    for (std::size_t index = atoms_.size() + runs_.size(); index > 0; --index) {
      graph_.expire(atom_at(index - 1));  // its inputs linger now
    }
    for (const auto* node : graph_.store.nodes()) {
      EXPECT_FALSE(node->is(graph::flag::mounted))
          << (node->atom == nullptr ? "one that has no atom"
                                    : static_cast<plain::Atom*>(node->atom)->name)
          << " is still observed";
    }
    views_.clear();
    while (!runs_.empty()) runs_.pop_back();
    while (!atoms_.empty()) atoms_.pop_back();
    EXPECT_TRUE(graph_.store.nodes().empty()) << "a node is left";
    graph_.check();
  }

  std::mt19937 random_;
  Graph graph_;
  Model model_;
  bool armed_ = false, may_close_ = false;
  int budget_ = 0, depth_ = 0;
  std::vector<AtomPointer> atoms_;
  std::vector<std::unique_ptr<DrivenRun>> runs_;
  std::vector<std::size_t> inputs_;  // of them
  std::vector<AtomPointer> views_, passing_, effects_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

TEST(OracleOfReentrance, HooksThatCallTheStoreAgainLeaveItSound) {
  plain::each_seed(400, [](unsigned seed) { Reentrant(seed).run(); });
}

}  // namespace
}  // namespace halflife::oracle
