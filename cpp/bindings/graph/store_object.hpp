// The native store: a graph whose host is Python. It owns every Python value that the graph holds,
// and shows them all to the garbage collector. `halflife.Store` is a Python class on top of it.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "../../core/graph/store.hpp"
#include "../support/python.hpp"
#include "../support/threads.hpp"
#include "atom_object.hpp"
#include "driver.hpp"

namespace halflife::bindings {

struct GetterObject;
struct SetterObject;

class StoreObject final : public graph::Host {
 public:
  // A message for the driver, sent as soon as Python code may run: an event for the log, or an atom
  // that lingers. Owns its objects.
  struct Errand {
    const char* event;  // null: the atom lingers
    PyObject* atom;
    PyObject* detail;
  };

  StoreObject();
  ~StoreObject() override;

  // --- entering (store_entry.cpp): every call from outside begins with this. False, with an error
  // set: the store is closed, or the caller is another thread, or another task within an open
  // batch.
  [[gnu::always_inline]] bool enter() {
    if (this_thread() == home_ && guards_ == 0) [[likely]]
      return true;
    return enter_slowly();
  }
  // The same for a call that is no part of a read or write: it also notes the running event loop,
  // by which other threads can reach the store. asyncio sets the hook when a loop begins to run.
  bool enter_outside() {
    return enter() && (PyThreadState_Get()->async_gen_firstiter == loop_hook_ || note_loop());
  }
  bool closed() const { return (guards_ & kClosed) != 0; }
  void close();
  void collect(bool closing);
  // --- batches (store_batches.cpp): explicit ones, by their number, and those of write functions.
  std::uint32_t begin_batch();  // 0, with an error set, if none can begin
  bool commit_batch(std::uint32_t serial);
  // False, with an error set: an interrupt came meanwhile, and replaces the block's own error.
  bool abort_batch(std::uint32_t serial);
  void abandon_batch(std::uint32_t serial);  // its object is freed: the batch is undone

  // --- nodes (store_nodes.cpp)
  graph::Node* node_of(AtomObject* atom) {
    return atom->store == id_ ? atom->node : node_of_slowly(atom);
  }
  graph::Node* known_node(AtomObject* atom);
  // The atom begins to remember another store / remembers this one again, or dies.
  void displace(AtomObject* atom, graph::Node* node);
  void forget_displaced(const AtomObject* atom);
  void forget_atom(AtomObject* atom);
  void disown(graph::Node& node);  // its atom is being freed by the collector

  // --- reading and writing (store_access.cpp)
  PyObject* get(AtomObject* atom);
  PyObject* result(graph::Node& node);  // the value of a current node, as `get` returns it
  PyObject* set(AtomObject* atom, PyObject* const* args, Py_ssize_t count);
  PyObject* update(AtomObject* atom, PyObject* function);
  PyObject* refresh(AtomObject* atom);
  PyObject* raise_error(graph::Node& node);

  // --- overrides (store_overrides.cpp)
  // In this store the atom has the value `instead`, or follows the atom `instead`.
  void override_atom(AtomObject* atom, PyObject* instead, bool follows);
  // The atom whose node is read instead of this one's.
  AtomObject* read_instead(AtomObject* atom) const {
    return overrides_.empty() ? atom : find_read(atom);
  }
  // The atom that is set instead of this one.
  AtomObject* written_instead(AtomObject* atom) const {
    return overrides_.empty() ? atom : find_written(atom);
  }
  bool readable(AtomObject* atom);
  bool find_refreshed(AtomObject* atom, std::vector<Ref>& found);
  bool can_start_task();  // raises NoEventLoopError if not

  // Calls a new subscriber for the first time: now, or when the open batch has ended.
  void tell_at_once(graph::Subscription& subscription);

  // --- errors that have no caller (store_errors.cpp)
  void report(PyObject* error, AtomObject* atom);
  void report_pending(AtomObject* atom);  // reports the error set now
  void report_or_keep(AtomObject* atom);  // ... or keeps an interrupt for the next call
  // The same where only the event loop called. False, the error still set: the loop must end by it.
  bool report_exception(AtomObject* atom);
  // Keeps the error set now for raise_collected, with a note: "raised by <where> <atom>".
  void collect_error(const char* where = nullptr, AtomObject* atom = nullptr);
  bool raise_interrupt() { return interrupt_ == nullptr || !raise_kept_interrupt(); }

  // --- callers' objects
  PyObject* getter_of(graph::Node& node);
  PyObject* plain_getter();
  PyObject* plain_setter();
  void forget_setter(SetterObject* setter) { setters_.erase(setter); }
  void adopt_setter(SetterObject* setter) { setters_.insert(setter); }

  // --- waiters
  bool add_waiter(graph::Node& node, PyObject* future, bool first);
  bool remove_waiter(graph::Node& node, PyObject* future);
  void wake_waiters();
  void flush_soon();  // at the end of this loop tick at the latest

