#include "pointer.hpp"

#include <limits>
#include <utility>

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
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  *position = 0;
  for (char character : part) {
    if (character < '0' || character > '9') return false;
    const auto digit = static_cast<std::size_t>(character - '0');
    if (*position > (kMost - digit) / 10) return false;
    *position = *position * 10 + digit;
  }
  return true;
}

}  // namespace halflife::draft
