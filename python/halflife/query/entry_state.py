"""The *entry state* is the frozen state of one cache entry that queries read, besides the data."""

from __future__ import annotations

from typing import Any, NamedTuple

from halflife.query.results import FetchStatus


class EntryState(NamedTuple):
    """The state of an entry at one moment."""

    #: What the policy shows: data, failure, invalidation, times.
    shown: Any = None
    #: The error of the last fetch; None if it did not fail. The second field: see `same_state`.
    error: Exception | None = None
    fetch_status: FetchStatus = "idle"
    #: Failed attempts of the fetch under way.
    failure_count: int = 0
    #: The number of the attempt under way, from 1; 0 if nothing is fetched.
    attempt: int = 0
    #: Wall-clock time of the data.
    last_updated: float | None = None
    #: Grows when data becomes stale by time, and when the last observer leaves.
    moment: int = 0
    #: Whether the fetch under way only adds to the data.
    is_adding: bool = False
    #: What is wanted of the fetch under way besides the data, such as one more page of a feed.
    wishes: frozenset[Any] = frozenset()
    #: Whether the entry was evicted: whoever still reads it has to look for a new one.
    is_gone: bool = False


def same_state(one: Any, other: Any) -> bool:
    """Whether two states are the same; errors are compared by identity."""
    return one.error is other.error and one[0] == other[0] and one[2:] == other[2:]
