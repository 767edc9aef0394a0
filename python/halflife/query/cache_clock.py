"""A *cache clock* gives a query cache the time of a user's clock, made monotonic.

Entries must not live longer because the clock was set back.
"""

from __future__ import annotations

import time
from typing import Any, final

from halflife._core import SteadyTime
from halflife._support.reprs import abbreviated


@final
class CacheClock:
    """The time of a clock, in seconds; `time.monotonic` without one."""

    __slots__ = ("_clock", "_steady", "now")

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._steady = SteadyTime()
        #: The steady time, which never goes back. A function of C if there is no clock, because each read calls it.
        self.now = time.monotonic if clock is None else self._steady_now

    def on_clock(self, steady: float) -> float:
        """The clock's time at a steady time."""
        return self._steady.on_clock(steady)

    def _steady_now(self) -> float:
        now = self._clock.now()
        if isinstance(now, bool) or not isinstance(now, (int, float)) or now != now:
            raise TypeError(f"QueryCache: now() of the clock must give seconds, got {abbreviated(now, 60)}")
        return self._steady.at(now)
