"""A *filter* picks cache entries: by the beginning of their key, by tag, or by a function. All conditions must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from halflife._core import is_function
from halflife._support.checks import check_callable
from halflife._support.reprs import abbreviated
from halflife._support.unset import UNSET
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.keys import QueryKey, query_key
from halflife.query.options import QueryOptions


@final
@dataclass(frozen=True, slots=True)
class QueryInfo:
    """What a filter's `where` is given."""

    #: The key, as a tuple.
    key: tuple[Any, ...]
    tags: frozenset[Any]
    #: As in `QueryResult`.
    status: str
    #: Whether the data is stale for all that use it, or was invalidated.
    is_stale: bool
    is_observed: bool


@final
@dataclass(frozen=True, slots=True)
class Filter:
    """The conditions of one filter."""

    prefix: QueryKey | None = None
    exact: bool = False
    tag: QueryKey | None = None
    where: Callable[[QueryInfo], object] | None = None

    def matches(self, cache: EntryCache) -> list[Entry]:
        """The entries for which all conditions hold, at the cost of those that the key or the tag picks."""
        if self.prefix is not None and self.exact:
            found = cache.find(self.prefix)
            entries = [found] if found is not None else []
        elif self.prefix is not None:
            entries = cache.below(self.prefix)
        else:
            entries = cache.tagged(self.tag) if self.tag is not None else cache.all_entries()
        if self.tag is not None:
            entries = [entry for entry in entries if self.tag in entry.tags]
        if self.where is not None:
            where = self.where
            entries = [entry for entry in entries if where(info_of(entry))]
        return entries


def info_of(entry: Entry) -> QueryInfo:
    """What a filter may ask of an entry."""
    entry.revisions.restore()
    if entry.error is not None and (entry.has_data or not entry.in_flight):
        status = "error"
    elif entry.has_data:
        status = "success"
    else:
        status = "loading" if entry.in_flight else "idle"
    shown = entry.policy.shown
    longest = max(entry.stale_times, default=0.0)
    return QueryInfo(
        entry.key.given,
        frozenset(tag.given[0] if len(tag.given) == 1 else tag.given for tag in entry.tags),
        status,
        shown.invalidated or entry.policy.is_stale(entry.now(), longest, False),  # noqa: FBT003 - native
        entry.is_observed,
    )


def make_filter(function: str, key: Any, exact: object, tag: object, where: Any) -> Filter:
    """A filter of the arguments that the user gave.

    Raises:
        TypeError: One is of the wrong type.
    """
    if not isinstance(exact, bool):
        raise TypeError(f"{function}: exact must be True or False, got {abbreviated(exact)}")
    if where is not None:
        check_callable(where, function, "where", "the info")
    if isinstance(key, QueryOptions):
        key = key.key
    if key is not None and is_function(key):
        raise TypeError(f"{function}: a filter is the beginning of a key, got a function; give it as where=")
    prefix = query_key(key, function) if key is not None and key is not UNSET else None
    if exact and prefix is None:
        raise TypeError(f"{function}: exact=True needs a key")
    return Filter(prefix, exact, query_key(tag, function, "tag") if tag is not None else None, where)
