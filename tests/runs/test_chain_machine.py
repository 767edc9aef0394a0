"""The chain machine, and planted bugs that it must find: those that the package once had."""

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


def test_no_unneeded_run_starts_and_atoms_that_are_read_are_mounted() -> None:
    run_state_machine_as_test(ChainMachine, settings=settings(stateful_step_count=STEPS))


class StepsThatMountNothing(RunCoroutine):
    """Atoms that a pending run has read are mounted only at the next flush."""

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
    """An input takes its first step before its dependent can drop it."""
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
    """A run takes its first step although its atom is no longer observed."""

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
def test_the_machine_catches_a_driver_that(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch.setattr)
    assert objection_of(ChainMachine, examples=200, steps=STEPS) is not None


class ComputesAllThatIsObserved(Store):
    """A read in a batch updates all observed atoms."""

    def get(self, a: Any) -> Any:
        if self._in_batch:
            for one in [row[0] for row in self._snapshot() if row[4] and row[1] == "derived"]:
                super().get(one)
        return super().get(a)


class RunsAgain(Store):
    """A set also runs atoms that do not depend on it."""

    def set(self, a: Any, *args: Any) -> Any:
        if not self._in_batch:
            for row in self._snapshot():
                if row[0].name == "link1" and row[2] == "value" and a.name != "number":
                    self.refresh(row[0])
        return super().set(a, *args)


@pytest.mark.parametrize("kind", [ComputesAllThatIsObserved, RunsAgain])
def test_the_machine_catches_a_store_that(kind: type[Store]) -> None:
    class Planted(ChainMachine):
        def make_store(self) -> Store:
            return kind(on_error=self.reported.append)

    assert objection_of(Planted, examples=200, steps=STEPS) is not None
