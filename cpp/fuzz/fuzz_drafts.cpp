// Random edits through drafts against plain mutation; the laws of patches; a host that fails.
#include "fuzz.hpp"
#include "tests/draft/draft_program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace halflife;
  return fuzz::run([&] {
    fuzz::Bytes bytes(data, size);
    const bool faults = bytes(4) == 0;
    plain::Values values;
    const long fail_in = static_cast<long>(bytes(256));
    plain::DraftProgram program(values, bytes, faults);
    if (faults) values.fail_in = fail_in;
    program.run(fuzz::steps(size));
  });
}
