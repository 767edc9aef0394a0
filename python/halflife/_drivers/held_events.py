"""*Held events* are the events of layers during a batch that may still fail. They are noted when it has not."""

from __future__ import annotations

from typing import Any, Protocol

from halflife._core import Atom


class EventHolder(Protocol):
    """What held events need of a driver."""

    #: Where events of layers are held at present.
    held_events: HeldEvents | None

    def note(self, kind: Any, atom: Atom[Any], detail: object) -> None: ...


class HeldEvents:
    """The events of layers of one store from now until `release`."""

    __slots__ = ("_driver", "_events", "_outer")

    def __init__(self, driver: EventHolder) -> None:
        self._driver = driver
        self._events: list[tuple[Any, Atom[Any], int]] = []
        self._outer = driver.held_events
        driver.held_events = self

    def add(self, kind: Any, atom: Atom[Any], number: int) -> None:
        """Hold an event."""
        self._events.append((kind, atom, number))

    def release(self, *, happened: bool) -> None:
        """Note the events, if they happened, or hand them to the batch around; otherwise drop them."""
        self._driver.held_events = self._outer
        if happened:
            for event in self._events:
                note_layer(self._driver, *event)


def note_layer(driver: EventHolder, kind: Any, atom: Atom[Any], number: int) -> None:
    """Note an event of a layer, unless such events are held."""
    if driver.held_events is not None:
        driver.held_events.add(kind, atom, number)
    else:
        driver.note(kind, atom, number)
