"""A *paged query* shows one numbered page of a list at a time, and goes from page to page."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar, final

from halflife import _core
from halflife._core import Atom, SourceAtom, is_function
from halflife._support.absent import ABSENT
from halflife._support.checks import check_callable, check_count, check_flag
from halflife._support.internal_atoms import describe, inner_source, part_name
from halflife._support.reprs import abbreviated
from halflife._support.signatures import given_count
from halflife._types import Getter, Setter
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.fetch_context import FetchContext
from halflife.query.fetches import Source
from halflife.query.keys import QueryKey, query_key
from halflife.query.pages import Page
from halflife.query.queries import Query, QueryAtom, make_query
from halflife.query.query_data import QueryData, make_query_data
from halflife.query.results import QueryResult, same_result
from halflife.query.tickets import Work

T = TypeVar("T")


@final
class Paged(Generic[T]):
    """A list of which one page is shown at a time. Made by `QueryClient.paged`."""

    __slots__ = ("__weakref__", "_pages", "data", "page", "page_count", "result")

    #: What the fetch returned for the page; while a page loads, or if it fails, the data of the page before. Edited
    #: like a draft atom.
    data: QueryData[T | None]
    #: The number of the page, from 1. Setting it is `goto`.
    page: SourceAtom[int]
    #: How many pages there are, if the answers are `Page`s with a `total`; else None.
    page_count: Atom[int | None]
    #: The whole state; `is_placeholder` says that the data is that of another page.
    result: Atom[QueryResult[T]]

    def __init__(self, pages: NumberedPages) -> None:
        self._pages = pages
        self.data, self.page = pages.data, pages.page
        self.page_count, self.result = pages.page_count, pages.result

    def next(self) -> Awaitable[QueryResult[T]]:
        """Go to the next page; stays on the last one, if it is known which one that is.

        Returns:
            An awaitable of the result, which may be dropped; it ends when the page has data or has failed, and does
            not raise the error of the fetch.
        """
        return self._pages.go(self._pages.following() or self._pages.number())

    def prev(self) -> Awaitable[QueryResult[T]]:
        """Go to the page before; stays on the first one. See `next`."""
        return self._pages.go(max(1, self._pages.number() - 1))

    def goto(self, n: int) -> Awaitable[QueryResult[T]]:
        """Go to a page, counted from 1. See `next`.

        Raises:
            TypeError, ValueError: `n` is not an int of at least 1; the page stays.
        """
        return self._pages.go(check_count(n, "goto", "n"))

    def refetch(self) -> Awaitable[QueryResult[T]]:
        """Fetch the page again, now. See `QueryAtom.refetch`."""
        return self._pages.refetch()

    def __repr__(self) -> str:
        return f"<Paged, page {self._pages.number()}>"


def make_paged(
    cache: EntryCache,
    key: Any,
    fetch: Any,
    options: Mapping[str, Any],
    *,
    page_size: int,
    prefetch_next: bool,
    prefetch: Callable[[Entry, Source], object],
    name: str | None,
) -> Paged[Any]:
    """A paged query. The key and the options are checked already.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or not an allowed value.
    """
    is_async = check_callable(fetch, "paged", "fetch", "the page, the page size, the context", least=1, may_be="async")
    if is_async and options.get("thread"):
        raise TypeError("paged: thread=True is for a plain fetch, and this one is async")
    check_count(page_size, "paged", "page_size")
    check_flag(prefetch_next, "paged", "prefetch_next")
    given = prefetch if prefetch_next else None
    return Paged(NumberedPages(cache, key, fetch, options, size=page_size, prefetch=given, name=name))


@final
class NumberedPages:
    """What a paged query does, and what it remembers between two reads."""

    def __init__(
        self,
        cache: EntryCache,
        key: Any,
        fetch: Callable[..., Any],
        options: Mapping[str, Any],
        *,
        size: int,
        prefetch: Callable[[Entry, Source], object] | None,
        name: str | None,
    ) -> None:
        self._cache = cache
        self._store = cache.store
        self._key = key
        self._fetch = fetch
        self._argument_count = given_count(fetch, 3, unknown=2)
        self._size = size
        self._options = options
        self._prefetch = prefetch
        # The data for which the next page was prefetched.
        self._prefetched_for: Any = ABSENT
        # The result that was shown last with data of its own.
        self._previous: QueryResult[Any] | None = None
        self._number: SourceAtom[int] = inner_source(1, "page number")
        self._atom: QueryAtom[Any] = make_query(
            cache, self._key_of_page, self.fetch_page, options, part_name(name, "query")
        )
        self._query: Query = self._atom._query
        self.page: SourceAtom[int] = self._make_page(part_name(name, "page"))
        self.result: Atom[QueryResult[Any]] = self._make_result(name)
        self.data: QueryData[Any] = make_query_data(self, lambda: self.result.name, part_name(name, "data"))
        self.page_count: Atom[int | None] = self._make_page_count(part_name(name, "page_count"))

    # --- the key of a page, and its fetcher

    def _base(self, get: Callable[[Atom[Any]], Any]) -> QueryKey | None:
        key = self._key(get) if is_function(self._key) else self._key
        return None if key is None or key is False else query_key(key, "paged")

    def _page_key(self, base: QueryKey, number: int) -> QueryKey:
        return query_key((*base.given, {"page": number, "page_size": self._size}), "paged")

    def _key_of_page(self, get: Callable[[Atom[Any]], Any]) -> QueryKey | None:
        base = self._base(get)
        return self._page_key(base, get(self._number)) if base is not None else None

    def fetch_page(self, key: tuple[Any, ...], context: FetchContext) -> Any:
        """The fetcher of the query."""
        place = key[-1]
        return self._fetch(*(place["page"], place["page_size"], context)[: self._argument_count])

    # --- the atoms

    def _make_page(self, name: str | None) -> SourceAtom[int]:
        number = self._number

        def read(get: Getter) -> int:
            return get(number)

        def write(get: Getter, set: Setter, value: int) -> None:
            set(number, check_count(value, "paged", "page"))

        describe(read, "page", lambda: f"{self.result.name}.page")
        return _core.make(SourceAtom, "derived", read, write, name=name)

    def _make_result(self, name: str | None) -> Atom[QueryResult[Any]]:
        def read(get: Getter) -> QueryResult[Any]:
            result: QueryResult[Any] = get(self._atom)
            if result.last_updated is not None:
                self._previous = result
                self._prefetch_after(result)
                return result
            previous = self._previous
            if previous is None or result.is_placeholder or result.is_fallback:
                return result
            if self._base(get) is None:
                return result
            # The page before is shown, until this one has data.
            status = result.status if result.error is not None else "success"
            return replace(result, data=previous.data, status=status, is_placeholder=True)

        describe(read, "paged", lambda: self._atom.name.replace("query", "paged", 1), prefers_assigned_name=True)
        made: Atom[QueryResult[Any]] = _core.make(Atom, "derived", read, equals=same_result, name=name)
        return made

    def _make_page_count(self, name: str | None) -> Atom[int | None]:
        def read(get: Getter) -> int | None:
            return self._count_in(get(self.result).data)

        describe(read, "page_count", lambda: f"{self.result.name}.page_count")
        made: Atom[int | None] = _core.make(Atom, "derived", read, name=name)
        return made

    def _count_in(self, data: Any) -> int | None:
        """How many pages there are, if the data tells."""
        total = data.total if isinstance(data, Page) else None
        if total is None:
            return None
        if isinstance(total, bool) or not isinstance(total, int):
            raise TypeError(f"paged: the total of a page must be an int or None, got {abbreviated(total)}")
        return math.ceil(total / self._size)

    # --- what its data asks

    def edited_entry(self, get: Callable[[Atom[Any]], Any]) -> Entry:
        """The entry of the present page."""
        return self._query.edited_entry(get)

    def shown_entry(self, get: Getter) -> Entry | None:
        """The same, as a part of a read."""
        return self._query.shown_entry(get)

    def result_atom(self) -> Atom[Any]:
        """The atom of the whole result."""
        return self.result

    # --- going from page to page

    def number(self) -> int:
        """The number of the present page."""
        return int(self._store.get(self._number))

    def following(self) -> int | None:
        """The number of the next page; None if there is none, as far as is known."""
        number, count = self.number(), self._count_in(self._result_now().data)
        return number + 1 if count is None or number < count else None

    def go(self, number: int) -> Awaitable[QueryResult[Any]]:
        """Show a page, and have it fetched."""
        self._store.set(self._number, number)
        found = self._source(number)
        ticket = None
        if found is not None and self._cache.is_ready():
            entry, source = found
            if entry.wants_fetch(source.settings) and self._query.is_enabled(self._store.get, source.settings):
                entry.in_flight.start(source)
            ticket = entry.in_flight.await_newest() if not entry.has_data else None

        async def result() -> QueryResult[Any]:
            if ticket is not None:
                await ticket.ended()
            return self._result_now()

        return Work(result)

    def refetch(self) -> Awaitable[QueryResult[Any]]:
        """Fetch the present page again."""
        fetching = self._query.refetch()

        async def result() -> QueryResult[Any]:
            await fetching
            return self._result_now()

        return Work(result)

    def _source(self, number: int) -> tuple[Entry, Source] | None:
        """The entry of a page, and how it is fetched; None if the query has no key."""
        base = self._base(self._store.get)
        if base is None:
            return None
        key = self._page_key(base, number)
        settings = self._cache.settings(key, self._options)
        return self._cache.entry(key, settings), Source(self.fetch_page, settings)

    def _result_now(self) -> QueryResult[Any]:
        try:
            result: QueryResult[Any] = self._store.get(self.result)
        except Exception:  # `throw=True` raises the error of the fetch.
            return self._query.result_now()
        return result

    # --- prefetching

    def _prefetch_after(self, result: QueryResult[Any]) -> None:
        """Have the next page fetched after this read, once for each data that is shown."""
        if self._prefetch is not None and self._prefetched_for is not result.data and not result.is_error:
            self._prefetched_for = result.data
            self._cache.soon(self._prefetch_next)

    def _prefetch_next(self) -> None:
        found = self._source(self.number())
        prefetch, number = self._prefetch, self.following()
        if prefetch is None or number is None or found is None or self._store.closed:
            return
        entry, source = found
        data = entry.visible()
        items = data.items if isinstance(data, Page) else data
        is_last = isinstance(items, (list, tuple)) and len(items) < self._size
        if entry.has_data and not is_last and self._query.is_enabled(self._store.get, source.settings):
            following = self._source(number)
            if following is not None:
                prefetch(*following)
