"""The *schedule* of a client is one timer for the moments at which its entries become stale or expire."""

from __future__ import annotations

import heapq
import math
import weakref
from typing import Any, Final, Protocol

from halflife._drivers.clock import Clock
from halflife._errors import NoEventLoopError

#: So few moments are never searched for outdated ones.
_LEAST_LIMIT: Final = 64


class Timed(Protocol):
    """Something that has to look at the time at a certain moment."""

    #: When it is in the schedule; `math.inf` if it is not.
    scheduled: float

    #: Called at that moment, or a little later; returns the next moment, or `math.inf`.
    def tick(self) -> float: ...


class Schedule:
    """The next moments of many entries, and the timer of the first."""

    __slots__ = ("__weakref__", "_clock", "_count", "_due", "_heap", "_limit", "_timer")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, weakref.ref[Any]]] = []
        self._count = 0
        # The number of moments above which outdated ones are dropped.
        self._limit = _LEAST_LIMIT
        self._timer: Any = None
        self._due = math.inf

    def at(self, due: float, timed: Timed) -> None:
        """Look at `timed` at this moment, or before it."""
        # If it is scheduled for an earlier moment, it says then that there is nothing to do yet.
        if due >= timed.scheduled or due == math.inf:
            return
        timed.scheduled = due
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, weakref.ref(timed)))
        if len(self._heap) > self._limit:
            self._drop_outdated()
        if due < self._due:
            self.arm()

    def _drop_outdated(self) -> None:
        """Forget the moments of entries that are gone or were scheduled anew; they may be long in the future."""
        self._heap = [row for row in self._heap if (timed := row[2]()) is not None and timed.scheduled == row[0]]
        heapq.heapify(self._heap)
        self._limit = max(_LEAST_LIMIT, 2 * len(self._heap))

    def arm(self) -> None:
        """Set the timer of the first moment; called again on another event loop, where the timer before is lost."""
        self.close()
        if not self._heap:
            return
        due = self._heap[0][0]
        itself = weakref.ref(self)

        def fire() -> None:
            schedule = itself()
            if schedule is not None:
                schedule._fire()

        try:
            self._timer = self._clock.call_later(max(0.0, due - self._clock.now()), fire)
        except NoEventLoopError:
            return  # Armed when an event loop runs.
        self._due = due

    def _fire(self) -> None:
        self._timer, self._due = None, math.inf
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            due, _, reference = heapq.heappop(self._heap)
            timed = reference()
            if timed is None or timed.scheduled != due:
                continue
            timed.scheduled = math.inf
            self.at(timed.tick(), timed)
        if self._heap and self._due == math.inf:
            self.arm()

    def close(self) -> None:
        """Cancel the timer."""
        timer, self._timer, self._due = self._timer, None, math.inf
        if timer is not None:
            timer.cancel()
