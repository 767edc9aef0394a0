// Refreshing brings the base of a draft, and those of the drafts below it, up to date at every
// depth. Needed before contents are used as they are: compared, shown, moved, or when list
// positions change.
#pragma once

#include "base_provider.hpp"

namespace halflife::draft {

// False: an error is pending in the host.
bool refresh_bases(Model& model, BaseProvider& provider, Draft& draft);

}  // namespace halflife::draft
