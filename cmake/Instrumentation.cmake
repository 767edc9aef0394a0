# Sanitizers and coverage, for every target of the project. GCC and Clang only.
#
# -fno-sanitize-recover=undefined: undefined behavior ends the program instead of printing a line
# that nobody reads. _GLIBCXX_ASSERTIONS: bounds checks in std::vector and friends. -O1 -g keeps
# stack traces readable at a bearable speed.
if(HALFLIFE_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -O1 -g)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=address,undefined)
endif()

# Tells libFuzzer which branches an input has taken; the fuzzers themselves link its main().
if(HALFLIFE_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(HALFLIFE_COVERAGE)
  add_compile_options(--coverage -O0 -g)
  add_link_options(--coverage)
endif()
