// A JSON pointer (RFC 6901) is a path written as one text: each part follows a slash, and ~ and /
// inside parts are written as ~0 and ~1.
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
// False: not a pointer (neither empty nor with a slash at the beginning), or a bad ~.
bool parse_pointer(std::string_view pointer, std::vector<std::string>* parts);

// A position as RFC 6901 writes it: digits without leading zeros. False: not a position, or too
// large.
bool parse_position(std::string_view part, std::size_t* position);

}  // namespace halflife::draft
