// The waiters of one node: futures in the order in which they were added. A future is removed in
// constant time, since any number of tasks may be cancelled while they wait for one atom.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "../support/python.hpp"

namespace halflife::bindings {

class Waiters {
 public:
  // Null where a future was removed.
  const std::vector<PyObject*>& futures() const { return futures_; }

  // Takes the reference.
  void add(PyObject* future) { futures_.push_back(future); }

  // Moves all futures, with their references, to the end of `others`.
  void move_to(std::vector<PyObject*>& others) {
    for (PyObject* future : futures_) {
      if (future != nullptr) others.push_back(future);
    }
    forget_places();
    futures_.clear();
    left_ = 0;
  }

  // Removes the future and returns its reference; null if it is not among the waiters.
  PyObject* remove(PyObject* future) {
    const std::size_t place = place_of(future);
    if (place == futures_.size()) return nullptr;
    futures_[place] = nullptr;
    places_.erase(future);
    if (++left_ * 2 >= futures_.size()) {
      std::erase(futures_, nullptr);
      forget_places();
      left_ = 0;
    }
    return future;
  }

 private:
  static constexpr std::size_t kFew = 16;

  std::size_t place_of(PyObject* future) {
    if (futures_.size() <= kFew) {
      std::size_t place = 0;
      while (place < futures_.size() && futures_[place] != future) ++place;
      return place;
    }
    for (; known_ < futures_.size(); ++known_) places_[futures_[known_]] = known_;
    const auto found = places_.find(future);
    return found == places_.end() ? futures_.size() : found->second;
  }
  void forget_places() {
    places_.clear();
    known_ = 0;
  }

  std::vector<PyObject*> futures_;
  std::unordered_map<PyObject*, std::size_t> places_;  // of the first `known_` futures
  std::size_t known_ = 0;
  std::size_t left_ = 0;
};

}  // namespace halflife::bindings
