# Where fmt comes from: the system's package if there is one, else a pinned release of upstream.
#
# Either way only the *headers* are used: fmt is compiled once, in cpp/core/format.cpp. Linking a
# shared libfmt would give wheels a runtime dependency, and FMT_HEADER_ONLY costs three seconds in
# every file that includes it.
#
# The pin is the GitHub archive of the tag 9.1.0 (the version of Debian 12, so that both ways compile
# the same text). Its SHA256 was checked against `git archive` of that tag, gzipped without a time
# stamp, which gives the same bytes.
add_library(halflife_fmt INTERFACE)

find_package(fmt 9 CONFIG QUIET)
if(fmt_FOUND)
  message(STATUS "fmt ${fmt_VERSION} from the system")
  get_target_property(halflife_fmt_include fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
else()
  message(STATUS "fmt 9.1.0 from its release archive")
  include(FetchContent)
  if(POLICY CMP0135)
    cmake_policy(SET CMP0135 NEW)
  endif()
  # SOURCE_SUBDIR names a folder without a CMakeLists.txt: unpack only, add no targets of fmt's own.
  FetchContent_Declare(
    fmt
    URL https://github.com/fmtlib/fmt/archive/refs/tags/9.1.0.tar.gz
    URL_HASH SHA256=5dea48d1fcddc3ec571ce2058e13910a0d4a6bab4cc09a809d8b1dd1c88ae6f2
    SOURCE_SUBDIR include)
  FetchContent_MakeAvailable(fmt)
  set(halflife_fmt_include "${fmt_SOURCE_DIR}/include")
endif()
target_include_directories(halflife_fmt SYSTEM INTERFACE ${halflife_fmt_include})
