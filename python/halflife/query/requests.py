"""A *request* is a key, a fetcher and options as the user gave them, resolved to a cache entry and how to fetch it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, final

from halflife._core import is_function
from halflife._support.checks import check_callable
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.fetch_circles import check_no_circle
from halflife.query.fetches import Source
from halflife.query.keys import QueryKey, query_key
from halflife.query.options import QueryOptions, check_fetcher, check_options
from halflife.query.tickets import Pending, Ticket, done

#: Which cached data is an answer: fresh data, stale data that is fetched again behind, or data of any age.
_Accepts: TypeAlias = Literal["fresh", "stale", "any"]

_NO_OPTIONS: Mapping[str, Any] = {}


@final
class Requests:
    """Resolves and starts the requests of one client."""

    __slots__ = ("_cache",)

    def __init__(self, cache: EntryCache) -> None:
        self._cache = cache

    def given(
        self,
        function: str,
        key: Any,
        fetcher: Any,
        options: Mapping[str, Any],
        *,
        may_be_function: bool = False,
    ) -> tuple[Any, Any, dict[str, Any]]:
        """The key, the fetcher and the checked options that were given, one by one or as one value."""
        checked = check_options(function, options)
        if isinstance(key, QueryOptions):
            checked = {**key.options, **checked}
            fetcher = fetcher if fetcher is not None else key.fetcher
            key = key.key
        if is_function(key) and not may_be_function:
            key = key(self._cache.store.get)
        check_fetcher(fetcher, function, thread=bool(checked.get("thread")))
        return key, fetcher, checked

    @staticmethod
    def paged(function: str, key: Any, fetch: Any, options: Mapping[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        """The same of what is fetched in pages. The key may be a function, or turn it off; `fetch` is not checked."""
        checked = check_options(function, options)
        if isinstance(key, QueryOptions):
            checked = {**key.options, **checked}
            fetch = fetch if fetch is not None else key.fetcher
            key = key.key
        if is_function(key):
            check_callable(key, function, "key", "get")
        elif key is not None and key is not False:
            key = query_key(key, function)
        return key, fetch, checked

    def plain_key(self, function: str, key: Any) -> QueryKey:
        """The key that was given, or that of `query_options`."""
        if isinstance(key, QueryOptions):
            key = key.key
        if is_function(key):
            key = key(self._cache.store.get)
        return query_key(key, function)

    def entry_and_source(
        self, function: str, key: Any, fetcher: Any, options: Mapping[str, Any]
    ) -> tuple[Entry, Source]:
        """The entry of a key, and how to fetch its data."""
        if key is None or key is False:
            raise TypeError(f"{function}: key is {key}, which turns a query off, so there is nothing to fetch")
        found = query_key(key, function)
        settings = self._cache.settings(found, options)
        fetcher = self._cache.fetcher(found, fetcher)
        if fetcher is None:
            raise TypeError(f"{function}: there is no fetcher for {found!r}; give one, or set it by set_defaults")
        return self._cache.entry(found, settings), Source(fetcher, settings)

    def fetch(
        self,
        function: str,
        key: Any,
        fetcher: Any,
        options: Mapping[str, Any],
        accepts: _Accepts,
    ) -> Pending[Any]:
        """Answer from the cache, join the fetch under way, or start one."""
        found = self._fetched_so(function, key, fetcher) if not options else None
        if found is None:
            key, fetcher, checked = self.given(function, key, fetcher, options)
            found = self.entry_and_source(function, key, fetcher, checked)
        entry, source = found
        settings = source.settings
        if settings.cache_enabled and entry.has_data and not entry.is_expired():
            is_stale = entry.is_stale(settings) and not entry.is_once
            if not is_stale or accepts != "fresh":
                return done(self._cached(entry, source, is_stale=is_stale and accepts == "stale"))
        in_flight = entry.in_flight
        if not (in_flight and self._cache.has_same_loop()):  # What is in flight on a loop that was closed is lost.
            self._cache.ready()
        entry.is_used = True
        if not settings.dedupe:
            fetch = in_flight.start(source, is_kept=False)
            return Pending(fetch.tickets.issue(), fetch.leave)
        if not in_flight:
            in_flight.start(source, is_kept=False)
        waiting = check_no_circle(entry)
        ticket = in_flight.tickets.issue()
        ticket.waiting = waiting
        return Pending(ticket, in_flight.leave)

    def _fetched_so(self, function: str, key: Any, fetcher: Any) -> tuple[Entry, Source] | None:
        """The entry of a key that was fetched by this fetcher before, and how: nothing needs to be checked again."""
        if type(key) is not tuple:
            return None
        found = query_key(key, function)
        entry = self._cache.find(found)
        if entry is None:
            return None
        source = entry.in_flight.source
        if source is None or source.fetcher is not fetcher:
            return None
        if source.settings is not self._cache.settings(found, _NO_OPTIONS):
            return None
        self._cache.touch(entry)
        return entry, source

    def _cached(self, entry: Entry, source: Source, *, is_stale: bool) -> Any:
        entry.is_used = True
        entry.use(source.settings)
        if entry.is_once:
            entry.is_once = False
            entry.policy.invalidate()
        elif is_stale and source.settings.background_refetch and not entry.in_flight and self._cache.is_ready():
            entry.in_flight.start(source)
        return entry.visible()

    def prefetch(self, entry: Entry, source: Source, *, use_once: bool) -> Ticket | None:
        """Fetch data for later; None if there is fresh data."""
        if not entry.in_flight and entry.has_data and not entry.is_expired() and not entry.is_stale(source.settings):
            return None
        self._cache.ready()
        if entry.in_flight:
            entry.in_flight.keep()
        else:
            entry.is_used = entry.has_data
            entry.is_once = use_once
            entry.in_flight.start(source)
        return entry.in_flight.await_newest()
