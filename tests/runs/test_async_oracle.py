"""The async oracle: fetches that a rule ends, checked by a model; and planted bugs that the model must find.

Each planted bug breaks the way a store drives its runs.
"""

from collections.abc import Callable
from types import CoroutineType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from async_machine import AsyncMachine
from halflife import Store
from halflife._drivers import asyncio_driver, execution
from planted_bugs import objection_of

STEPS = 30


def test_answers_and_visible_values_are_those_of_the_model() -> None:
    run_state_machine_as_test(AsyncMachine, settings=settings(stateful_step_count=STEPS))


def forgets_every_fifth_start(patch: Callable[[Any, str, Any], None]) -> None:
    start = asyncio_driver.AsyncioDriver.start

    def start_or_not(driver: Any, run: Any) -> None:
        if driver._started % 5 == 4:
            driver._started += 1
            if isinstance(run.awaitable, CoroutineType):
                run.awaitable.close()  # otherwise Python would warn before the machine objects
        else:
            start(driver, run)

    patch(asyncio_driver.AsyncioDriver, "start", start_or_not)


def keeps_the_first_result(patch: Callable[[Any, str, Any], None]) -> None:
    """Behave like a cache that ignores its key."""
    result, first = execution._result, {}

    async def cached(run: Any, on_yield: Any) -> Any:
        value = await result(run, on_yield)
        return first.setdefault(run.atom, value)

    patch(execution, "_result", cached)


def does_not_note_what_is_read(patch: Callable[[Any, str, Any], None]) -> None:
    async def unbound(run: Any, on_yield: Any) -> Any:
        if run.awaitable is not None:
            return await run.awaitable
        return await run.atom.read(run.store.get)

    patch(execution, "_result", unbound)


def runs_everything_twice(patch: Callable[[Any, str, Any], None]) -> None:
    ended, again = asyncio_driver.AsyncioDriver._run_ended, set()

    def and_again(driver: Any, task: Any) -> None:
        run = driver._runs.get(task)
        ended(driver, task)
        store = driver._store()
        if run is None or store is None or store.closed or run.awaitable is not None:
            return
        if run.generation % 3 == 1 and (id(store), run.atom) not in again:
            again.add((id(store), run.atom))
            store.refresh(run.atom)

    patch(asyncio_driver.AsyncioDriver, "_run_ended", and_again)


def takes_a_cancellation_for_an_error(patch: Callable[[Any, str, Any], None]) -> None:
    """A superseded run reports its cancellation to the store."""
    cancel = asyncio_driver.AsyncioDriver.cancel

    def and_report(driver: Any, run: Any, reason: str = "superseded") -> None:
        cancel(driver, run, reason)
        driver.report(execution.cancelled_from_outside(run, None), run.atom)

    patch(asyncio_driver.AsyncioDriver, "cancel", and_report)


class TellsTwice(Store):
    """A store that calls subscribers twice for each change."""

    def subscribe(self, a: Any, callback: Any, on_error: Any = None) -> Any:
        def twice(value: Any) -> None:
            callback(value)
            callback(value)

        return super().subscribe(a, twice, on_error)


@pytest.mark.parametrize(
    "bug",
    [
        forgets_every_fifth_start,
        keeps_the_first_result,
        does_not_note_what_is_read,
        runs_everything_twice,
        takes_a_cancellation_for_an_error,
    ],
)
def test_the_machine_catches_a_driver_that(bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch.setattr)
    assert objection_of(AsyncMachine, examples=300, steps=STEPS) is not None


def test_the_machine_catches_a_store_that_tells_twice() -> None:
    class Planted(AsyncMachine):
        def make_store(self) -> Store:
            return TellsTwice(on_error=self.reported.append)

    assert objection_of(Planted, examples=300, steps=STEPS) is not None
