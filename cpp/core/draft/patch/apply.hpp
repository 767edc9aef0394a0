// To apply patches is to make the edits that they name, through drafts: what no patch touches stays
// the same object, and a patch that changes nothing changes nothing. Patches are never changed.
#pragma once

#include <cstddef>

#include "../scope.hpp"
#include "patch.hpp"

namespace halflife::draft {

enum class Refusal : unsigned char {
  host,           // the host has an error pending
  missing,        // there is nothing at the path, or at the place it goes to
  bad_index,      // not a position of the list
  not_container,  // the path goes on below a leaf
  not_removable,  // the root, or a field of a record
  in_tuple,       // an edit of a tuple itself
  into_itself,    // a move to a place below the one it comes from
  different,      // a test that failed
  other_type,     // a draft that is edited in place cannot become a value of another type
};

struct ApplyFailure {
  std::size_t patch = 0;  // its position in the list
  Refusal refusal = Refusal::host;
};

// `root` is the face of a root draft of the scope, or a leaf. Afterwards it is what the whole
// became: the same face, that of another draft of the scope, or a leaf of a patch (all borrowed;
// alive as long as the scope and the patches are). Resolve it for the result. If it returns false,
// the scope is to be thrown away.
bool apply(Scope& scope, Value* root, const PatchList& patches, ApplyFailure* failure);

// Edits `draft` itself, as its own methods would; nobody else's draft is touched. If it returns
// false, the patches before the one that failed have been applied: try them on a plain copy first.
bool apply_in_place(Scope& scope, Draft& draft, const PatchList& patches, ApplyFailure* failure);

}  // namespace halflife::draft
