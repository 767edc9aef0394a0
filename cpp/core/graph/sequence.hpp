// A vector of plain structs with 32-bit sizes and room for `Inline` elements inside itself: most
// atoms read one or two others, and a store may hold a million of them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

namespace halflife::graph {

template <class T, std::uint32_t Inline>
class Sequence {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Sequence() = default;
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;
  ~Sequence() { release(); }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::uint32_t index) { return data()[index]; }
  const T& operator[](std::uint32_t index) const { return data()[index]; }
  T& back() { return data()[size_ - 1]; }

  void push_back(const T& item) {
    if (size_ == capacity_) grow();
    data()[size_++] = item;
  }
  void pop_back() { --size_; }
  void truncate(std::uint32_t size) { size_ = size; }
  void clear() {
    release();
    capacity_ = Inline;
    size_ = 0;
  }

 private:
  bool inside() const { return capacity_ <= Inline; }
  T* data() {
    if constexpr (Inline > 0) {
      if (inside()) return reinterpret_cast<T*>(storage_);
    }
    return outside_;
  }
  const T* data() const { return const_cast<Sequence*>(this)->data(); }
  void release() {
    if (!inside()) std::free(outside_);
  }
  void grow() {
    const std::uint32_t capacity = capacity_ < 2 ? 2 : capacity_ * 2;
    T* fresh = static_cast<T*>(std::malloc(sizeof(T) * capacity));
    if (fresh == nullptr) throw std::bad_alloc();
    if (size_ > 0) std::memcpy(static_cast<void*>(fresh), data(), sizeof(T) * size_);
    release();
    outside_ = fresh;
    capacity_ = capacity;
  }

  union {
    T* outside_ = nullptr;
    alignas(T) unsigned char storage_[Inline > 0 ? sizeof(T) * Inline : sizeof(T*)];
  };
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = Inline;
};

}  // namespace halflife::graph
