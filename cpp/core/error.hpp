// What core can refuse. Core never throws: it tells the host, which raises in its own way, and
// returns false up the stack. The host keeps one table from these codes to its own errors.
#pragma once

namespace halflife {

enum class Error : unsigned char {
  cycle,              // an atom needs itself; the nodes are the path
  write_during_read,  // a set while an atom is being computed
  endless_flush,      // subscribers keep setting; the nodes are those still changing
};

}  // namespace halflife
