// The differ walks the drafts of a recipe from the root down. Of each that changed it compares base
// and final value where the draft says that it was written, and notes the patches both ways. An
// element or entry is still itself if its final value came out of a draft of what was there before:
// then its own changes are noted below it, and it is not replaced.
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
  // A place in the root, as a way up: paths are written out only for patches.
  struct Spot {
    std::size_t above;  // kNone: the root
    Value part;
  };
  struct Task {
    Draft* draft;
    std::size_t spot;
  };
  // What a slot of a list held before and holds now.
  struct Slot {
    std::size_t index;
    Value before;
    Value now;
    Draft* draft;  // that the value now came from, if it drafted the value before
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
  bool walk_slots(const Task& task, const std::vector<Slot>& slots);
  bool has_swapped(const std::vector<Slot>& slots, Value now, std::size_t rows);
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
  PatchList& inverse_;                         // in the order of patches_ until the end
  std::unordered_map<Value, Draft*> origins_;  // by final value; made when it is first asked for
  bool has_origins_ = false;
  std::vector<Spot> spots_;
  std::vector<Task> tasks_;
  std::vector<Value> owned_;
};

}  // namespace halflife::draft
