#include "journal.hpp"

#include <algorithm>
#include <utility>

namespace halflife::optimistic {

Journal::Mark Journal::mark() {
  marks_.push_back({++last_, dropped_ + notes_.size()});
  return last_;
}

bool Journal::take_back(Mark mark, Undo* undo) {
  for (std::size_t index = marks_.size(); index-- > 0;) {
    if (marks_[index].mark != mark) continue;
    if (dropped_ + notes_.size() == marks_[index].position) return false;
    *undo = std::move(notes_.back());
    notes_.pop_back();
    for (Place& place : marks_) place.position = std::min(place.position, dropped_ + notes_.size());
    return true;
  }
  return false;
}

void Journal::release(Mark mark, std::vector<Undo>* dropped) {
  std::erase_if(marks_, [&](const Place& place) { return place.mark == mark; });
  const std::size_t needed = marks_.empty() ? dropped_ + notes_.size() : marks_.front().position;
  for (; dropped_ < needed; ++dropped_) {
    dropped->push_back(std::move(notes_.front()));
    notes_.pop_front();
  }
}

void Journal::close(std::vector<Undo>* dropped) {
  marks_.clear();
  release(0, dropped);
}

}  // namespace halflife::optimistic
