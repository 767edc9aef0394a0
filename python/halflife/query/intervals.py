"""The *interval* of an entry is the timer of its next refetch: the shortest that its observers want."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Protocol, final

from halflife.query.fetches import Source
from halflife.query.in_flight import InFlight
from halflife.query.observers import Observer
from halflife.query.owner import Owner


class PolledEntry(Protocol):
    """What the interval needs of an entry."""

    @property
    def owner(self) -> Owner: ...
    @property
    def in_flight(self) -> InFlight: ...
    @property
    def is_gone(self) -> bool: ...

    #: Seconds on the store's clock.
    def now(self) -> float: ...

    #: The observers that fetch, the newest first.
    def active_observers(self) -> Iterator[Observer]: ...

    #: How to fetch the data again.
    def best_source(self) -> Source | None: ...


@final
class Interval:
    """The timer of the next refetch of one entry."""

    __slots__ = ("_dues", "_entry", "_stop")

    def __init__(self, entry: PolledEntry) -> None:
        self._entry = entry
        self._stop: Callable[[], None] | None = None
        # When the interval of each observer has passed; `math.inf` if it has none.
        self._dues: dict[Observer, float] = {}

    def plan(self) -> None:
        """All intervals begin now; called after each answer and error."""
        self._dues = {}
        self.observers_changed()

    def observers_changed(self) -> None:
        """The interval of an observer that has come begins now; those of the others go on."""
        entry = self._entry
        if self._stop is not None:
            self._stop()
            self._stop = None
        if entry.in_flight or entry.is_gone:
            self._dues = {}
            return
        now, before = entry.now(), self._dues
        self._dues = {
            observer: before[observer] if observer in before else now + _seconds(observer.interval())
            for observer in entry.active_observers()
        }
        due = min(self._dues.values(), default=math.inf)
        if due < math.inf:
            self._stop = entry.owner.after(max(0.0, due - now), self._fire)

    def _fire(self) -> None:
        self._stop = None
        entry = self._entry
        source = entry.best_source()
        if source is None or entry.in_flight:
            return
        if not entry.owner.is_visible() and not any(one.polls_hidden for one in entry.active_observers()):
            entry.owner.hidden_polls.add(entry)  # Fetched at once when the program is visible again.
            return
        entry.in_flight.start(source)


def _seconds(interval: float | None) -> float:
    return math.inf if interval is None else interval
