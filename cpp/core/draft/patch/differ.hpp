// The differ walks the drafts of a recipe from the root down. For each changed draft it compares
// base and final value at the keys and positions that the draft recorded as written, and adds
// patches in both directions. If the final value of an entry was made from a draft of the entry's
// old value, the differ does not replace the entry, but descends into that draft.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "../finalizer.hpp"
#include "list_match.hpp"
#include "patch.hpp"

namespace halflife::draft {

class Differ {
 public:
  Differ(Scope& scope, Finalizer& finalizer, PatchList& patches, PatchList& inverse)
      : scope_(scope),
        finalizer_(finalizer),
        model_(scope.model()),
        patches_(patches),
        inverse_(inverse) {}
  Differ(const Differ&) = delete;
  Differ& operator=(const Differ&) = delete;
  ~Differ();

  bool run(Draft& root);

 private:
  // A path as a chain of parts up to the root. Only the paths of patches are written out.
  struct PathNode {
    std::size_t above;  // kNone: the root
    Value part;
  };
  struct Task {
    Draft* draft;
    std::size_t path_node;
  };
  // A position of a list whose value changed.
  struct ChangedItem {
    std::size_t index;
    Value before;
    Value now;
    Draft* draft;  // the draft of `before` that `now` was made from; or null
  };

  const std::unordered_map<Value, Draft*>& origins();
  Draft* origin(Value now, Value before);
  bool walk(const Task& task);
  bool walk_map(const Task& task, Value now);
  bool walk_assigned(const Task& task, Value now, Value moved, std::vector<Value>* tail);
  bool walk_children(const Task& task);
  bool find_moved(Draft& draft, Value now, Value* moved);
  bool is_put_back(Draft& draft, Value now, bool* any);
  bool walk_tail(const Task& task, Value now, const std::vector<Value>& tail);
  bool walk_set(const Task& task, Value now);
  bool walk_ordered(const Task& task, Value now);
  bool walk_values(const Task& task, Value now);
  void find_tail(Value from, Value to, std::vector<Value>* tail);
  bool is_kept(Value one, Value other, Value key, bool* kept);

  bool walk_list(const Task& task, Value now);
  bool walk_items(const Task& task, const std::vector<ChangedItem>& items);
  bool has_swapped(const std::vector<ChangedItem>& items, Value now, std::size_t rows);
  bool walk_positions(const Task& task, Value now, std::size_t first, std::size_t behind);

  bool same(Value before, Value now) { return before == now || model_.same(before, now); }
  void descend(Draft& draft, std::size_t above, Value part);
  Path path(std::size_t above, Value part) const;
  bool index(std::size_t position, Value* part);
  void replace(std::size_t above, Value part, Value before, Value now);
  void add(std::size_t above, Value part, Value now);
  void remove(std::size_t above, Value part, Value before);

  Scope& scope_;
  Finalizer& finalizer_;
  Model& model_;
  PatchList& patches_;
  PatchList& inverse_;                         // in the order of patches_; reversed at the end
  std::unordered_map<Value, Draft*> origins_;  // by final value; filled at the first use
  bool has_origins_ = false;
  std::vector<PathNode> path_nodes_;
  std::vector<Task> tasks_;
  std::vector<Value> owned_;
};

}  // namespace halflife::draft
