// The calls from the store to the plain host.
#include "plain_host.hpp"

namespace halflife::plain {

using graph::Frame;
using graph::Kind;
using graph::Node;
using graph::Subscription;
namespace flag = graph::flag;

Outcome Graph::run(Node& node, Frame& frame) {
  Atom& atom = atom_of(node);
  const AtomPointer alive = atom.shared_from_this();
  ++atom.runs;
  if (node.kind == Kind::view) return look(atom, frame);
  try {
    Reader reader(*this, frame);
    return {Status::value, static_cast<Object*>(new Number(atom.read(reader)))};
  } catch (const Failed& failed) {
    own(failed.error);
    return {Status::error, failed.error};
  } catch (const Promised& promised) {
    return {Status::awaitable, static_cast<Object*>(new Promise(promised.name))};
  } catch (const Unwound&) {
    return {Status::unwind, nullptr};
  } catch (const Interrupt&) {
    raised_ = Raised::interrupt;
    return {Status::interrupted, nullptr};
  }
}

// A view shows a loading state as a number: the data, plus one million while a newer value is
// pending (one million alone without data); an error is -1.
Outcome Graph::look(Atom& atom, Frame& frame) {
  Node& input = node_of(*atom.viewed);
  if (!store.record(frame, input, true)) {
    if (raised_ == Raised::unwind) return {Status::unwind, nullptr};
    return {Status::interrupted, nullptr};
  }
  const graph::LoadState state = graph::Store::load_state(input);
  long shown = state.shown != nullptr ? number_of(state.shown).number : 0;
  if (!state.pending && state.error) shown = -1;
  if (state.pending) shown += 1'000'000;
  return {Status::value, static_cast<Object*>(new Number(shown))};
}

// Runs a user's function where no caller can catch an exception, and collects the exception.
void Graph::call(const std::function<void()>& function) {
  if (!function) return;
  try {
    function();
  } catch (const Refused& refused) {
    collected_.push_back(refused.text);
  } catch (const Failed& failed) {
    collected_.push_back(failure_of(failed.error).text);
  } catch (const Interrupt&) {
    collected_.push_back("interrupt");
  }
}

void Graph::run_effect(Node& node, Frame& frame) {
  Atom& atom = atom_of(node);
  const AtomPointer alive = atom.shared_from_this();
  call(atom.on_cleanup);
  ++atom.runs;
  Reader reader(*this, frame);
  call([&] { atom.effect(reader); });
}

bool Graph::equal(Node& node, Value before, Value now) {
  const Atom& atom = atom_of(node);
  const long one = number_of(before).number;
  const long other = number_of(now).number;
  return atom.equal ? atom.equal(one, other) : one == other;
}

void Graph::release(Value value) {
  Object* object = object_of(value);
  ASSERT_GT(object->references, 0);
  if (--object->references == 0) delete object;
}

bool Graph::release_plain(Value value) {
  const auto* number = dynamic_cast<const Number*>(object_of(value));
  if (!plain_release || number == nullptr || number->on_death) return false;
  release(value);
  return true;
}

void Graph::hold(Node& node) {
  ASSERT_NE(node.atom, nullptr) << "a dead atom is held";
  EXPECT_TRUE(held.emplace(node.atom, atom_of(node).shared_from_this()).second);
}

void Graph::unhold(void* dropped) {
  auto found = held.find(dropped);
  ASSERT_NE(found, held.end());
  const AtomPointer atom = std::move(found->second);
  held.erase(found);
}  // the atom may die here

void Graph::hold_input(Node& input) {
  ASSERT_NE(input.atom, nullptr) << "a dead atom is read";
  held_inputs.emplace(input.atom, atom_of(input).shared_from_this());
}

void Graph::unhold_input(void* dropped) {
  auto found = held_inputs.find(dropped);
  ASSERT_NE(found, held_inputs.end());
  const AtomPointer atom = std::move(found->second);
  held_inputs.erase(found);
}  // the atom may die here

void Graph::forget(Node& node) {
  if (node.atom != nullptr) atom_of(node).node = nullptr;
}

bool Graph::can_start(Node& node, bool demand) {
  if (demand && !has_loop) {
    raised_ = Raised::refused;
    raised_text_ = "no event loop for " + atom_of(node).name;
  }
  return has_loop;
}

Value Graph::make_run(Node& node, Generation generation) {
  auto* run = new Run(node, generation);
  node.async()->handle = run;
  return static_cast<Object*>(run);
}

void Graph::start(Value value) {
  auto& run = *static_cast<Run*>(object_of(value));
  if (closed || run.cancelled || !store.enter_run(*run.node, run.generation)) return;
  Atom& atom = atom_of(*run.node);
  EXPECT_FALSE(run.started);
  run.started = true;
  say("start " + atom.name);
  call(atom.on_start);
}

void Graph::cancel(Value value) {
  auto& run = *static_cast<Run*>(object_of(value));
  EXPECT_FALSE(run.cancelled) << "cancelled twice";
  run.cancelled = true;
  if (run.started) say("cancel " + atom_of(*run.node).name);
}

void Graph::wake(Node& node) {
  if (node.async()->waiters > 0) say("wake " + atom_of(node).name);
}

bool Graph::defer() {
  if (has_loop) ++deferred;
  return has_loop;
}

void Graph::notify(Subscription& subscription) {
  const auto& callback = *static_cast<Callback*>(object_of(subscription.callback));
  const Node& node = *subscription.node;
  ASSERT_NE(node.value, nullptr);
  // Copied: a callback may unsubscribe itself.
  if (node.is(flag::error)) {
    const std::string text = failure_of(node.value).text;
    call([told = callback.failed, text] { told(text); });
  } else {
    const long number = number_of(node.value).number;
    call([told = callback.told, number] { told(number); });
  }
}

void Graph::mount(Node& node) {
  say("mount " + atom_of(node).name);
  call(atom_of(node).on_mount);
}

void Graph::unmount(Node& node) {
  if (closed) return;  // closing has called the cleanup
  Atom& atom = atom_of(node);
  if (node.kind == Kind::effect) {
    call(atom.on_cleanup);
    return;
  }
  say("unmount " + atom.name);
  call(atom.on_unmount);
}

bool Graph::linger(Node& node) { return node.atom != nullptr && atom_of(node).linger; }

void Graph::run_errands() {
  if (on_errand_now_) return;
  on_errand_now_ = true;
  has_errands = false;
  for (; errands_ > 0; --errands_) call(on_errand);
  on_errand_now_ = false;
}

// Ends the store as the bindings do: cleanups first, then runs, then everything else.
void Graph::close() {
  if (!store.writable_now()) throw_raised();
  closed = true;
  std::vector<AtomPointer> hooked;
  std::vector<Value> runs;
  for (Node* node : store.nodes()) {
    const bool observed = node->kind == Kind::effect && node->keepalive_count > 0;
    if (node->is(flag::hook_run) || observed) hooked.push_back(atom_of(*node).shared_from_this());
    if (graph::AsyncState* state = node->async(); state != nullptr && state->run != nullptr) {
      own(state->run);
      runs.push_back(state->run);
    }
  }
  for (const AtomPointer& atom : hooked) {
    call(atom->kind == Kind::effect ? atom->on_cleanup : atom->on_unmount);
  }
  for (const Value run : runs) {
    cancel(run);
    release(run);
  }
  raise_collected();
  store.clear();
}

void Graph::raise(Error error, std::span<Node* const> nodes) {
  std::string text = error == Error::cycle               ? "cycle"
                     : error == Error::write_during_read ? "write during read"
                                                         : "endless flush";
  const char* before = ": ";
  for (const Node* node : nodes) {
    text += before + atom_of(*node).name;
    before = error == Error::cycle ? " -> " : ", ";
  }
  raised_ = Raised::refused;
  raised_text_ = text;
}

void Graph::raise_unwind() { raised_ = Raised::unwind; }

void Graph::clear_unwind() { raised_ = Raised::nothing; }

bool Graph::raise_collected() {
  if (collected_.empty()) return true;
  std::string text;
  for (const std::string& one : std::exchange(collected_, {})) {
    text += (text.empty() ? "" : "; ") + one;
  }
  raised_ = Raised::refused;
  raised_text_ = text;
  return false;
}

void Graph::event(Event event, const Node& node) {
  if (node.atom == nullptr) return;
  events_.push_back(std::string(name_of(event)) + " " + atom_of(node).name);
  if (!on_errand) return;
  ++errands_;
  has_errands = !on_errand_now_;
}

}  // namespace halflife::plain
