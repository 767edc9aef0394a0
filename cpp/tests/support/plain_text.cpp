// Plain values as text, both ways.
#include <gtest/gtest.h>

#include <cctype>

#include "plain_values.hpp"

namespace halflife::plain {

using draft::Kind;

namespace {

class Reader {
 public:
  Reader(Values& values, const std::string& text) : values_(values), text_(text) {}

  Value whole() {
    Value value = one();
    skip();
    EXPECT_EQ(at_, text_.size()) << "in " << text_;
    return value;
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == ',')) ++at_;
  }
  bool ends(char closing) {
    skip();
    if (at_ < text_.size() && text_[at_] != closing) return false;
    ++at_;
    return true;
  }
  bool is_word() const {
    const auto character = static_cast<unsigned char>(text_[at_]);
    return std::isalnum(character) != 0 || character == '_' || character == '-' ||
           character == '~' || character == '/';
  }

  Value one() {
    skip();
    switch (text_[at_]) {
      case '[':
        return items(Kind::list, ']');
      case '(':
        return items(Kind::fixed, ')');
      case '{':
        return entries(Kind::map, '}');
      case '<':
        return members();
      default:
        break;
    }
    std::string word;
    while (at_ < text_.size() && is_word()) word += text_[at_++];
    if (at_ < text_.size() && text_[at_] == '(') {
      Value record = entries(Kind::record, ')');
      node_of(record).type = word;
      return record;
    }
    if (word == "true") return values_.make_leaf(true);
    const bool is_number = !word.empty() && word.find_first_not_of("0123456789") == word.npos;
    if (is_number) return values_.make_leaf(std::stol(word));
    return values_.make_leaf(word);
  }

  Value items(Kind kind, char closing) {
    Node* list = new Node(kind);
    for (++at_; !ends(closing);) list->items.push_back(one());
    return list;
  }

  Value entries(Kind kind, char closing) {
    Node* map = new Node(kind);
    for (++at_; !ends(closing);) {
      Value key = one();
      skip();
      EXPECT_EQ(text_[at_], ':') << "in " << text_;
      ++at_;
      Value value = one();
      EXPECT_TRUE(values_.put(map, key, value));
      values_.release(key);
      values_.release(value);
    }
    return map;
  }

  Value members() {
    Node* set = new Node(Kind::set);
    for (++at_; !ends('>');) {
      Value member = one();
      EXPECT_TRUE(values_.put(set, member, member));
      values_.release(member);
    }
    return set;
  }

  Values& values_;
  const std::string& text_;
  std::size_t at_ = 0;
};

std::string joined(const std::vector<std::string>& parts, const char* open, const char* close) {
  std::string text = open;
  for (const std::string& part : parts) text += (text.size() > 1 ? ", " : "") + part;
  return text + close;
}

}  // namespace

Value Values::read(const std::string& text) { return keep(Reader(*this, text).whole()); }

std::string Values::show(Value value) {
  const Node& node = node_of(value);
  if (node.draft != nullptr) return "a draft";
  std::vector<std::string> parts;
  for (Value item : node.items) parts.push_back(show(item));
  for (const auto& [key, held] : node.entries) {
    parts.push_back(node.kind == Kind::set ? show(key) : show(key) + ": " + show(held));
  }
  switch (node.kind) {
    case Kind::list:
      return joined(parts, "[", "]");
    case Kind::fixed:
      return joined(parts, "(", ")");
    case Kind::map:
      return joined(parts, "{", "}");
    case Kind::set:
      return joined(parts, "<", ">");
    case Kind::record:
      return node.type + joined(parts, "(", ")");
    default:
      break;
  }
  if (const long* number = std::get_if<long>(&node.leaf)) return std::to_string(*number);
  if (std::get_if<bool>(&node.leaf) != nullptr) return "true";
  return std::get<std::string>(node.leaf);
}

bool Values::agree(Value one, Value other, bool ordered) {
  const Node& left = node_of(one);
  const Node& right = node_of(other);
  if (left.kind != right.kind || left.type != right.type || left.leaf != right.leaf ||
      left.items.size() != right.items.size() || left.entries.size() != right.entries.size()) {
    return false;
  }
  for (std::size_t index = 0; index < left.items.size(); ++index) {
    if (!agree(left.items[index], right.items[index], ordered)) return false;
  }
  for (std::size_t index = 0; index < left.entries.size(); ++index) {
    const auto& [key, held] = left.entries[index];
    const auto entry = right.positions.find(show_key(key));
    if (entry == right.positions.end()) return false;
    if (ordered && left.kind == Kind::map && entry->second != index) return false;
    const auto& [other_key, other_held] = right.entries[entry->second];
    if (!agree(key, other_key, ordered)) return false;
    if (held != nullptr && !agree(held, other_held, ordered)) return false;
  }
  return true;
}

std::string Values::show_key(Value key) {
  const Node& node = node_of(key);
  if (node.kind == Kind::leaf) {
    return std::get_if<bool>(&node.leaf) != nullptr ? "1" : show(key);
  }
  std::vector<std::string> parts;
  for (Value item : node.items) parts.push_back(show_key(item));
  return joined(parts, "(", ")");
}

}  // namespace halflife::plain
