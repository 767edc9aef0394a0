"""A *query* shows the data of a key, and has it fetched while it is observed. It has three faces.

The query itself is an atom of `QueryResult`. Its `data` is a layered atom of the data alone, and its `loaded` an async
atom for `await`, `loadable` and `unwrap`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from operator import is_
from typing import Any, Generic, TypeVar, cast, final
from weakref import WeakValueDictionary

from halflife import _core
from halflife._core import Atom, is_function, same, share
from halflife._drivers.resting import rest
from halflife._support.absent import ABSENT
from halflife._support.internal_atoms import describe, part_name, weak_self
from halflife._support.outcome import Outcome
from halflife._support.unset import UNSET
from halflife._types import AsyncAtom, Getter
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.entry_state import EntryState
from halflife.query.fetches import Source
from halflife.query.keys import QueryKey, query_key
from halflife.query.observers import Observer
from halflife.query.options import Fetcher, Settings
from halflife.query.query_data import QueryData, make_query_data
from halflife.query.results import QueryResult, same_result
from halflife.query.tickets import Work

T = TypeVar("T")


@final
class QueryAtom(Atom[QueryResult[T]], Generic[T]):
    """An atom of the state of a query. Made by `QueryClient.query`."""

    __slots__ = ("_query", "data", "loaded")

    _query: Query
    #: The data alone, None while there is none; edited like a draft atom.
    data: QueryData[T | None]
    #: The data as an async atom: pending until there is data, failed if there is an error and no data.
    loaded: AsyncAtom[T]

    def refetch(self) -> Awaitable[QueryResult[T]]:
        """Fetch now. Joins a fetch under way; works on a disabled query too.

        Returns:
            An awaitable of the new result, which may be dropped; it does not raise the error of the fetch.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        return self._query.refetch()


def make_query(
    cache: EntryCache, key: Any, fetcher: Fetcher | None, options: Mapping[str, Any], name: str | None
) -> QueryAtom[Any]:
    """The atom of a query, with its two other faces."""
    query = Query(cache, key, fetcher, options)
    made: QueryAtom[Any] = _core.make(
        QueryAtom, "derived", query.reader(), equals=same_result, name=name, on_refresh=query.refetch
    )
    made._query = query
    query.itself = weak_self(made)
    made.data = make_query_data(query, lambda: query.itself().name, part_name(name, "data"))
    made.loaded = _make_loaded(query, part_name(name, "loaded"))
    return made


def _make_loaded(query: Query, name: str | None) -> AsyncAtom[Any]:
    """The async face of a query."""

    def read_outcome(get: Getter) -> tuple[str, Any]:
        result = get(query.itself())
        if result.status == "success" and not result.is_placeholder:
            return "data", result.data
        if result.status == "error":
            has_data = result.is_fallback or query.has_shown_data(get)
            return ("data", result.data) if has_data else ("error", result.error)
        return "nothing", None

    outcome: Atom[tuple[str, Any]] = _core.make(Atom, "derived", read_outcome, equals=_same_outcome)

    async def loaded(get: Getter) -> Any:
        kind, value = get(outcome)
        if kind == "nothing":
            await rest(query.store)  # Another outcome supersedes this run.
        if kind == "error":
            raise value
        return value

    describe(loaded, "loaded", lambda: f"{query.itself().name}.loaded")
    made: Atom[Any] = _core.make(Atom, "derived", loaded, equals=is_, name=name, views=query.itself())
    return cast(AsyncAtom[Any], made)


