// Random patches applied by core and by hand; and any text read as a pointer.
#include "core/draft/patch/pointer.hpp"
#include "fuzz.hpp"
#include "tests/draft/patch_program.hpp"

namespace {

void read_pointer(const std::uint8_t* data, std::size_t size) {
  using namespace halflife::draft;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> parts;
  if (parse_pointer(text, &parts)) {
    EXPECT_EQ(format_pointer(parts), text);
  }
  std::string part;
  EXPECT_TRUE(unescape(escape(text), &part));
  EXPECT_EQ(part, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace halflife;
  return fuzz::run([&] {
    read_pointer(data, size);
    plain::Values values;
    plain::run_patch_program(values, fuzz::Bytes(data, size), fuzz::steps(size));
  });
}
