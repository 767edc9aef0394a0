"""A *deadline* cancels what the current task does when a time has passed on a clock."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from halflife._drivers.clock import Clock, TimerHandle


class DeadlinePassed(TimeoutError):  # noqa: N818 - an event of our own, which users see as a TimeoutError
    """The time of a `Deadline` has passed."""


class Deadline:
    """An async with block that ends with a `DeadlinePassed` after a number of seconds on a clock.

    The rules are those of `asyncio.timeout`: a cancellation that comes from elsewhere stays a cancellation, and an
    error other than the cancellation's passes.
    """

    __slots__ = ("_cancelling", "_clock", "_has_expired", "_seconds", "_task", "_timer")

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._has_expired = False

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[object] = task
        # The number of requests to cancel the task that are not ours.
        self._cancelling = task.cancelling()
        self._timer: TimerHandle = self._clock.call_later(self._seconds, self._expire)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if (
            self._has_expired
            and self._task.uncancel() <= self._cancelling
            and isinstance(error, asyncio.CancelledError)
        ):
            raise DeadlinePassed(f"the deadline of {self._seconds:g} s has passed") from error

    def _expire(self) -> None:
        self._has_expired = True
        self._task.cancel()
