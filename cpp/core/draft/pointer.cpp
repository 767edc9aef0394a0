#include "pointer.hpp"

#include <charconv>

namespace halflife::draft {

std::string escape(std::string_view part) {
  std::string escaped;
  escaped.reserve(part.size());
  for (char character : part) {
    if (character == '~') {
      escaped += "~0";
    } else if (character == '/') {
      escaped += "~1";
    } else {
      escaped += character;
    }
  }
  return escaped;
}

bool unescape(std::string_view escaped, std::string* part) {
  part->clear();
  part->reserve(escaped.size());
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    if (escaped[at] != '~') {
      *part += escaped[at];
      continue;
    }
    if (++at == escaped.size()) return false;
    if (escaped[at] == '0') {
      *part += '~';
    } else if (escaped[at] == '1') {
      *part += '/';
    } else {
      return false;
    }
  }
  return true;
}

std::string format_pointer(const std::vector<std::string>& parts) {
  std::string pointer;
  for (const std::string& part : parts) {
    pointer += '/';
    pointer += escape(part);
  }
  return pointer;
}

bool parse_pointer(std::string_view pointer, std::vector<std::string>* parts) {
  parts->clear();
  if (pointer.empty()) return true;
  if (pointer.front() != '/') return false;
  std::size_t begin = 1;
  for (;;) {
    const std::size_t end = pointer.find('/', begin);
    std::string part;
    if (!unescape(pointer.substr(begin, end - begin), &part)) return false;
    parts->push_back(std::move(part));
    if (end == std::string_view::npos) return true;
    begin = end + 1;
  }
}

bool parse_position(std::string_view part, std::size_t* position) {
  if (part.empty() || (part.size() > 1 && part.front() == '0')) return false;
  if (part.front() < '0' || part.front() > '9') return false;
  const char* end = part.data() + part.size();
  const auto [stopped, error] = std::from_chars(part.data(), end, *position);
  return error == std::errc() && stopped == end;
}

}  // namespace halflife::draft
