"""The *grace period* is the time for which an atom stays mounted after it has lost its last observer."""

from __future__ import annotations

import weakref
from typing import Any

from halflife._core import Atom
from halflife._drivers.clock import Clock
from halflife._drivers.protocol import StoreLike
from halflife._errors import NoEventLoopError


class Grace:
    """The atoms of one store that are in their grace period, and their timers."""

    __slots__ = ("_clock", "_seconds", "_store", "_timers")

    def __init__(self, store: weakref.ref[StoreLike], clock: Clock, seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._timers: dict[Atom[Any], Any] = {}

    def linger(self, atom: Atom[Any]) -> bool:
        """Unmount the atom after the grace period; False if no timer can be set."""
        store = self._store
        timers = self._timers

        def expire() -> None:
            timers.pop(atom, None)
            living = store()
            if living is not None and not living.closed:
                living._expire(atom)

        try:
            timer = self._clock.call_later(self._seconds, expire)
        except NoEventLoopError:
            return False
        before = timers.pop(atom, None)
        if before is not None:
            before.cancel()
        timers[atom] = timer
        return True

    def close(self) -> None:
        """Cancel all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
