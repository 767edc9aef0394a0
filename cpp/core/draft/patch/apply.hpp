// Applying a patch makes the edit that it names, through drafts. Values that no patch touches stay
// the same objects, and a patch without effect leaves the value unchanged. The patches themselves
// are never changed.
#pragma once

#include <cstddef>

#include "../scope.hpp"
#include "patch.hpp"

namespace halflife::draft {

enum class Refusal : unsigned char {
  host,           // the host has an error pending
  missing,        // a path names no existing value
  bad_index,      // not a position of the list
  not_container,  // the path goes on below a leaf
  not_removable,  // the root, or a field of a record
  in_tuple,       // an edit of a tuple itself
  into_itself,    // a move to a path below its `from`
  different,      // a test that failed
  other_type,     // a draft that is edited in place cannot become a value of another type
};

struct ApplyFailure {
  std::size_t patch = 0;  // its position in the list
  Refusal refusal = Refusal::host;
};

// `root` is the face of a root draft of the scope, or a leaf. Afterwards `root` is the new root:
// the same face, the face of another draft of the scope, or a leaf of a patch. All of these are
// borrowed and live as long as the scope and the patches. Finalize the root for the result. After
// false, discard the scope.
bool apply(Scope& scope, Value* root, const PatchList& patches, ApplyFailure* failure);

// Edits `draft` itself, as its own methods do. After false, the patches before the failed one stay
// applied, so try them on a plain copy first.
bool apply_in_place(Scope& scope, Draft& draft, const PatchList& patches, ApplyFailure* failure);

}  // namespace halflife::draft