def _same_outcome(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    return one[0] == other[0] and (one[1] is other[1] if one[0] == "error" else same(one[1], other[1]))


@final
class Query:
    """The read of a query, and what it remembers between two reads."""

    itself: Callable[[], QueryAtom[Any]]

    def __init__(self, cache: EntryCache, key: Any, fetcher: Fetcher | None, options: Mapping[str, Any]) -> None:
        self._cache = cache
        self.store = cache.store
        self._key_function: Callable[[Callable[[Atom[Any]], Any]], Any] | None = key if is_function(key) else None
        self._key = self._as_key(key) if self._key_function is None else None
        self._fetcher = fetcher
        self._options = options
        # The observer atoms in use; the graph keeps those alive that the query has read last.
        self._observers: WeakValueDictionary[tuple[QueryKey, bool], Observer] = WeakValueDictionary()
        # The last data that was shown, for `keep_previous`, and its selection.
        self._previous: Any = UNSET
        # The settings and the fetcher, and the key and the version of the defaults that they are for.
        self._known: tuple[QueryKey, int, tuple[Settings, Fetcher | None]] | None = None
        self._selected: tuple[Any, Outcome[Any]] | None = None
        # The key and the last selection of its present data that did not fail.
        self._last_selection: tuple[QueryKey, Any] | None = None

    # --- the key

    @staticmethod
    def _as_key(value: Any) -> QueryKey | None:
        """The key; None if the value turns the query off."""
        return None if value is None or value is False else query_key(value, "query")

    def key_now(self, get: Callable[[Atom[Any]], Any]) -> QueryKey | None:
        """The key at this moment; None if the query is off."""
        return self._key if self._key_function is None else self._as_key(self._key_function(get))

    def is_enabled(self, get: Callable[[Atom[Any]], Any], settings: Settings) -> bool:
        """Whether the query fetches at this moment."""
        enabled = settings.enabled
        if isinstance(enabled, Atom):
            return bool(get(enabled))
        return bool(enabled(get) if is_function(enabled) else enabled)

    # --- for its faces

    def result_atom(self) -> Atom[Any]:
        """The atom of the whole result."""
        return self.itself()

    def shown_entry(self, get: Getter) -> Entry | None:
        """The entry of the present key, as an input of a read."""
        key = self.key_now(get)
        return self._cache.entry(key) if key is not None else None

    def has_shown_data(self, get: Getter) -> bool:
        """Whether there is data, be it None; an input of a read."""
        entry = self.shown_entry(get)
        return entry is not None and get(entry.data) is not ABSENT

    def edited_entry(self, get: Callable[[Atom[Any]], Any]) -> Entry:
        """The entry that edits of the data go to.

        Raises:
            TypeError: The query has no key at present, or shows a selection.
        """
        key = self.key_now(get)
        name = self.itself().name
        if key is None:
            raise TypeError(f"{name} has no key at present, so there is no data to edit")
        if self._resolved(key)[0].select is not None:
            raise TypeError(
                f"{name} shows a selection, which cannot be edited; edit the data of a query without select, or use"
                f" client.edit({key!r}, recipe)"
            )
        return self._cache.entry(key)

    # --- fetching

    def refetch(self) -> Awaitable[QueryResult[Any]]:
        """Fetch now; awaiting it gives the new result."""
        store, atom = self._cache.store, self.itself()
        key = self.key_now(store.get)
        settings, fetcher = self._resolved(key) if key is not None else (None, None)
        ticket = None
        if key is not None and settings is not None and fetcher is not None:
            self._cache.ready()
            entry = self._cache.entry(key, settings)
            if entry.in_flight:
                entry.in_flight.keep()
            else:
                entry.in_flight.start(Source(fetcher, settings))
            ticket = entry.in_flight.await_newest()

        async def result() -> QueryResult[Any]:
            if ticket is not None:
                await ticket.ended()
            value: QueryResult[Any] = atom._query.result_now()
            return value

        return Work(result)

    def result_now(self) -> QueryResult[Any]:
        """The result at this moment, whatever `throw` says."""
        store = self._cache.store
        try:
            result: QueryResult[Any] = store.get(self.itself())
        except Exception:
            key = self.key_now(store.get)
            assert key is not None
            settings = self._resolved(key)[0]
            return self._shown(store.get, self._cache.entry(key), settings, is_active=True, is_starting=False)
        return result

    # --- reading

    def reader(self) -> Callable[[Getter], QueryResult[Any]]:
        """The read of the atom."""

        def read(get: Getter) -> QueryResult[Any]:
            key = self.key_now(get)
            if key is None:
                return QueryResult(_refetch=self.refetch)
            settings, fetcher = self._resolved(key)
            result = self._read(get, self._cache.entry(key, settings), settings, fetcher)
            if settings.throw and result.error is not None:
                raise result.error
            return result

        describe(read, "query", self._described, prefers_assigned_name=True)
        return read

    def _described(self) -> str:
        return f"query({self._key!r})" if self._key is not None else "query"

    def _resolved(self, key: QueryKey) -> tuple[Settings, Fetcher | None]:
        """The settings and the fetcher of a key."""
        cache, known = self._cache, self._known
        if known is None or known[0] != key or known[1] != cache.defaults_version:
            found = cache.settings(key, self._options), cache.fetcher(key, self._fetcher)
            known = self._known = (key, cache.defaults_version, found)
        return known[2]

    def _read(self, get: Getter, entry: Entry, settings: Settings, fetcher: Fetcher | None) -> QueryResult[Any]:
        is_active = fetcher is not None and self.is_enabled(get, settings)
        entry.use(settings)
        get(self._observer(entry, fetcher, settings, is_active=is_active).atom)
        get(entry.state)
        is_starting = False
        if is_active and fetcher is not None and not any(entry.active_observers()) and entry.error is None:
            is_starting = entry.wants_fetch(settings)
            if is_starting:
                self._cache.start_after_read(entry, Source(fetcher, settings))
        return self._shown(get, entry, settings, is_active=is_active, is_starting=is_starting)

    def _observer(self, entry: Entry, fetcher: Fetcher | None, settings: Settings, *, is_active: bool) -> Observer:
        place = (entry.key, is_active)
        observer = self._observers.get(place)
        version = self._cache.defaults_version
        if observer is None or observer.entry is not entry or observer.version != version:
            observer = self._observers[place] = Observer(
                entry, fetcher, settings, fetches=is_active, version=version, result=self.result_now
            )
        return observer

    def _shown(
        self,
        get: Callable[[Atom[Any]], Any],
        entry: Entry,
        settings: Settings,
        *,
        is_active: bool,
        is_starting: bool,
    ) -> QueryResult[Any]:
        state: EntryState = get(entry.state)
        data = get(entry.data)
        if entry.is_expired():
            data = ABSENT
        has_data = data is not ABSENT
        fetch_status = state.fetch_status
        if is_starting:
            fetch_status = "fetching" if self._cache.is_online() or settings.network_mode != "online" else "paused"
        is_under_way = fetch_status != "idle"
        error = state.error if has_data or not is_under_way else None
        value, is_placeholder, is_fallback = None, False, False
        if not has_data:
            self._last_selection = None
        if has_data:
            self._previous = data
            value, selection_error = self._selection(data, settings, entry)
            error = selection_error or error
        elif error is not None and settings.fallback is not UNSET:
            value = settings.fallback(error) if is_function(settings.fallback) else settings.fallback
            is_fallback = True
        elif error is None:
            value, is_placeholder = self._placeholder(settings)
            if is_placeholder:
                value, error = self._selection(value, settings, None)
                is_placeholder = error is None
        if error is not None:
            status = "error"
        elif has_data or is_placeholder:
            status = "success"
        else:
            status = "loading" if is_active or is_under_way else "idle"
        return QueryResult(
            value,
            error,
            cast(Any, status),
            fetch_status,
            state.last_updated if has_data else None,
            state.failure_count,
            state.attempt if not is_starting else 1,
            entry.is_stale(settings),
            is_placeholder,
            is_fallback,
            fetch_status == "fetching" and has_data,
            _refetch=self.refetch,
        )

    def _placeholder(self, settings: Settings) -> tuple[Any, bool]:
        """What is shown while there is no data, and whether there is such a thing."""
        if settings.keep_previous and self._previous is not UNSET:
            return self._previous, True
        if settings.placeholder is UNSET:
            return None, False
        if is_function(settings.placeholder):
            previous = self._previous if self._previous is not UNSET else None
            return settings.placeholder(previous), True
        return settings.placeholder, True

    def _selection(self, data: Any, settings: Settings, entry: Entry | None) -> tuple[Any, Exception | None]:
        """The selection of the data, computed once for each data; or the last one of the entry, and the error."""
        select = settings.select
        if select is None:
            return data, None
        before = self._selected
        if before is None or before[0] is not data:
            outcome = Outcome.of(lambda: select(data))
            if before is not None and before[1].value is not UNSET and outcome.value is not UNSET:
                outcome = Outcome(share(before[1].value, outcome.value))
            before = self._selected = (data, outcome)
        try:
            value = before[1].get()
        except Exception as error:
            last = self._last_selection
            return (last[1] if last is not None and entry is not None and last[0] == entry.key else None), error
        if entry is not None:
            self._last_selection = (entry.key, value)
        return value, None
