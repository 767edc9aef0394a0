"""The chain machine, and proof that it sees what is wrong: the faults of old are planted again."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from chain_machine import ChainMachine
from halflife import Store
from halflife._drivers import asyncio_driver
from halflife._drivers.run_coroutine import RunCoroutine
from planted_bugs import objection_of

STEPS = 20


def test_nothing_runs_that_nobody_wants_and_what_is_read_is_mounted() -> None:
    run_state_machine_as_test(ChainMachine, settings=settings(stateful_step_count=STEPS))


class StepsThatMountNothing(RunCoroutine):
    """What a pending run has read is mounted when something else has to be done."""

    __slots__ = ()

    def send(self, value: Any) -> Any:
        if self._body is None:
            if not self._run.enter():
                raise StopIteration
            self._run.asked()
            self._body = self._make()
        return self._body.send(value)


def does_not_mount_what_a_pending_run_has_read(patch: Any) -> None:
    patch(asyncio_driver, "RunCoroutine", StepsThatMountNothing)
    patch(asyncio_driver.AsyncioDriver, "flush_soon", lambda driver: None)


def starts_inputs_before_their_dependents(patch: Any) -> None:
    """So that an input that is dropped has taken its first step before anybody lets go of it."""
    due: list[Any] = []

    def start(driver: Any, run: Any) -> None:
        due.append((driver, run))
        if len(due) == 1:
            driver._call_soon(start_all)

    def start_all() -> None:
        started, due[:] = due[::-1], []
        for driver, run in started:
            if not run.superseded:
                driver._start_now(run)

    patch(asyncio_driver.AsyncioDriver, "start", start)


def lets_nobody_go(patch: Any) -> None:
    """A run takes its first step although nobody observes its atom any more."""

    class Steps(RunCoroutine):
        __slots__ = ()

        def send(self, value: Any) -> Any:
            if self._body is None and not self._run.superseded:
                self._run.asked()
                self._body = self._make()
            return super().send(value)

    patch(asyncio_driver, "RunCoroutine", Steps)


@pytest.mark.parametrize(
    "fault", [does_not_mount_what_a_pending_run_has_read, starts_inputs_before_their_dependents, lets_nobody_go]
)
def test_it_catches_a_driver_that(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch.setattr)
    assert objection_of(ChainMachine, examples=200, steps=STEPS) is not None


class ComputesAllThatIsObserved(Store):
    """A read in a batch brings up to date all that is observed."""

    def get(self, a: Any) -> Any:
        if self._in_batch:
            for one in [row[0] for row in self._snapshot() if row[4] and row[1] == "derived"]:
                super().get(one)
        return super().get(a)


class RunsAgain(Store):
    """A set runs again what has nothing to do with it."""

    def set(self, a: Any, *args: Any) -> Any:
        if not self._in_batch:
            for row in self._snapshot():
                if row[0].name == "link1" and row[2] == "value" and a.name != "number":
                    self.refresh(row[0])
        return super().set(a, *args)


@pytest.mark.parametrize("kind", [ComputesAllThatIsObserved, RunsAgain])
def test_it_catches_a_store_that(kind: type[Store]) -> None:
    class Planted(ChainMachine):
        def make_store(self) -> Store:
            return kind(on_error=self.reported.append)

    assert objection_of(Planted, examples=200, steps=STEPS) is not None
