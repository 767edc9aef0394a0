#include "list_diff.hpp"

namespace halflife::draft {

namespace {

using Positions = std::vector<std::size_t>;

// A row of cells, some of them taken. Counts the taken cells before a given one in logarithmic time
// (a Fenwick tree).
class Cells {
 public:
  explicit Cells(std::size_t count) : sums_(count + 1) {}

  void take(std::size_t cell) { change(cell, 1); }
  void leave(std::size_t cell) { change(cell, kNone); }  // adds -1, by wrapping around

  std::size_t taken_before(std::size_t cell) const {
    std::size_t sum = 0;
    for (; cell > 0; cell &= cell - 1) sum += sums_[cell];
    return sum;
  }

 private:
  void change(std::size_t cell, std::size_t by) {
    for (++cell; cell < sums_.size(); cell += cell & (~cell + 1)) sums_[cell] += by;
  }

  Positions sums_;
};

// Between two elements that stay, a removed and an added element become one replacement. Gives for
// each new position the old position that it replaces, or kNone.
Positions pair_replaced(std::size_t count, const Match& match) {
  Positions replaced(match.before.size(), kNone);
  std::vector<bool> kept(count);
  for (const std::size_t partner : match.before) {
    if (partner != kNone) kept[partner] = true;
  }
  std::size_t row = 0;
  for (std::size_t column = 0; column < match.before.size();) {
    std::size_t end = column;
    while (end < match.before.size() && !match.stays[end]) ++end;
    const std::size_t last = end < match.before.size() ? match.before[end] : count;
    for (; column < end; ++column) {
      if (match.before[column] != kNone) continue;
      while (row < last && kept[row]) ++row;
      if (row == last) continue;
      replaced[column] = row++;
    }
    row = last + 1;
    column = end + 1;
  }
  return replaced;
}

// Both lists laid out in one row of cells. An element that stays or is replaced has one cell, an
// element that moves has two. An added element has the cell right behind that of its predecessor in
// the new list.
struct Layout {
  Positions before;  // the cell of each position
  Positions now;
};

Layout lay_out(std::size_t count, const Match& match, const Positions& replaced) {
  Layout layout{Positions(count), Positions(match.before.size())};
  const std::size_t columns = match.before.size();
  const auto anchor = [&](std::size_t column) {
    return match.stays[column] ? match.before[column] : replaced[column];
  };
  std::size_t cell = 0;
  std::size_t column = 0;
  const auto take_new = [&] {
    while (column < columns && anchor(column) == kNone) layout.now[column++] = cell++;
  };
  take_new();
  for (std::size_t row = 0; row < count; ++row) {
    layout.before[row] = cell++;
    if (column == columns || anchor(column) != row) continue;
    layout.now[column++] = layout.before[row];
    take_new();
  }
  return layout;
}

// If only few of many equal elements stay, replacing elements without moving any can need fewer
// steps. Then this script is used.
void prefer_replacements(const Positions& before, const Positions& now, ListScript* script) {
  if (before.size() != now.size()) return;
  std::size_t differing = 0;
  for (std::size_t at = 0; at < now.size(); ++at) differing += before[at] != now[at] ? 1 : 0;
  if (differing >= script->steps.size()) return;
  script->steps.clear();
  for (std::size_t at = 0; at < now.size(); ++at) {
    const bool stays = before[at] == now[at];
    script->match.stays[at] = stays;
    script->match.before[at] = stays ? at : kNone;
    if (!stays) script->steps.push_back({Op::replace, at, 0, at, at});
  }
}

}  // namespace

ListScript list_diff(const std::vector<std::size_t>& before, const std::vector<std::size_t>& now) {
  ListScript script{{}, match(before, now)};
  const Match& matched = script.match;
  const Positions replaced = pair_replaced(before.size(), matched);
  const Layout layout = lay_out(before.size(), matched, replaced);
  Cells cells(before.size() + now.size());
  std::vector<bool> kept(before.size());
  for (std::size_t row = 0; row < before.size(); ++row) cells.take(layout.before[row]);
  for (std::size_t column = 0; column < now.size(); ++column) {
    if (matched.before[column] != kNone) kept[matched.before[column]] = true;
    if (replaced[column] != kNone) kept[replaced[column]] = true;
  }
  for (std::size_t row = before.size(); row-- > 0;) {
    if (kept[row]) continue;
    cells.leave(layout.before[row]);
    script.steps.push_back({Op::remove, row, 0, row, kNone});
  }
  for (std::size_t column = 0; column < now.size(); ++column) {
    if (matched.stays[column]) continue;
    const std::size_t cell = layout.now[column];
    if (replaced[column] != kNone) {
      script.steps.push_back({Op::replace, cells.taken_before(cell), 0, replaced[column], column});
      continue;
    }
    const std::size_t row = matched.before[column];
    if (row == kNone) {
      script.steps.push_back({Op::add, cells.taken_before(cell), 0, kNone, column});
    } else {
      const std::size_t from = cells.taken_before(layout.before[row]);
      cells.leave(layout.before[row]);
      const std::size_t at = cells.taken_before(cell);
      if (at != from) script.steps.push_back({Op::move, at, from, row, column});
    }
    cells.take(cell);
  }
  prefer_replacements(before, now, &script);
  return script;
}

}  // namespace halflife::draft
