// The timeline of a store: two counters that name moments. A *stamp* names one change, so equal
// stamps prove that nothing changed in between. A *revision* names a state of the whole graph: a
// node that was verified at the current revision is current without a look at its inputs.
#pragma once

#include "../ids.hpp"

namespace halflife::graph {

class Timeline {
 public:
  Revision revision() const { return revision_; }
  // To be called with every change outside of a walk: nodes that are not live count as unverified.
  void next_revision() { ++revision_; }

  Stamp next_stamp() { return ++stamp_; }

  // Null if all is well; else what is wrong.
  const char* invariant() const { return revision_ > 0 ? nullptr : "no revision"; }

 private:
  // Starts at 1, so that a node with verified_at == 0 is never current.
  Revision revision_ = 1;
  // The last stamp that was given: only next_stamp writes this, so no two changes share a stamp.
  Stamp stamp_ = 0;
};

}  // namespace halflife::graph
