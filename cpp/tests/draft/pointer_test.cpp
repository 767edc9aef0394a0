// JSON pointers: paths as text.
#include "core/draft/patch/pointer.hpp"

#include <gtest/gtest.h>

namespace halflife::draft {
namespace {

using Parts = std::vector<std::string>;

TEST(Pointer, TheExamplesOfTheStandardAreReadAndWrittenBack) {
  const std::pair<std::string, Parts> examples[] = {
      {"", {}},
      {"/foo", {"foo"}},
      {"/foo/0", {"foo", "0"}},
      {"/", {""}},
      {"/a~1b", {"a/b"}},
      {"/c%d", {"c%d"}},
      {"/e^f", {"e^f"}},
      {"/g|h", {"g|h"}},
      {"/i\\j", {"i\\j"}},
      {"/k\"l", {"k\"l"}},
      {"/ ", {" "}},
      {"/m~0n", {"m~n"}},
      {"//", {"", ""}},
      {"/~01", {"~1"}},
  };
  for (const auto& [pointer, parts] : examples) {
    Parts read{"left from before"};
    EXPECT_TRUE(parse_pointer(pointer, &read)) << pointer;
    EXPECT_EQ(read, parts) << pointer;
    EXPECT_EQ(format_pointer(parts), pointer);
  }
}

TEST(Pointer, WhatIsNoPointerIsRefused) {
  Parts parts;
  for (const char* pointer : {"a", "a/b", "/~", "/~2", "/a~/b", "/a/~"}) {
    EXPECT_FALSE(parse_pointer(pointer, &parts)) << pointer;
  }
}

TEST(Pointer, APositionHasDigitsOnlyAndNoLeadingZeros) {
  std::size_t position = 0;
  EXPECT_TRUE(parse_position("0", &position));
  EXPECT_EQ(position, 0u);
  EXPECT_TRUE(parse_position("1203", &position));
  EXPECT_EQ(position, 1203u);
  for (const char* text : {"", "-", "-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e1", "x",
                           "99999999999999999999999999"}) {
    EXPECT_FALSE(parse_position(text, &position)) << text;
  }
}

}  // namespace
}  // namespace halflife::draft
