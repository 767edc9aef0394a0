"""The *owner* of an entry is the cache that holds it; entries and fetches use it by this protocol."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from halflife._drivers.clock import Clock
from halflife._drivers.protocol import Task
from halflife.query.keys import QueryKey
from halflife.query.schedule import Schedule
from halflife.query.slots import Slots


class Owner(Protocol):
    """What entries and fetches need of their cache."""

    @property
    def store(self) -> Any: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def slots(self) -> Slots: ...

    #: Paused fetches, in the order in which they paused.
    @property
    def paused(self) -> dict[Any, None]: ...

    #: Entries whose interval has passed while the program was not visible.
    @property
    def hidden_polls(self) -> set[Any]: ...

    #: Whether the network is there, and whether the program is visible.
    def is_online(self) -> bool: ...
    def is_visible(self) -> bool: ...

    #: Raise NoEventLoopError if no fetch could start now.
    def ready(self) -> None: ...
    def is_ready(self) -> bool: ...

    #: Run a coroutine as a task of the store.
    def start_task(self, body: Coroutine[Any, Any, Any], name: str) -> Task[Any]: ...

    #: Call a function in the next loop tick; without a loop, when one runs.
    def soon(self, call: Callable[[], object]) -> None: ...

    #: Call a function in so many seconds; returns a function that prevents it, None without an event loop.
    def after(self, seconds: float, call: Callable[[], object]) -> Callable[[], None] | None: ...

    #: An entry may have become pinned, or may be evicted from now on.
    def pin_changed(self, entry: Any) -> None: ...

    #: An open batch has changed an entry, and may fail.
    def changed_in_batch(self, entry: Any) -> None: ...

    #: An entry was evicted.
    def forget(self, entry: Any) -> None: ...

    #: Set the tags of an entry.
    def retag(self, entry: Any, tags: frozenset[QueryKey]) -> None: ...

    #: The fetches of an entry have changed.
    def fetching_changed(self, entry: Any) -> None: ...

    #: Whether a mutation that edits or will invalidate an entry runs or waits, so that an owed refetch waits.
    def is_mutated(self, entry: Any) -> bool: ...

    #: A mutation that edits the data of an entry has ended.
    def mutation_ended(self, entry: Any) -> None: ...

    #: Log an event of an entry.
    def note(self, kind: Any, entry: Any, detail: object) -> None: ...
