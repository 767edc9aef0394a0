"""A *run coroutine* is the coroutine of a run's task."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import CoroutineType
from typing import Any

from halflife._core import Run
from halflife._drivers.deferred_coroutine import DeferredCoroutine
from halflife._drivers.execution import execute
from halflife._drivers.origins import ROUNDS, Origin
from halflife._drivers.protocol import Waits
from halflife._errors import FlushLoopError


class RunCoroutine(DeferredCoroutine[None]):
    """Executes a run, and tells the graph when a step of it begins and ends.

    Deferred, because a run that is superseded before its first step is dropped.
    """

    __slots__ = ("_on_yield", "_run", "circles", "origin")

    def __init__(self, run: Run, on_yield: Callable[[], None], origin: Origin, circles: Waits) -> None:
        self._body = None
        self._run = run
        self._on_yield = on_yield
        self.origin = origin
        self.circles = circles

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        body = self._body
        if body is None:
            if not self._run.enter():
                self._drop()
                raise StopIteration
            self._run.asked()
            if self.origin.rounds >= ROUNDS:
                _give_up(self._run)
                raise StopIteration
            body = self._body = execute(self._run, self._on_yield, self.origin)
        try:
            return body.send(value)
        finally:
            self._run.step_ended()
            if self.origin.waits:
                self.circles.look_soon()  # The run may wait for a child task that waits for the run.

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:
        """Go on with an error."""
        if self._body is None:
            return super().throw(error, value, traceback)
        try:
            return self._body.throw(error)
        finally:
            self._run.step_ended()

    def _make(self) -> Coroutine[Any, Any, None]:
        return execute(self._run, self._on_yield, self.origin)

    def _drop(self) -> None:
        # A coroutine that an atom was set to belongs to the store, which has to await or close it.
        if isinstance(self._run.awaitable, CoroutineType):
            self._run.awaitable.close()


def _give_up(run: Run) -> None:
    """Fail instead of superseding the run once more. The atom has the error until one of its inputs is set."""
    store: Any = run.store
    own, *others = store._chain(run.atom)
    for row in own[-1]:
        with suppress(Exception):
            run.get(others[row - 1][0])
    run.reject(
        FlushLoopError(
            f"{run.atom.name} sets one of its own inputs, or refreshes itself, in each run: {ROUNDS} runs in a row"
            " were superseded by that; set in an action or a subscriber, or read the input with store.get"
        )
    )
