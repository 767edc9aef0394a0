"""A *clock* is what a store tells time by: the loop's own unless the store is given another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from halflife._errors import NoEventLoopError


class TimerHandle(Protocol):
    """A timer that can be taken back."""

    #: Do not fire; harmless when it has fired.
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What a store tells time by. A clock of one's own, such as `ManualClock`, may be given to a store."""

    #: The time in seconds since some fixed moment.
    def now(self) -> float: ...

    #: Call `callback` once, `delay` seconds from now.
    def call_later(self, delay: float, callback: Callable[[], None], /) -> TimerHandle: ...

    #: Wait for `delay` seconds.
    def sleep(self, delay: float, /) -> Awaitable[None]: ...


class LoopClock:
    """Time and timers of the running event loop. Times are monotonic seconds as float."""

    __slots__ = ()

    def now(self) -> float:
        """Seconds since some fixed moment."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call `callback()` in `delay` seconds, unless the handle is cancelled before.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise NoEventLoopError("a timer needs a running event loop, or a store with a clock of its own") from None
        return loop.call_later(delay, callback)

    async def sleep(self, delay: float) -> None:
        """Wait `delay` seconds."""
        await asyncio.sleep(delay)
