"""A *fetched entry* is an entry as its fetches use it; the protocol, and how confirmed data is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from halflife._core import EntryPolicy, is_function
from halflife._drivers.clock import wall_time
from halflife._events import is_of_subscribers
from halflife._support.absent import ABSENT
from halflife.query.entry_data import Confirmed, EntryData
from halflife.query.entry_revisions import EntryRevisions
from halflife.query.fetch_context import UNCHANGED
from halflife.query.keys import QueryKey, query_key
from halflife.query.options import Settings
from halflife.query.owner import Owner


class FetchedEntry(Protocol):
    """What fetches need of an entry."""

    #: The error of the last fetch.
    error: Exception | None
    #: Wall-clock time of the data.
    last_updated: float | None

    @property
    def key(self) -> QueryKey: ...
    @property
    def owner(self) -> Owner: ...
    @property
    def policy(self) -> EntryPolicy: ...
    @property
    def data(self) -> EntryData[Any]: ...
    @property
    def state(self) -> Any: ...
    @property
    def revisions(self) -> EntryRevisions: ...

    #: The dict that fetchers see as `ctx.memory`.
    @property
    def memory(self) -> dict[str, Any]: ...
    @property
    def is_observed(self) -> bool: ...

    #: Functions of fetched data, called before it is written.
    @property
    def asked_of_answers(self) -> dict[object, Callable[[Any], object]]: ...

    def now(self) -> float: ...

    #: Somebody uses the data with these settings.
    def use(self, settings: Settings) -> None: ...

    #: Set the state that queries read.
    def show(self) -> None: ...

    #: A fetch has begun or ended.
    def fetch_began(self) -> None: ...
    def fetch_ended(self) -> None: ...

    #: Look at the time when the data becomes stale or expires.
    def reschedule(self) -> None: ...


def confirmed(entry: FetchedEntry) -> Any:
    """The data below the edits, `ABSENT` if there is none."""
    return entry.data._confirmed(entry.owner.store)


def visible(entry: FetchedEntry) -> Any:
    """The data with its edits, None if there is none."""
    value = entry.owner.store.get(entry.data)
    return None if value is ABSENT else value


def put(entry: FetchedEntry, value: Any, *, shared: bool) -> None:
    """Set the confirmed data, below the edits."""
    entry.owner.store.set(entry.data, Confirmed(value, shared))


def take(
    entry: FetchedEntry, value: Any, settings: Settings, updated_at: float | None = None, *, is_added: bool = False
) -> None:
    """Make an answer, or data set by hand, the confirmed data. With `is_added`, what was there is a part of it."""
    tags = _tags(entry, confirmed(entry) if value is UNCHANGED else value, settings)  # First, because they may fail.
    if value is not UNCHANGED:
        rule, before = settings.structural_sharing, confirmed(entry)
        if isinstance(rule, bool):
            # Comparing all that was there with itself would cost more than each thing that is added to it.
            put(entry, value, shared=rule and not is_added)
        else:
            put(entry, rule(before, value) if before is not ABSENT else value, shared=False)
    elif confirmed(entry) is ABSENT:
        raise TypeError(f"the fetcher of {entry.key!r} returned ctx.unchanged, and there is no data yet")
    entry.last_updated = wall_time(entry.owner.clock) if updated_at is None else updated_at
    entry.owner.retag(entry, tags)


def _tags(entry: FetchedEntry, data: Any, settings: Settings) -> frozenset[QueryKey]:
    tags: set[QueryKey] = set()
    for tag in settings.tags:
        found = tag(data) if is_function(tag) else tag
        each = found if isinstance(found, (list, set, frozenset)) else (found,)
        tags.update(query_key(one, f"tags of {entry.key!r}", "tag") for one in each if one is not None)
    return frozenset(tags)


@contextmanager
def changes(entry: FetchedEntry) -> Iterator[None]:
    """A batch whose subscribers' errors are reported, because the code that makes it has no caller."""
    try:
        with entry.owner.store.batch():
            yield
    except ExceptionGroup as error:
        if not is_of_subscribers(error):
            raise
        entry.owner.store._report(error, entry.state)
