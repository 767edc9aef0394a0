"""The *loop clock*: what a store tells time by unless it is given another clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from halflife._errors import NoEventLoopError


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
