# halflife_warnings(target): the warnings our own sources must be free of.
# Set per target, so that headers of others (pybind11, fmt, GoogleTest) are not held to them.
option(HALFLIFE_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)

function(halflife_warnings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${HALFLIFE_WARNINGS_AS_ERRORS}>:/WX>)
  else()
    target_compile_options(
      ${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
                        $<$<BOOL:${HALFLIFE_WARNINGS_AS_ERRORS}>:-Werror>)
  endif()
endfunction()