  // --- graph::Host (store_host.cpp)
  Outcome run(graph::Node& node, graph::Frame& frame) override;
  void run_effect(graph::Node& node, graph::Frame& frame) override;
  bool equal(graph::Node& node, Value before, Value now) override;
  bool same_error(Value before, Value now) override;
  void own(Value value) override;
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
  void keep_interrupt() override;
  bool raise_collected() override;
  void event(Event event, const graph::Node& node) override;

  int traverse(visitproc visit, void* arg);

  graph::Store graph;
  PyObject* self = nullptr;     // the Python object, borrowed: it owns us
  Driver driver;                // absent once the store is closed
  bool logs_events = false;     // somebody wants to hear of events
  bool reports = false;         // there is an on_error
  bool hydrating = false;       // hydrated values wait for their atoms to be read
  bool starts_nothing = false;  // a snapshot is being taken
  bool grace = false;           // mount_grace > 0
  std::uint32_t id() const { return id_; }
  std::unordered_map<graph::Node*, void*> effects;  // observed effects and their handles

 private:
  bool enter_slowly();
  bool settle_here();
  bool is_home(std::uint64_t thread);
  bool note_loop();
  graph::Node* node_of_slowly(AtomObject* atom);
  graph::Node* create(AtomObject* atom);
  void initialize_source(graph::Node& node, PyObject* initial);
  struct Override {
    PyObject* instead;  // a value or an atom
    bool follows;
  };
  AtomObject* find_read(AtomObject* atom) const;
  AtomObject* find_written(AtomObject* atom) const;
  const Override* override_of(AtomObject* atom) const;
  graph::Node* create_overridden(AtomObject* atom, const Override& override);
  Outcome run_overridden(graph::Node& node, graph::Frame& frame, const Override& override);
  Outcome run_view(graph::Node& node, graph::Frame& frame, AtomObject* atom);
  Outcome outcome_of(PyObject* result, graph::Node& node, PyObject* signal);
  Outcome outcome_of_error(graph::Node& node);
  bool raise_kept_interrupt();
  void tell_first(graph::Subscription& subscription);
  bool undo_batch(std::uint32_t serial);
  bool undo_abandoned();
  void forget_batches(std::uint32_t serial);
  void report_to(const Driver& receiver, PyObject* error, AtomObject* atom);
  void put_off(const char* event, const graph::Node& node, PyObject* detail);
  void start_grace(AtomObject* atom);
  Ref keep_for_sweep();
  PyObject* run_write(AtomObject* atom, PyObject* const* args, Py_ssize_t count);
  void run_cleanup(graph::Node& node);
  void keep_cleanup(graph::Node& node, AtomObject* atom, Ref returned, const char* where);

  static constexpr unsigned kClosed = 1;
  static constexpr unsigned kBatch = 2;      // an explicit batch is open: is this its task?
  static constexpr unsigned kNew = 4;        // no home thread yet
  static constexpr unsigned kAbandoned = 8;  // abandoned batches wait to be undone

  unsigned guards_ = kNew;
  std::uint64_t home_ = 0;
  std::uint32_t id_;
  // Nodes of atoms that remember another store.
  std::unordered_map<AtomObject*, graph::Node*> displaced_;
  std::unordered_map<AtomObject*, Override> overrides_;  // owns the keys and `instead`
  std::unordered_set<SetterObject*> setters_;
  GetterObject* getter_ = nullptr;
  PyObject* own_setter_ = nullptr;
  std::vector<AtomObject*> writing_;          // atoms whose write is on the stack
  std::vector<PyObject*> collected_;          // errors of this flush's callbacks
  std::vector<graph::Subscription*> untold_;  // to be called first when the batch has ended
  std::vector<PyObject*> woken_;              // futures of waiters to wake
  std::deque<Errand> errands_;  // for the driver; added by walks, which must not call it
  bool on_errand_ = false;
  PyObject* interrupt_ = nullptr;
  PyObject* loop_hook_ = nullptr;            // identifies the loop that was noted last
  PyObject* batch_task_ = nullptr;           // the task that opened the explicit batch
  PyObject* batch_context_ = nullptr;        // ... and its context; borrowed, only compared
  std::vector<std::uint32_t> open_batches_;  // numbers of the explicit batches that are open
  std::vector<std::uint32_t> abandoned_;     // batches to be undone when nothing is under way
  Stamp reported_ = 0;  // the last change reported to on_error, so that it is reported once
};

// The native store behind a Python object, or null with an error set.
StoreObject* store_of(PyObject* object);
// The same for an object of any type.
StoreObject* store_argument(PyObject* object);
StoreObject* store_with_id(std::uint32_t id);

// Raises TypeError if a function that must return a new value has edited the old one instead.
bool check_replacement(const char* call, AtomObject* atom, PyObject* before, PyObject* after);

// The atom dies: removes its nodes from all stores.
void forget_atom(AtomObject* atom);
bool observed_anywhere(AtomObject* atom);
// The atoms that this atom's nodes read; these references belong to this atom.
int visit_inputs(AtomObject* atom, visitproc visit, void* arg);
void drop_inputs(AtomObject* atom);

}  // namespace halflife::bindings
