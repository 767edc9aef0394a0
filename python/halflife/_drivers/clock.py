"""A *clock* gives a store the time and its timers: the loop's own clock unless the store is given another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from halflife._errors import NoEventLoopError


class TimerHandle(Protocol):
    """A timer that can be cancelled."""

    #: Do not fire; harmless when the timer has fired.
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The time and the timers of a store. A store may be given another clock, such as a `ManualClock`.

    A clock may also have a method `time()`, which gives the wall-clock time in seconds since 1970, for what outlives
    the process. Without it `time.time()` counts.
    """

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

    def time(self) -> float:
        """The wall-clock time, in seconds since 1970."""
        return time.time()

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


#: The one that all share; it has no state.
LOOP_CLOCK: Final = LoopClock()


def wall_time(clock: Clock) -> float:
    """The wall-clock time of a clock, in seconds since 1970; that of this machine if the clock has none."""
    own: Any = getattr(clock, "time", None)
    return float(own()) if own is not None else time.time()
