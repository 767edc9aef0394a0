#include "plain_recipe.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "core/draft/finalizer.hpp"
#include "core/draft/patch/pointer.hpp"

namespace halflife::plain {

using draft::Draft;
using draft::Kind;
using draft::Op;
using draft::Patch;
using draft::PatchList;

namespace {

constexpr const char* kOps[] = {"add", "remove", "replace", "move", "copy", "test"};

std::vector<std::string> parts_of(const std::string& pointer) {
  std::vector<std::string> parts;
  EXPECT_TRUE(draft::parse_pointer(pointer, &parts)) << pointer;
  return parts;
}

std::size_t number(const std::string& part) {
  std::size_t index = 0;
  EXPECT_TRUE(draft::parse_position(part, &index)) << part;
  return index;
}

std::string pointer(const draft::Path& path) {
  std::vector<std::string> parts;
  for (Value part : path) parts.push_back(Values::show(part));
  return draft::format_pointer(parts);
}

}  // namespace

Recipe::Recipe(Values& values, Value base, bool recording)
    : values_(values),
      base_(base),
      before_(Values::show(base)),
      scope_(values, recording),
      root_(scope_.open(base)) {}

Value Recipe::get(const std::string& pointer) {
  Value at = root_->face;
  for (const std::string& part : parts_of(pointer)) {
    Draft* draft = values_.draft_of(at);
    EXPECT_NE(draft, nullptr) << "no container on the way of " << pointer;
    const bool ok = draft->kind == Kind::list ? scope_.get_item(*draft, number(part), &at)
                                              : scope_.get(*draft, values_.read(part), &at);
    EXPECT_TRUE(ok && at != nullptr) << "nothing at " << pointer;
  }
  return at;
}

std::pair<Draft*, Value> Recipe::entry_at(const std::string& pointer) {
  const std::size_t last = pointer.rfind('/');
  std::string part;
  EXPECT_TRUE(draft::unescape(pointer.substr(last + 1), &part));
  return {&at(pointer.substr(0, last)), values_.read(part)};
}

void Recipe::set(const std::string& pointer, Value value) {
  const auto [draft, key] = entry_at(pointer);
  if (draft->kind == Kind::list) {
    EXPECT_TRUE(scope_.set_item(*draft, number(Values::show(key)), value));
  } else {
    EXPECT_TRUE(scope_.set(*draft, key, value));
  }
}

void Recipe::erase(const std::string& pointer) {
  const auto [draft, key] = entry_at(pointer);
  EXPECT_TRUE(scope_.erase(*draft, key));
}

void Recipe::include(const std::string& pointer, const std::string& member, bool included) {
  EXPECT_TRUE(scope_.include(at(pointer), values_.read(member), included));
}

void Recipe::insert(const std::string& list, std::size_t index, Value value) {
  EXPECT_TRUE(scope_.adopt(value));
  EXPECT_TRUE(values_.insert_item(scope_.edit_list(at(list)), index, value));
}

void Recipe::append(const std::string& list, const std::string& text) {
  Value scratch = scope_.edit_list(at(list));
  insert(list, values_.size(scratch), text);
}

void Recipe::pop(const std::string& list, std::size_t index) {
  EXPECT_TRUE(values_.erase_item(scope_.edit_list(at(list)), index));
}

Produced Recipe::finish(bool steal) {
  draft::Finalizer finalizer(scope_, steal);
  PatchList patches(values_);
  PatchList inverse(values_);
  Produced produced;
  Value now = nullptr;
  if (draft::diff(scope_, finalizer, *root_, &patches, &inverse) &&
      finalizer.finalize(root_->face, &now)) {
    values_.own(now);
    produced = {values_.keep(now), Values::show(now), plain::show(patches), plain::show(inverse)};
  }
  scope_.close();
  EXPECT_EQ(Values::show(base_), before_) << "the base was changed";
  if (produced.value == nullptr) return produced;
  EXPECT_EQ(patches.empty(), now == base_) << produced.text;
  const long fail_in = std::exchange(values_.fail_in, -1);
  const auto expect = [&](Value from, const PatchList& list, Value to) {
    Value result = patched(values_, from, list);
    EXPECT_TRUE(result != nullptr && Values::agree(result, to))
        << "from " << Values::show(from) << "\nto " << Values::show(to) << "\nby "
        << testing::PrintToString(plain::show(list)) << "\ngives "
        << (result == nullptr ? "nothing" : Values::show(result));
  };
  expect(base_, patches, now);
  expect(now, inverse, base_);
  values_.fail_in = fail_in;
  return produced;
}

Value patched(Values& values, Value base, const PatchList& patches, draft::ApplyFailure* failure) {
  draft::ApplyFailure ignored;
  draft::Scope scope(values, false);
  Value root = base;
  if (draft::is_draftable(values.kind(base))) {
    const Draft* draft = scope.open(base);
    if (draft == nullptr) return nullptr;
    root = draft->face;
  }
  if (!draft::apply(scope, &root, patches, failure == nullptr ? &ignored : failure)) return nullptr;
  draft::Finalizer finalizer(scope, true);
  Value result = nullptr;
  if (!finalizer.finalize(root, &result)) return nullptr;
  values.own(result);
  return values.keep(result);
}

Lines show(const PatchList& patches) {
  Lines lines;
  for (const Patch& patch : patches) {
    std::string line = std::string(kOps[static_cast<std::size_t>(patch.op)]) + " ";
    if (patch.op == Op::move || patch.op == Op::copy) line += pointer(patch.from) + " -> ";
    line += pointer(patch.path);
    if (patch.value != nullptr) line += " = " + Values::show(patch.value);
    lines.push_back(line);
  }
  return lines;
}

void read_patches(Values& values, const Lines& lines, PatchList* patches) {
  const auto path = [&](const std::string& text) {
    draft::Path read;
    for (const std::string& part : parts_of(text)) read.push_back(values.read(part));
    return read;
  };
  for (const std::string& line : lines) {
    const std::size_t space = line.find(' ');
    std::size_t op = 0;
    while (line.substr(0, space) != kOps[op]) ++op;
    std::string rest = line.substr(space + 1);
    draft::Path from;
    Value value = nullptr;
    if (const std::size_t arrow = rest.find(" -> "); arrow != rest.npos) {
      from = path(rest.substr(0, arrow));
      rest = rest.substr(arrow + 4);
    }
    if (const std::size_t sign = rest.find(" = "); sign != rest.npos) {
      value = values.read(rest.substr(sign + 3));
      rest = rest.substr(0, sign);
    } else if (!rest.empty() && rest.front() == '=') {
      value = values.read(rest.substr(1));
      rest.clear();
    }
    patches->add(static_cast<Op>(op), path(rest), value, from);
  }
}

}  // namespace halflife::plain
