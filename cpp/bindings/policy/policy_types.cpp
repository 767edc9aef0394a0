#include "policy_types.hpp"

#include <pybind11/stl.h>

#include "core/policy/backoff.hpp"

namespace py = pybind11;

namespace halflife::bindings {

namespace {

using policy::Backoff;
using policy::BackoffRule;

Backoff make_backoff(double initial, double max, double factor, double jitter,
                     std::optional<double> deadline, std::uint64_t seed) {
  return {BackoffRule{initial, max, factor, jitter, deadline}, seed};
}

void bind_backoff(py::module_& module) {
  py::class_<Backoff>(module, "Backoff", py::is_final(),
                      "The delays between the attempts of one call, and its deadline.")
      .def(py::init(&make_backoff), py::arg("initial"), py::arg("max"), py::arg("factor"),
           py::arg("jitter"), py::arg("deadline"), py::arg("seed"))
      .def("start", &Backoff::start, py::arg("now"), "The first attempt starts.")
      .def("delay", &Backoff::delay, py::arg("retry"), "Seconds before a retry, from 0.")
      .def("elapsed", &Backoff::elapsed, py::arg("now"), "Seconds since the start.")
      .def("remaining", &Backoff::remaining, py::arg("now"), "Seconds until the deadline, or None.")
      .def("may_start", &Backoff::may_start, py::arg("now"), py::arg("delay"),
           "Whether an attempt may start after that delay.");
}

}  // namespace

void bind_policies(py::module_& module) { bind_backoff(module); }

}  // namespace halflife::bindings
