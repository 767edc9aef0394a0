#include "plain_host.hpp"

namespace halflife::plain {

using graph::Frame;
using graph::Kind;
using graph::Node;
using graph::Subscription;
namespace flag = graph::flag;

Failed::Failed(Value value) : error(value) { ++object_of(error)->references; }
Failed::Failed(const std::string& text) : error(static_cast<Object*>(new Failure(text))) {}
Failed::Failed(const Failed& other) : Failed(other.error) {}
Failed::~Failed() {
  if (--object_of(error)->references == 0) delete object_of(error);
}

Atom::~Atom() {
  if (node != nullptr) graph.store.remove(*node);
}

long Reader::operator()(Atom& atom) const {
  Node& node = graph_.node_of(atom);
  if (!graph_.store.record(frame_, node, false)) graph_.throw_raised();
  if (graph_.closed) throw Refused("closed");
  if (node.value == nullptr) return kNothing;
  if (node.is(flag::error)) throw Failed(node.value);
  return number_of(node.value).number;
}

Handle::~Handle() {
  if (subscription_ != nullptr) graph::Store::drop(subscription_);
}

void Handle::unsubscribe() {
  if (active() && !graph_->store.unsubscribe(*subscription_)) graph_->throw_raised();
  graph_->check();
}

Graph::Graph() : before_(Object::alive) {}

Graph::~Graph() {
  check();
  store.clear();
  EXPECT_TRUE(held.empty()) << "an atom is still held";
  EXPECT_TRUE(held_inputs.empty()) << "an input is still held";
  held.clear();
  held_inputs.clear();
  EXPECT_EQ(Object::alive, before_) << "values were leaked";
}

AtomPointer Graph::make(std::string name, Kind kind) {
  return std::make_shared<Atom>(*this, std::move(name), kind);
}

AtomPointer Graph::source(std::string name, long initial) {
  AtomPointer atom = make(std::move(name), Kind::source);
  atom->initial = initial;
  return atom;
}

AtomPointer Graph::derived(std::string name, std::function<long(Reader&)> read) {
  AtomPointer atom = make(std::move(name), Kind::derived);
  atom->read = std::move(read);
  return atom;
}

AtomPointer Graph::asynchronous(std::string name, std::function<void()> on_start) {
  AtomPointer atom = make(std::move(name), Kind::derived);
  atom->flags = flag::async_read;
  atom->on_start = std::move(on_start);
  return atom;
}

AtomPointer Graph::view(std::string name, AtomPointer of) {
  AtomPointer atom = make(std::move(name), Kind::view);
  atom->viewed = std::move(of);
  return atom;
}

AtomPointer Graph::effect(std::string name, std::function<void(Reader&)> run) {
  AtomPointer atom = make(std::move(name), Kind::effect);
  atom->effect = std::move(run);
  return atom;
}

Node& Graph::node_of(Atom& atom) {
  if (atom.node != nullptr) return *atom.node;
  if (closed) throw Refused("closed");
  std::uint32_t flags = atom.flags;
  if (atom.on_mount || atom.on_unmount) flags |= flag::hooked;
  atom.node = store.add(&atom, atom.kind, flags);
  if (atom.kind == Kind::source) {
    store.initialize(*atom.node, static_cast<Object*>(new Number(atom.initial)));
  }
  return *atom.node;
}

void Graph::check() {
  if (closed || !checks || store.busy() || store.flushing()) return;
  const char* broken = store.invariant();
  EXPECT_EQ(broken, nullptr) << broken;
}

void Graph::step(bool ok) {
  if (closed) throw Refused("closed");
  check();
  if (!ok) throw_raised();
}

void Graph::throw_raised() {
  const Raised raised = std::exchange(raised_, Raised::nothing);
  switch (raised) {
    case Raised::unwind:
      raised_ = Raised::unwind;  // until the store clears it
      throw Unwound{};
    case Raised::interrupt:
      throw Interrupt{};
    case Raised::refused: {
      const std::string text = std::exchange(raised_text_, {});
      if (store.top() != nullptr && store.top()->node->kind != Kind::effect) throw Failed(text);
      throw Refused(text);
    }
    default:
      throw Refused("the store returned false, but raised nothing");
  }
}

void Graph::ensure(const AtomPointer& atom) { step(store.ensure_asked(node_of(*atom))); }

long Graph::get(const AtomPointer& atom) {
  ensure(atom);
  const Node& node = *atom->node;
  if (node.value == nullptr) return kNothing;
  if (node.is(flag::error)) throw Refused(failure_of(node.value).text);
  return number_of(node.value).number;
}

std::string Graph::show(const AtomPointer& atom) {
  try {
    const long number = get(atom);
    return number == kNothing ? "nothing" : std::to_string(number);
  } catch (const Refused& refused) {
    return "error: " + refused.text;
  }
}

void Graph::set(const AtomPointer& atom, long value) { set_value(atom, new Number(value)); }

void Graph::set_value(const AtomPointer& atom, Number* value) {
  Node& node = node_of(*atom);
  step(store.set(node, static_cast<Object*>(value)));
}

void Graph::promise(const AtomPointer& atom, const std::string& name) {
  Node& node = node_of(*atom);
  step(store.set_awaitable(node, static_cast<Object*>(new Promise(name))));
}

void Graph::refresh(const AtomPointer& atom) { step(store.refresh(node_of(*atom))); }

void Graph::batch(const std::function<void()>& block) {
  const std::uint32_t serial = store.begin_batch();
  try {
    block();
  } catch (...) {
    if (!closed) store.abort_batch(serial);
    check();
    throw;
  }
  if (closed) return;
  step(store.commit_batch(serial));
}

Handle Graph::subscribe(const AtomPointer& atom) {
  return subscribe(atom, std::function<void(long)>{});
}

Handle Graph::subscribe(const AtomPointer& atom, std::function<void(long)> told,
                        std::function<void(const std::string&)> failed) {
  ensure(atom);
  auto* callback = new Callback;
  const std::string name = atom->name;
  callback->told = told ? std::move(told)
                        : [this, name](long value) { say(name + " = " + std::to_string(value)); };
  callback->failed = failed ? std::move(failed) : [this, name](const std::string& text) {
    say(name + " failed: " + text);
  };
  Handle handle(*this, store.subscribe(*atom->node, static_cast<Object*>(callback), nullptr));
  if (!store.flush()) {
    const Raised raised = std::exchange(raised_, Raised::nothing);
    const std::string text = std::exchange(raised_text_, {});
    handle.unsubscribe();
    raised_ = raised;
    raised_text_ = text;
    throw_raised();
  }
  check();
  return handle;
}

void Graph::observe(const AtomPointer& effect) { step(store.observe_effect(node_of(*effect))); }

void Graph::unobserve(const AtomPointer& effect) { step(store.unobserve_effect(node_of(*effect))); }

void Graph::end_effect(const AtomPointer& effect) {
  const AtomPointer alive = effect;
  Node* node = std::exchange(effect->node, nullptr);
  if (node != nullptr) step(store.unobserve_effect(*node, true));
}

void Graph::expire(const AtomPointer& atom) { step(store.expire(node_of(*atom))); }

void Graph::wait(const AtomPointer& atom) {
  ensure(atom);
  step(store.add_waiter(*atom->node));
}

void Graph::stop_waiting(const AtomPointer& atom) { step(store.remove_waiter(*atom->node)); }

void Graph::end_tick() {
  store.flush_deferred();
  check();
}

long Graph::get_in_run(const AtomPointer& atom, const AtomPointer& input) {
  ensure(input);
  step(store.record_async(node_of(*atom), *input->node));
  if (input->node->is(flag::asynchronous) && input->node->pending()) return kNothing;
  return receive(atom, input);
}

long Graph::receive(const AtomPointer& atom, const AtomPointer& input) {
  store.received(*atom->node, generation(atom), *input->node);
  const Node& node = *input->node;
  if (node.value == nullptr) return kNothing;
  if (node.is(flag::error)) throw Failed(node.value);
  return number_of(node.value).number;
}

Generation Graph::generation(const AtomPointer& atom) {
  const graph::AsyncState* state = node_of(*atom).async();
  return state == nullptr ? 0 : state->generation;
}

void Graph::resolve(const AtomPointer& atom, long value) {
  resolve_run(atom, generation(atom), value);
}

void Graph::resolve_run(const AtomPointer& atom, Generation generation, long value) {
  step(store.resolve(node_of(*atom), generation, static_cast<Object*>(new Number(value)), false,
                     false));
}

void Graph::reject(const AtomPointer& atom, const std::string& text) {
  step(store.resolve(node_of(*atom), generation(atom), static_cast<Object*>(new Failure(text)),
                     true, false));
}

void Graph::halt(const AtomPointer& atom) {
  step(store.resolve(node_of(*atom), generation(atom),
                     static_cast<Object*>(new Failure("run cancelled")), true, true));
}

void Graph::publish(const AtomPointer& atom, long value) {
  step(store.publish(node_of(*atom), generation(atom), static_cast<Object*>(new Number(value))));
}

Log Graph::take_log() { return std::exchange(log_, {}); }
Log Graph::take_events() { return std::exchange(events_, {}); }

}  // namespace halflife::plain
