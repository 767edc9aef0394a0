// Random operations on a log of layers against one that folds everything again each time; with
// interrupts; with a host that fails.
#include "fuzz.hpp"
#include "tests/optimistic/layer_program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace halflife;
  return fuzz::run([&] {
    fuzz::Bytes bytes(data, size);
    const std::size_t mode = bytes(8);
    plain::Values values;
    plain::LayerProgram program(values, bytes, mode == 0);
    program.interrupts = mode == 1;
    if (mode == 2) {
      program.run_with_faults(fuzz::steps(size));
    } else {
      program.run(fuzz::steps(size));
    }
  });
}
