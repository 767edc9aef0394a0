"""An *event log* lists the events of a store in order, for tests that assert on them."""

from collections.abc import Sequence
from typing import Any, final, overload

from halflife._core import Atom
from halflife._events import Event, EventKind
from halflife._store.store import Store

__all__ = ["EventLog", "events"]


@final
class EventLog(Sequence[Event]):
    """A live view of a store's history as a sequence of `Event(kind, atom, at, detail)`. Made by `events`.

    It equals a list of the same events. Later events appear in it.
    """

    __slots__ = ("_store",)

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, store: Store, limit: int | None) -> None:
        self._store = store
        store.history(limit)

    def of(self, kind: EventKind, atom: Atom[Any] | None = None) -> list[Event]:
        """The events of one kind; only those of `atom` if it is given."""
        return [event for event in self if event.kind == kind and (atom is None or event.atom is atom)]

    def details(self, kind: EventKind, atom: Atom[Any] | None = None) -> list[Any]:
        """The details of the events of one kind, such as the values that were set."""
        return [event.detail for event in self.of(kind, atom)]

    def kinds(self, atom: Atom[Any] | None = None) -> list[EventKind]:
        """The kinds of all events in order; only those of `atom` if it is given."""
        return [event.kind for event in self if atom is None or event.atom is atom]

    def clear(self) -> None:
        """Forget the events so far."""
        log = self._store._driver.log
        if log is not None:
            log.clear()

    def __len__(self) -> int:
        return len(self._store.history())

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self._store.history()[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, EventLog):
            return self._store.history() == other._store.history()
        if isinstance(other, list):
            return self._store.history() == other
        return NotImplemented

    def __repr__(self) -> str:
        lines = [f"  {event.at:g} {event.kind} {event.atom.name}: {event.detail!r}" for event in self]
        return "\n".join([f"<EventLog of {len(lines)}>", *lines])


def events(store: Store, *, limit: int | None = None) -> EventLog:
    """The events of a store from now on, as a live sequence.

    Args:
        store: the store to watch; its history is turned on.
        limit: the number of newest events that are kept (1000 by default).

    Raises:
        TypeError: `store` is not a store.
        ValueError: `limit` is not a positive int.

    Example:
        >>> log = events(store)
        >>> store.set(user_id, 2)
        >>> log.kinds(user_id)
        ['set']
    """
    if not isinstance(store, Store):
        raise TypeError(f"events: store must be a Store, got {type(store).__name__}")
    return EventLog(store, limit)
