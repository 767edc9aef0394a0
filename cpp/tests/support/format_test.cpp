// fmt is compiled in core/format.cpp only: the functions that core uses must link and work.
#include <fmt/format.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

TEST(Format, TextAndNumbersAreWrittenOut) {
  const std::string name = "user_id";
  EXPECT_EQ(fmt::format("atom {} ran {} times", name, std::uint64_t{3}),
            "atom user_id ran 3 times");
}

TEST(Format, FloatingPointNumbersAreWrittenShortest) {
  EXPECT_EQ(fmt::format("{} s and {:.2f} s", 0.1, 2.0), "0.1 s and 2.00 s");
}

TEST(Format, LongTextsGrowTheBuffer) {
  const std::string long_text(10'000, 'x');
  EXPECT_EQ(fmt::format("{}{}", long_text, 1).size(), 10'001U);
}
