#include "list_match.hpp"

#include <algorithm>
#include <utility>

namespace halflife::draft {

namespace {

using Positions = std::vector<std::size_t>;

// The most steps that the search for a longest common subsequence may take.
inline constexpr long kMostSteps = 256;

std::size_t count_numbers(const Positions& before, const Positions& now) {
  std::size_t most = 0;
  for (const std::size_t number : before) most = std::max(most, number + 1);
  for (const std::size_t number : now) most = std::max(most, number + 1);
  return most;
}

bool has_copies(const Positions& numbers, std::size_t count) {
  std::vector<bool> seen(count);
  for (const std::size_t number : numbers) {
    if (seen[number]) return true;
    seen[number] = true;
  }
  return false;
}

// Pairs each element that has no partner with the first equal element that is left.
void pair_rest(const Positions& before, const Positions& now, std::size_t count, Match* match) {
  std::vector<bool> taken(before.size());
  for (const std::size_t partner : match->before) {
    if (partner != kNone) taken[partner] = true;
  }
  Positions first(count, kNone);
  Positions next(before.size(), kNone);
  for (std::size_t at = before.size(); at-- > 0;) {
    if (taken[at]) continue;
    next[at] = first[before[at]];
    first[before[at]] = at;
  }
  for (std::size_t at = 0; at < now.size(); ++at) {
    if (match->before[at] != kNone || first[now[at]] == kNone) continue;
    match->before[at] = first[now[at]];
    first[now[at]] = next[first[now[at]]];
  }
}

// The longest increasing subsequence of partners stays. Found by patience sorting.
void stay_increasing(Match* match) {
  const Positions& partners = match->before;
  Positions ends;  // at [length - 1]: where the subsequence with the smallest last partner ends
  Positions previous(partners.size(), kNone);
  for (std::size_t at = 0; at < partners.size(); ++at) {
    if (partners[at] == kNone) continue;
    const auto found =
        std::lower_bound(ends.begin(), ends.end(), partners[at],
                         [&](std::size_t end, std::size_t value) { return partners[end] < value; });
    if (found != ends.begin()) previous[at] = *(found - 1);
    if (found == ends.end()) {
      ends.push_back(at);
    } else {
      *found = at;
    }
  }
  for (std::size_t at = ends.empty() ? kNone : ends.back(); at != kNone; at = previous[at]) {
    match->stays[at] = true;
  }
}

// Myers' search for the shortest script of insertions and deletions ("An O(ND) difference algorithm
// and its variations", 1986). Keeps the frontier after each number of steps, to walk the path back.
// False: more than kMostSteps would be needed.
bool stay_common(const Positions& before, const Positions& now, Match* match) {
  const long rows = static_cast<long>(before.size());
  const long columns = static_cast<long>(now.size());
  const auto same = [&](long row, long column) {
    return before[static_cast<std::size_t>(row)] == now[static_cast<std::size_t>(column)];
  };
  // frontiers[steps][(diagonal + steps) / 2]: the row reached on the diagonal row - column.
  std::vector<std::vector<long>> frontiers;
  const auto start = [&](long steps, long diagonal) {
    if (steps == 0) return 0L;
    const std::vector<long>& last = frontiers[static_cast<std::size_t>(steps) - 1];
    const auto reached = [&](long on) {
      return last[static_cast<std::size_t>(on + steps - 1) / 2];
    };
    const bool can_delete = diagonal > -steps;
    const bool can_insert = diagonal < steps;
    if (can_insert && (!can_delete || reached(diagonal - 1) + 1 <= reached(diagonal + 1))) {
      return reached(diagonal + 1);
    }
    return reached(diagonal - 1) + 1;
  };
  const auto slide = [&](long row, long diagonal) {
    while (row < rows && row - diagonal < columns && same(row, row - diagonal)) ++row;
    return row;
  };
  const long goal = rows - columns;
  if (goal > kMostSteps || goal < -kMostSteps) return false;
  long steps = 0;
  for (bool found = false; !found; ++steps) {
    if (steps > kMostSteps) return false;
    std::vector<long> frontier;
    frontier.reserve(static_cast<std::size_t>(steps) + 1);
    for (long diagonal = -steps; diagonal <= steps; diagonal += 2) {
      const long row = slide(start(steps, diagonal), diagonal);
      frontier.push_back(row);
      found = found || (diagonal == goal && row >= rows);
    }
    frontiers.push_back(std::move(frontier));
  }
  long row = rows;
  long diagonal = goal;
  while (--steps >= 0) {
    const long from = start(steps, diagonal);
    for (; row > from; --row) {
      const auto column = static_cast<std::size_t>(row - 1 - diagonal);
      match->before[column] = static_cast<std::size_t>(row - 1);
      match->stays[column] = true;
    }
    if (steps == 0) break;
    // Which step led here? An insertion kept the row, a deletion went to the next row.
    const std::vector<long>& last = frontiers[static_cast<std::size_t>(steps) - 1];
    const bool inserted =
        diagonal < steps && last[static_cast<std::size_t>(diagonal + 1 + steps - 1) / 2] == from &&
        (diagonal == -steps ||
         last[static_cast<std::size_t>(diagonal - 1 + steps - 1) / 2] + 1 <= from);
    diagonal += inserted ? 1 : -1;
    row = inserted ? from : from - 1;
  }
  return true;
}

}  // namespace

Match match(const std::vector<std::size_t>& before, const std::vector<std::size_t>& now) {
  Match match{Positions(now.size(), kNone), std::vector<bool>(now.size())};
  const std::size_t count = count_numbers(before, now);
  if (has_copies(before, count) && stay_common(before, now, &match)) {
    pair_rest(before, now, count, &match);
    return match;
  }
  pair_rest(before, now, count, &match);
  stay_increasing(&match);
  return match;
}

}  // namespace halflife::draft
