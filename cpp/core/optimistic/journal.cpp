#include "journal.hpp"

#include <algorithm>
#include <utility>

namespace halflife::optimistic {

Journal::Mark Journal::mark() {
  marks_.push_back({++last_, dropped_ + undos_.size()});
  return last_;
}

bool Journal::pop(Mark mark, Undo* undo) {
  for (std::size_t index = marks_.size(); index-- > 0;) {
    if (marks_[index].mark != mark) continue;
    if (dropped_ + undos_.size() == marks_[index].position) return false;
    *undo = std::move(undos_.back());
    undos_.pop_back();
    for (MarkPosition& entry : marks_)
      entry.position = std::min(entry.position, dropped_ + undos_.size());
    return true;
  }
  return false;
}

void Journal::release(Mark mark, std::vector<Undo>* dropped) {
  std::erase_if(marks_, [&](const MarkPosition& entry) { return entry.mark == mark; });
  const std::size_t needed = marks_.empty() ? dropped_ + undos_.size() : marks_.front().position;
  for (; dropped_ < needed; ++dropped_) {
    dropped->push_back(std::move(undos_.front()));
    undos_.pop_front();
  }
}

void Journal::close(std::vector<Undo>* dropped) {
  marks_.clear();
  release(0, dropped);
}

}  // namespace halflife::optimistic
