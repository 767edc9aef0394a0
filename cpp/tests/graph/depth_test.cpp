// Depth is no limit: a hundred thousand atoms on top of each other, on a stack of 256 KiB.
#include <pthread.h>

#include "../support/plain_host.hpp"

namespace halflife::plain {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStack = 1024 * 1024;  // sanitizers make frames several times as large
#else
constexpr std::size_t kStack = 256 * 1024;
#endif
constexpr std::size_t kDepth = 100'000;

// Runs a test on a thread with a small stack.
void on_small_stack(const std::function<void()>& body) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kStack), 0);
  pthread_t thread{};
  const auto start = [](void* function) -> void* {
    (*static_cast<const std::function<void()>*>(function))();
    return nullptr;
  };
  std::function<void()> copy = body;
  ASSERT_EQ(pthread_create(&thread, &attributes, start, &copy), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

struct Chain {
  Graph graph;
  AtomPointer base = graph.source("base", 1);
  AtomPointer offset = graph.source("offset", 0);
  std::vector<AtomPointer> steps;

  explicit Chain(std::size_t depth = kDepth) {
    graph.checks = false;
    for (std::size_t index = 0; index < depth; ++index) {
      Atom* below = index == 0 ? base.get() : steps.back().get();
      steps.push_back(graph.derived("step", [below](Reader& get) { return get(*below) + 1; }));
    }
  }
  const AtomPointer& top() const { return steps.back(); }
  void expect_sound() const {
    const char* broken = graph.store.invariant();
    EXPECT_EQ(broken, nullptr) << broken;
  }
};

TEST(Depth, AChainIsReadForTheFirstTimeByUnwinding) {
  on_small_stack([] {
    Chain chain;
    EXPECT_EQ(chain.graph.get(chain.top()), static_cast<long>(kDepth) + 1);
    for (const auto& step : chain.steps) {
      ASSERT_EQ(step->node->runs, 1U);
      ASSERT_LE(step->runs, 2) << "at most one run is given up for each";
    }
    chain.expect_sound();
  });
}

TEST(Depth, AChainIsReadAgainAfterASet) {
  on_small_stack([] {
    Chain chain;
    chain.graph.get(chain.top());
    chain.graph.set(chain.base, 11);
    EXPECT_EQ(chain.graph.get(chain.top()), static_cast<long>(kDepth) + 11);
    for (const auto& step : chain.steps) ASSERT_EQ(step->node->runs, 2U);
    chain.expect_sound();
  });
}

TEST(Depth, AChainIsObservedSetAndUnobserved) {
  on_small_stack([] {
    Chain chain;
    auto handle = chain.graph.subscribe(chain.top());
    chain.expect_sound();
    chain.graph.set(chain.base, 5);
    EXPECT_EQ(chain.graph.take_log(), (Log{"step = 100005"}));
    chain.expect_sound();
    handle.unsubscribe();
    chain.expect_sound();
    chain.graph.set(chain.base, 6);
    EXPECT_EQ(chain.graph.get(chain.top()), static_cast<long>(kDepth) + 6);
  });
}

TEST(Depth, AChainIsFreedFromItsTop) {
  on_small_stack([] {
    Chain chain;
    chain.graph.get(chain.top());
    while (!chain.steps.empty()) chain.steps.pop_back();
    EXPECT_EQ(chain.graph.store.nodes().size(), 1U);
  });
}

TEST(Depth, AChainIsFreedFromItsBase) {
  on_small_stack([] {
    Chain chain;
    auto handle = chain.graph.subscribe(chain.top());
    std::vector<AtomPointer> steps = std::move(chain.steps);
    for (auto& step : steps) step.reset();
    EXPECT_EQ(chain.graph.store.nodes().size(), kDepth + 1);
    handle.unsubscribe();
    EXPECT_EQ(chain.graph.store.nodes().size(), 1U);
  });
}

TEST(Depth, AStoreIsClosedWithAnObservedChain) {
  on_small_stack([] {
    Chain chain;
    auto handle = chain.graph.subscribe(chain.top());
  });
}

TEST(Depth, AnErrorTravelsUpAChain) {
  on_small_stack([] {
    Chain chain;
    Atom* base = chain.base.get();
    chain.steps.front()->read = [base](Reader& get) -> long {
      if (get(*base) == 1) throw Failed("at the bottom");
      return 0;
    };
    EXPECT_EQ(chain.graph.show(chain.top()), "error: at the bottom");
    chain.graph.set(chain.base, 2);
    EXPECT_EQ(chain.graph.show(chain.top()), std::to_string(kDepth - 1));
  });
}

TEST(Depth, AnInterruptInTheDepthLeavesEverythingToBeRunAgain) {
  on_small_stack([] {
    Chain chain;
    bool interrupted = true;
    Atom* base = chain.base.get();
    chain.steps.front()->read = [&interrupted, base](Reader& get) -> long {
      if (interrupted) throw Interrupt{};
      return get(*base);
    };
    EXPECT_THROW(chain.graph.get(chain.top()), Interrupt);
    chain.expect_sound();
    interrupted = false;
    EXPECT_EQ(chain.graph.get(chain.top()), static_cast<long>(kDepth));
  });
}

TEST(Depth, ADeepChainMayBeDiscoveredInAFlush) {
  on_small_stack([] {
    Chain chain(10'000);
    const auto which = chain.graph.source("which", 0);
    const auto chosen = chain.graph.derived(
        "chosen", [&](Reader& get) { return get(which) == 0 ? 0 : get(chain.top()); });
    const auto above = chain.graph.derived("above", [&](Reader& get) { return get(chosen); });
    auto handle = chain.graph.subscribe(above);
    chain.graph.set(which, 1);
    EXPECT_EQ(chain.graph.take_log(), (Log{"above = 10001"}));
    EXPECT_LT(chain.top()->node->height, chosen->node->height);
    EXPECT_LE(above->node->height, 1) << "the chain was put below, nothing was raised";
    chain.expect_sound();
    chain.graph.set(chain.base, 5);
    EXPECT_EQ(chain.graph.take_log(), (Log{"above = 10005"}));
    chain.graph.set(which, 0);
    EXPECT_EQ(chain.graph.take_log(), (Log{"above = 0"}));
    EXPECT_EQ(chosen->node->height, 0);
    handle.unsubscribe();
  });
}

TEST(Depth, AnEffectMayReadADeepChain) {
  on_small_stack([] {
    Chain chain(10'000);
    const auto effect = chain.graph.effect(
        "effect", [&](Reader& get) { chain.graph.say("saw " + std::to_string(get(chain.top()))); });
    chain.graph.observe(effect);
    chain.graph.set(chain.base, 2);
    EXPECT_EQ(chain.graph.take_log(), (Log{"saw 10001", "saw 10002"}));
    chain.graph.unobserve(effect);
  });
}

TEST(Depth, ManyDeepInputsOfOneAtomAreAllEvaluated) {
  on_small_stack([] {
    Graph graph;
    graph.checks = false;
    const auto base = graph.source("base", 1);
    std::vector<AtomPointer> atoms;
    std::vector<Atom*> tops;
    for (int chain = 0; chain < 20; ++chain) {
      Atom* below = base.get();
      for (int index = 0; index < 200; ++index) {
        atoms.push_back(graph.derived("step", [below](Reader& get) { return get(*below) + 1; }));
        below = atoms.back().get();
      }
      tops.push_back(below);
    }
    const auto sum = graph.derived("sum", [&](Reader& get) {
      long total = 0;
      for (Atom* top : tops) total += get(*top);
      return total;
    });
    EXPECT_EQ(graph.get(sum), 20 * 201);
    graph.set(base, 2);
    EXPECT_EQ(graph.get(sum), 20 * 202);
    EXPECT_EQ(sum->node->runs, 2U);
  });
}

TEST(Depth, AReaderThatSwallowsTheSignalToUnwindIsRunAgain) {
  Chain chain(1000);
  int swallowed = 0;
  const auto greedy = chain.graph.derived("greedy", [&](Reader& get) {
    long total = 0;
    for (const auto& step : {chain.steps[900], chain.steps[950], chain.steps[999]}) {
      try {
        total += get(step);
      } catch (const Unwound&) {
        ++swallowed;
      }
    }
    return total;
  });
  const auto reader = chain.graph.derived("reader", [&](Reader& get) { return get(greedy); });
  EXPECT_EQ(chain.graph.get(reader), 902 + 952 + 1001);
  EXPECT_GT(swallowed, 0);
  chain.expect_sound();
}

TEST(Depth, WhoReadsOneThatSwallowsTheSignalIsUnwoundToo) {
  for (const bool writes : {false, true}) {
    Graph graph;
    const auto base = graph.source("base", 1);
    std::vector<AtomPointer> steps{base};
    int other = 0;
    for (std::size_t index = 0; index < 200; ++index) {
      const AtomPointer below = steps.back();
      steps.push_back(graph.derived("step", [&, below](Reader& get) {
        try {
          return get(below) + 1;
        } catch (const Unwound&) {
          try {
            if (writes) graph.set(base, 2);  // refused; the error replaces the signal to unwind
          } catch (const Failed&) {
          }
          return -1L;
        } catch (...) {
          ++other;
          return -1L;
        }
      }));
    }
    EXPECT_EQ(graph.get(steps.back()), 201);
    EXPECT_EQ(other, 0) << "something else than the signal";
    graph.check();
  }
}

TEST(Depth, AtomsThatOnlyTheFramesKeepAliveSurviveTheUnwinding) {
  on_small_stack([] {
    Graph graph;
    const auto base = graph.source("base", 1);
    // Each atom makes the next one, and keeps only a weak reference to it.
    std::vector<std::weak_ptr<Atom>> family(500);
    std::function<AtomPointer(std::size_t)> member = [&](std::size_t index) {
      if (AtomPointer alive = family[index].lock()) return alive;
      const AtomPointer made = graph.derived("member", [&, index](Reader& get) {
        return index + 1 == family.size() ? get(base) : get(member(index + 1)) + 1;
      });
      family[index] = made;
      return made;
    };
    const auto top = graph.derived("top", [&](Reader& get) { return get(member(0)); });
    EXPECT_EQ(graph.get(top), 500);
    graph.set(base, 2);
    EXPECT_EQ(graph.get(top), 501);
    member = {};
  });
}

}  // namespace
}  // namespace halflife::plain
