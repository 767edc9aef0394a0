// A patch is one step that turns one plain value into another: what to do (add, remove, replace,
// move, copy, test), where (a path of keys, positions and field names), and with which value. It
// means what RFC 6902 says, but paths are lists of the user's own keys, and sets have paths too:
// the last part is the member. Paths are exact: "0" does not name the key 0. Only the parts of a
// JSON pointer, which are all texts, name whatever key or position has that text.
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

  // Borrows what it is given, and makes its own references.
  void add(Op op, Path path, Value value = nullptr, Path from = {}, bool by_pointer = false);

  std::size_t size() const { return patches_.size(); }
  bool empty() const { return patches_.empty(); }
  const Patch& operator[](std::size_t index) const { return patches_[index]; }
  std::vector<Patch>::const_iterator begin() const { return patches_.begin(); }
  std::vector<Patch>::const_iterator end() const { return patches_.end(); }

  void reverse();
  void clear();  // may run user code, when the list is empty already

 private:
  Model* model_;
  std::vector<Patch> patches_;
};

}  // namespace halflife::draft
