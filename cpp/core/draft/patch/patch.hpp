// A patch is one step from one plain value to another: an operation (add, remove, replace, move,
// copy, test), a path of keys, positions and field names, and a value. The operations are those of
// RFC 6902, but a path is a list of the user's own keys, and its last part can be a member of a
// set. Paths are exact: "0" does not name the key 0. Only the parts of JSON pointers, which are all
// texts, name the key or position that is written like them.
#pragma once

#include <cstddef>
#include <vector>

#include "../model.hpp"

namespace halflife::draft {

enum class Op : unsigned char { add, remove, replace, move, copy, test };

using Path = std::vector<Value>;

struct Patch {
  Op op = Op::add;
  Path path;
  Value value = nullptr;    // plain; null if the operation needs none (remove, move, copy)
  Path from;                // move and copy only
  bool by_pointer = false;  // the paths are parts of JSON pointers
};

// Patches in order. It owns every handle in them.
class PatchList {
 public:
  explicit PatchList(Model& model) : model_(&model) {}
  PatchList(PatchList&& other) noexcept : model_(other.model_) { patches_.swap(other.patches_); }
  PatchList& operator=(PatchList&& other) noexcept;
  PatchList(const PatchList&) = delete;
  PatchList& operator=(const PatchList&) = delete;
  ~PatchList() { clear(); }

  // Borrows its arguments, and adds references of its own.
  void add(Op op, Path path, Value value = nullptr, Path from = {}, bool by_pointer = false);

  std::size_t size() const { return patches_.size(); }
  bool empty() const { return patches_.empty(); }
  const Patch& operator[](std::size_t index) const { return patches_[index]; }
  std::vector<Patch>::const_iterator begin() const { return patches_.begin(); }
  std::vector<Patch>::const_iterator end() const { return patches_.end(); }

  void reverse();
  void clear();  // may run user code; the list is empty by then

 private:
  Model* model_;
  std::vector<Patch> patches_;
};

}  // namespace halflife::draft
