// A JSON pointer (RFC 6901) is a path written as one text: each part behind a slash, with ~ and /
// inside parts written as ~0 and ~1.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace halflife::draft {

std::string escape(std::string_view part);
// False: a ~ that is followed by neither 0 nor 1.
bool unescape(std::string_view escaped, std::string* part);

std::string format_pointer(const std::vector<std::string>& parts);
// False: not a pointer (it is neither empty nor begins with a slash), or as above.
bool parse_pointer(std::string_view pointer, std::vector<std::string>* parts);

// A position as RFC 6901 writes it: digits without leading zeros. False: it is none, or too large.
bool parse_position(std::string_view part, std::size_t* position);

}  // namespace halflife::draft
