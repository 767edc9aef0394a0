"""An *ending* is the end of work that no single task does: work that waits without a task, or that is done again.

It has the methods of a future that handles use. Unlike a future it belongs to no event loop, because work that waits
for the network goes on when its store has moved to another loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from halflife._drivers.protocol import Task, Waits
from halflife._drivers.waiting import Watcher, wait_for_end
from halflife._support.outcome import Outcome

T = TypeVar("T")


class Ending(Generic[T]):
    """The end of some work: not reached yet, or its result, its error, or its cancellation."""

    __slots__ = ("_callbacks", "_error", "_is_cancelled", "_outcome", "_task")

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Ending[T]], object]] = []
        self._outcome: Outcome[T] | None = None
        self._error: Exception | None = None
        self._is_cancelled = False
        self._task: Task[Any] | None = None

    # --- asked by handles

    def done(self) -> bool:
        """Whether the work has ended."""
        return self._outcome is not None

    def cancelled(self) -> bool:
        """Whether the work has ended by a cancellation."""
        return self._is_cancelled

    def result(self) -> T:
        """The result of the work; raises its error, or asyncio.InvalidStateError while it goes on."""
        if self._outcome is None:
            raise asyncio.InvalidStateError("there is no result yet")
        return self._outcome.get()

    def exception(self) -> Exception | None:
        """The error of the work, None if it has a result."""
        return self._error

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback(self)` at the end, once; at once if the work has ended."""
        if self._outcome is not None:
            callback(self)
        else:
            self._callbacks.append(callback)

    def remove_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Do not call it."""
        self._callbacks = [one for one in self._callbacks if one != callback]

    # --- told by the work

    def resolve(self, value: T) -> None:
        """The work has a result."""
        self._end(Outcome(value), None, is_cancelled=False)

    def fail(self, error: Exception) -> None:
        """The work has failed."""
        self._end(Outcome.failed(error), error, is_cancelled=False)

    def cancel(self, error: Exception) -> None:
        """The work was cancelled; `error` is what awaiting it raises. An error that is there already is replaced."""
        self._end(Outcome.failed(error), error, is_cancelled=True)

    def renew(self) -> None:
        """The work is done again."""
        self._outcome = self._error = None
        self._is_cancelled = False

    def works_in(self, task: Task[Any] | None) -> None:
        """A task does the work from now on; None: the work waits without a task."""
        self._task = task
        for callback in list(self._callbacks):
            if isinstance(callback, _Wake):
                callback(self)

    def _end(self, outcome: Outcome[T], error: Exception | None, *, is_cancelled: bool) -> None:
        self._outcome, self._error, self._is_cancelled, self._task = outcome, error, is_cancelled, None
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    # --- waiting

    def wait(self, circles: Waits) -> Generator[Any, None, None]:
        """Wait for the end. While a task works, the wait is searched for circles."""
        loop = asyncio.get_running_loop()
        while self._outcome is None:
            task = self._task
            if task is not None and not task.done() and task.get_loop() is loop:
                yield from wait_for_end(task, circles)
                continue
            watcher = Watcher()
            wake = _Wake(watcher.wake)
            self._callbacks.append(wake)
            try:
                yield from watcher.wait(circles, None).__await__()
            finally:
                self.remove_done_callback(wake)


class _Wake:
    """The callback of one who waits for the end: also called when the work goes on in a task."""

    __slots__ = ("_wake",)

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake

    def __call__(self, _: object) -> None:
        self._wake()
