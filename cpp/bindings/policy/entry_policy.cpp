#include "entry_policy.hpp"

#include <pybind11/native_enum.h>

#include "core/policy/entry.hpp"

namespace py = pybind11;

namespace halflife::bindings {

namespace {

using policy::Entry;
using policy::Shown;
using policy::Snapshot;
using policy::Verdict;

bool same_shown(const Shown& one, const Shown& other) { return one == other; }

void bind_shown(py::module_& module) {
  py::class_<Shown>(module, "Shown", py::is_final(), "What an entry knows of the data it shows.")
      .def_readonly("written", &Shown::written)
      .def_readonly("updated_at", &Shown::updated_at)
      .def_readonly("has_data", &Shown::has_data)
      .def_readonly("has_failed", &Shown::has_failed)
      .def_readonly("invalidated", &Shown::invalidated)
      .def("__eq__", &same_shown, py::is_operator());
}

}  // namespace

void bind_entry_policy(py::module_& module) {
  py::native_enum<Verdict>(module, "Verdict", "enum.Enum",
                           "What a cache does with the end of a fetch.")
      .value("WRITE", Verdict::write)
      .value("DROP", Verdict::drop)
      .value("DROP_AND_FETCH", Verdict::drop_and_fetch)
      .finalize();
  bind_shown(module);
  py::class_<Snapshot>(module, "EntrySnapshot", py::is_final(),
                       "What an entry knows of its data at one moment.");
  py::class_<Entry>(module, "EntryPolicy", py::is_final(),
                    "Decides which answers count, and what is stale, expired and owed a refetch.")
      .def(py::init<>())
      .def("begin", &Entry::begin, py::arg("supersede"))
      .def("verdict", &Entry::verdict, py::arg("generation"))
      .def("answer", &Entry::answer, py::arg("generation"), py::arg("now"))
      .def("piece", &Entry::piece, py::arg("generation"), py::arg("now"))
      .def("fail", &Entry::fail, py::arg("generation"), py::arg("now"))
      .def("cancel", &Entry::cancel, py::arg("generation"), py::arg("before"))
      .def("confirm", &Entry::confirm)
      .def("set_data", &Entry::set_data, py::arg("now"))
      .def("edit", &Entry::edit)
      .def("empty", &Entry::empty, py::arg("now"))
      .def("invalidate", &Entry::invalidate)
      .def("snapshot", &Entry::snapshot)
      .def("restore", &Entry::restore, py::arg("before"))
      .def("mutation_begins", &Entry::mutation_begins)
      .def("mutation_ends", &Entry::mutation_ends)
      .def("owe", &Entry::owe)
      .def("take_owed", &Entry::take_owed)
      .def("set_updated_at", &Entry::set_updated_at, py::arg("at"), py::arg("now"))
      .def("use", &Entry::use, py::arg("now"))
      .def("is_stale", &Entry::is_stale, py::arg("now"), py::arg("stale_time"),
           py::arg("only_by_time"))
      .def("expires_at", &Entry::expires_at, py::arg("now"), py::arg("ttl"))
      .def("is_expired", &Entry::is_expired, py::arg("now"), py::arg("ttl"))
      .def_property_readonly("mutations", &Entry::mutations)
      .def_property_readonly("is_owed", &Entry::is_owed)
      .def_property_readonly("shown", [](const Entry& entry) { return entry.shown(); })
      .def_property_readonly("has_data", [](const Entry& entry) { return entry.shown().has_data; });
}

}  // namespace halflife::bindings
