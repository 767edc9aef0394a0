// The value model over Python objects (see core/draft/model.hpp): exact dict, list and set, tuples,
// and records. A record is an object of a class with a fixed set of named fields: a dataclass, an
// attrs class, a NamedTuple, a msgspec Struct, a pydantic model. Subclasses of dict, list, set and
// tuple have a behavior of their own that a draft could not keep: they are leaves, as is everything
// else.
#pragma once

#include "../core/draft/draft.hpp"
#include "python.hpp"

namespace halflife::bindings {

draft::Model& python_model();

inline PyObject* to_object(Value value) { return static_cast<PyObject*>(value); }

}  // namespace halflife::bindings
