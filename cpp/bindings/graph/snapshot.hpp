// Snapshots of a store, for people: the rows of graph(), and the state of single atoms. Nothing is
// computed.
#pragma once

#include <pybind11/pybind11.h>

namespace halflife::bindings {

// [(atom, kind, state, value, observed, runs, subscribers, [inputs])], in order of creation.
pybind11::list snapshot(pybind11::handle store);

// The async derived atoms and all others that an atom was computed from, itself first:
// [(atom, answered, asked, under way, pending, [rows of its inputs])]. `answered` and `asked` are
// the moments at which the run of the settled value and the newest run took their first steps; None
// where there is no such run, or none that could be asked again.
pybind11::list chain(pybind11::handle store, pybind11::handle atom);

// (state, value) of an atom as it is now; state is "unread", "stale", "value", "error", "loading",
// and value None where there is none. Computes nothing.
pybind11::tuple peek(pybind11::handle store, pybind11::handle atom);

// Has the store any state of this atom?
bool is_known(pybind11::handle store, pybind11::handle atom);

// ([futures of those who wait for an async atom], [atoms that have received its last value and do
// not settle before it does]).
pybind11::tuple waiting_for(pybind11::handle store, pybind11::handle atom);

}  // namespace halflife::bindings
