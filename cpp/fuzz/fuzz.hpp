// What the fuzzers have in common: bytes become choices, and an expectation that is not met ends
// the process, so that libFuzzer keeps the input.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/support/plain_values.hpp"

namespace halflife::fuzz {

// Choices from the input; once it is used up, from its length.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size), state_(size) {}

  std::size_t operator()(std::size_t limit) {
    if (at_ < size_) return data_[at_++] % limit;
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % limit;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
  std::uint64_t state_;
};

inline std::size_t steps(std::size_t size) { return 1 + (size < 400 ? size / 10 : 40); }

// Runs `body`, which must leave no value behind and meet all its expectations.
template <class Body>
int run(Body body) {
  const long alive = plain::Node::alive;
  body();
  EXPECT_EQ(plain::Node::alive, alive);
  if (testing::Test::HasFailure()) std::abort();
  return 0;
}

}  // namespace halflife::fuzz
