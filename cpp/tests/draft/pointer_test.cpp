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

}  // namespace
}  // namespace halflife::draft
