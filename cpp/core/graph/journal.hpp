// The journal of open batches holds what each node held before a batch first changed it, so that a
// batch that fails can put everything back. Batches nest. An entry belongs to the innermost batch
// that was open when it was made; when that batch commits, the entry passes to the batch around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host.hpp"
#include "node.hpp"
#include "reclaimer.hpp"

namespace halflife::graph {

// A journal entry: what to put back if the batch fails.
struct Saved {
  Node* node;  // null when it has been destroyed
  Value value;
  Value awaitable;
  Value shown;
  Stamp changed_at;
  std::uint32_t flags;
  std::uint32_t journal;  // the node's entry of an outer batch, as in Node
  bool outdated;
  bool forced;
  bool asked;
  bool halted;
  std::vector<Edge> inputs;  // of a node that is computed; each is held
};

// Where a batch began: the sizes of the lists that the batch appends to.
struct BatchStart {
  std::size_t saved;
  std::size_t notifications;
  std::size_t restarts;
  std::uint32_t serial;
};

class Journal {
 public:
  Journal(Host& host, Reclaimer& reclaimer) : host_(host), reclaimer_(reclaimer) {}

  // Opens a batch; returns its number.
  std::uint32_t begin(std::size_t notifications, std::size_t restarts) {
    open_.push_back({entries_.size(), notifications, restarts, ++last_serial_});
    return last_serial_;
  }
  bool in_batch() const { return !open_.empty(); }
  bool is_open(std::uint32_t serial) const;
  std::uint32_t innermost() const { return open_.back().serial; }
  // Number of the batch around the innermost one; 0 if there is none.
  std::uint32_t outer() const { return open_.size() < 2 ? 0 : open_[open_.size() - 2].serial; }
  // Closes the innermost batch. Its entries stay.
  BatchStart close() {
    const BatchStart start = open_.back();
    open_.pop_back();
    return start;
  }

  // Before the first change of a node within a batch.
  void save(Node& node);
  // The node is destroyed within a batch that has saved it.
  void forget(Node& node);

  // To undo a batch that was closed: moves its newest entry into `saved`. False: none is left.
  bool take_newest(const BatchStart& start, Saved& saved);
  // Entries of destroyed nodes have no node.
  const std::vector<Saved>& entries() const { return entries_; }
  std::vector<Saved> take_all() {
    std::vector<Saved> entries;
    entries.swap(entries_);
    holes_ = 0;
    return entries;
  }
  // Gives back the references of an entry that was taken and is not put back.
  void drop(const Saved& saved);

  // For the end of the store.
  void clear(std::vector<Value>& values);

  template <class Visitor>
  void for_each_value(Visitor&& visit) const {
    for (const Saved& saved : entries_) {
      if (saved.value != nullptr) visit(saved.value);
      if (saved.awaitable != nullptr) visit(saved.awaitable);
      if (saved.shown != nullptr) visit(saved.shown);
    }
  }

  const char* invariant() const;
  const char* invariant(const Node& node) const {
    return node.journal > entries_.size() ? "saved in no batch" : nullptr;
  }

 private:
  void trim();

  Host& host_;
  Reclaimer& reclaimer_;
  // In the order of the first changes. Each entry owns its values and a reference per input. A
  // node's newest entry is at `Node::journal - 1`, an entry's older one at `Saved::journal - 1`.
  std::vector<Saved> entries_;
  // How many entries have no node: `forget` makes them, `trim` takes them out.
  std::size_t holes_ = 0;
  // The open batches, the outermost first, so serials and sizes ascend.
  std::vector<BatchStart> open_;
  // The number of the batch that was opened last; only `begin` counts it up, so none returns.
  std::uint32_t last_serial_ = 0;
};

}  // namespace halflife::graph
