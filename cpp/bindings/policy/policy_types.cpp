#include "policy_types.hpp"

#include <pybind11/stl.h>

#include <memory>

#include "core/policy/backoff.hpp"
#include "core/policy/breaker.hpp"
#include "core/policy/lru.hpp"
#include "core/policy/steady_time.hpp"

namespace py = pybind11;

namespace halflife::bindings {

namespace {

using policy::Backoff;
using policy::BackoffRule;
using policy::Breaker;
using policy::BreakerRule;
using policy::Lru;
using policy::Moment;
using policy::SteadyTime;

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

// A permit that keeps its breaker alive. A permit that is dropped without an answer is released, so
// that a lost call does not count as a running trial call for ever.
class HeldPermit {
 public:
  HeldPermit(std::shared_ptr<Breaker> breaker, Breaker::Permit permit)
      : breaker_(std::move(breaker)), permit_(permit) {}
  HeldPermit(const HeldPermit&) = delete;
  HeldPermit& operator=(const HeldPermit&) = delete;
  ~HeldPermit() { breaker_->released(permit_); }

  void succeeded(Moment now) { breaker_->succeeded(permit_, now); }
  void failed(Moment now) { breaker_->failed(permit_, now); }
  void released() { breaker_->released(permit_); }

 private:
  std::shared_ptr<Breaker> breaker_;
  Breaker::Permit permit_;
};

std::shared_ptr<Breaker> make_breaker(std::uint32_t threshold, double timeout,
                                      std::uint32_t trials) {
  return std::make_shared<Breaker>(BreakerRule{threshold, timeout, trials});
}

std::unique_ptr<HeldPermit> acquire(const std::shared_ptr<Breaker>& breaker, Moment now) {
  Breaker::Permit permit = breaker->acquire(now);
  return permit ? std::make_unique<HeldPermit>(breaker, permit) : nullptr;
}

const char* state(Breaker& breaker, Moment now) { return policy::name_of(breaker.state(now)); }

void bind_breaker(py::module_& module) {
  py::class_<HeldPermit>(module, "Permit", py::is_final(), "The right to make one call.")
      .def("succeeded", &HeldPermit::succeeded, py::arg("now"), "The call has succeeded.")
      .def("failed", &HeldPermit::failed, py::arg("now"), "The call has failed.")
      .def("released", &HeldPermit::released, "The call was cancelled.");
  py::class_<Breaker, std::shared_ptr<Breaker>>(module, "Breaker", py::is_final(),
                                                "The state of a circuit breaker.")
      .def(py::init(&make_breaker), py::arg("threshold"), py::arg("timeout"), py::arg("trials"))
      .def("state", &state, py::arg("now"), "The name of the state.")
      .def("acquire", &acquire, py::arg("now"), "A permit, or None if the call is refused.")
      .def("retry_at", &Breaker::retry_at, py::arg("now"), "When to try again.")
      .def("until_half_open", &Breaker::until_half_open, py::arg("now"),
           "Seconds until it is half-open; None unless it is open.")
      .def("reset", &Breaker::reset, "Close it.")
      .def("change_clock", &Breaker::change_clock, py::arg("now"),
           "Times are those of another clock from now on.")
      .def_property_readonly("failures", &Breaker::failures, "How many calls in a row failed.");
}

Lru::Handle known(const Lru& lru, std::size_t handle) {
  if (!lru.contains(handle)) throw py::index_error("no entry has this handle");
  return static_cast<Lru::Handle>(handle);
}

template <void (Lru::*method)(Lru::Handle)>
void on_known(Lru& lru, std::size_t handle) {
  (lru.*method)(known(lru, handle));
}

bool pinned(const Lru& lru, std::size_t handle) { return lru.pinned(known(lru, handle)); }

void bind_lru(py::module_& module) {
  py::class_<Lru>(module, "Lru", py::is_final(), "The order in which a cache forgets its entries.")
      .def(py::init<>())
      .def("add", &Lru::add, "The handle of a new entry.")
      .def("remove", &on_known<&Lru::remove>, py::arg("handle"), "The entry is gone.")
      .def("touch", &on_known<&Lru::touch>, py::arg("handle"), "The entry was used.")
      .def("pin", &on_known<&Lru::pin>, py::arg("handle"), "The entry must stay.")
      .def("unpin", &on_known<&Lru::unpin>, py::arg("handle"), "The entry may go again.")
      .def("is_pinned", &pinned, py::arg("handle"), "Whether the entry must stay.")
      .def("victim", &Lru::victim, "The entry to forget first, or None.")
      .def("__len__", &Lru::size)
      .def_property_readonly("pinned", &Lru::pinned_count, "How many entries must stay.");
}

void bind_steady_time(py::module_& module) {
  py::class_<SteadyTime>(module, "SteadyTime", py::is_final(), "A clock's time made monotonic.")
      .def(py::init<>())
      .def("at", &SteadyTime::at, py::arg("now"), "The steady time at the clock's time.")
      .def("on_clock", &SteadyTime::on_clock, py::arg("steady"),
           "The clock's time at a steady time.");
}

}  // namespace

void bind_policies(py::module_& module) {
  bind_backoff(module);
  bind_breaker(module);
  bind_lru(module);
  bind_steady_time(module);
}

}  // namespace halflife::bindings
