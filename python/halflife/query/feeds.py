"""A *feed* is the inside of an infinite query: how its pages are read, asked for and loaded.

One fetch is under way at a time: it asks for the kept pages anew, or for one more page, or for both. Who wants one more
page has a ticket with a wish. The newest fetch fulfills the open wishes, so that none is lost when another fetch takes
the place of the one that was asked first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from operator import eq
from typing import Any, cast, final

from halflife import _core
from halflife._core import Atom, SourceAtom
from halflife._drivers.reports import warn
from halflife._drivers.threads import run_in_thread
from halflife._support.absent import ABSENT
from halflife._support.internal_atoms import describe, inner_source, weak_self
from halflife._support.reprs import abbreviated
from halflife._support.signatures import given_count
from halflife._support.unset import UNSET
from halflife._types import Getter
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.entry_state import EntryState
from halflife.query.feed_reader import FeedProgress, FetchAll
from halflife.query.fetch_context import UNCHANGED, FetchContext
from halflife.query.fetches import Source
from halflife.query.infinite_result import InfiniteResult
from halflife.query.keys import QueryKey, query_key
from halflife.query.options import Settings
from halflife.query.page_items import ItemKey, PageItems
from halflife.query.page_walk import FeedRules, PageWalk, Side
from halflife.query.pages import Page, as_page, as_pages, next_cursor, previous_cursor
from halflife.query.queries import Query, QueryAtom
from halflife.query.results import QueryResult
from halflife.query.retries import WrongAnswerError
from halflife.query.tickets import Ticket, Work


@final
class Feed:
    """What an infinite query does, and what it remembers between two reads."""

    query: Query
    itself: Callable[[], Atom[InfiniteResult[Any]]]
    # Set by `make_progress`; what `fetch_all` has gone through, and the atom that users see.
    _walked: SourceAtom[FeedProgress | None]
    _progress: Callable[[], Atom[FeedProgress]]

    def __init__(
        self,
        cache: EntryCache,
        fetch: Callable[..., Any],
        options: Mapping[str, Any],
        rules: FeedRules,
        item_key: ItemKey | None,
    ) -> None:
        self.cache = cache
        self.store = cache.store
        self.item_key = item_key
        #: The options of the query: its fetcher is async, whatever the user's fetch is.
        self.options = {**options, "dedupe": True, "thread": False}
        self._given_options = options
        self._fetch = fetch
        self._argument_count = given_count(fetch, 2, unknown=1)
        self._rules = rules
        self._has_warned = False
        # The pages that were shown last, with their items.
        self._shown: tuple[Any, list[Page[Any]], list[Any]] | None = None
        self._items = PageItems(item_key)
        self._running: FetchAll[Any] | None = None

    def atom(self) -> Atom[Any]:
        """The atom of the whole result."""
        return self.itself()

    def progress(self) -> Atom[FeedProgress]:
        """The atom of how much is loaded."""
        return self._progress()

    # --- reading

    def reader(self, query: QueryAtom[Any]) -> Callable[[Getter], InfiniteResult[Any]]:
        """The read of the atom."""

        def read(get: Getter) -> InfiniteResult[Any]:
            return self._result(get, get(query))

        describe(read, "infinite", lambda: query.name.replace("query(", "infinite(", 1), prefers_assigned_name=True)
        return read

    def _result(self, get: Callable[[Atom[Any]], Any], result: QueryResult[Any]) -> InfiniteResult[Any]:
        entry = self.query.shown_entry(cast(Getter, get))
        pages, items = self._pages_and_items(self._data(get, result, entry), entry)
        state: EntryState = get(entry.state) if entry is not None else EntryState()
        is_fetching = result.fetch_status != "idle"
        return InfiniteResult(
            result.data,
            result.error,
            result.status,
            result.fetch_status,
            result.last_updated,
            result.failure_count,
            result.attempt,
            result.is_stale,
            result.is_placeholder,
            result.is_fallback,
            result.is_refetching and not state.is_adding,
            items,
            pages,
            next_cursor(pages) is not UNSET and not result.is_placeholder,
            previous_cursor(pages) is not UNSET and not result.is_placeholder,
            is_fetching and "next" in state.wishes,
            is_fetching and "previous" in state.wishes,
            _refetch=self.refetch,
        )

    def _data(self, get: Callable[[Atom[Any]], Any], result: QueryResult[Any], entry: Entry | None) -> Any:
        """The data from which the pages are: without the user's selection, which may be anything."""
        if entry is None or self.cache.settings(entry.key, self.options).select is None:
            return result.data
        if result.last_updated is None:
            return None
        data = get(entry.data)
        return None if data is ABSENT else data

    def _pages_and_items(self, data: Any, entry: Entry | None) -> tuple[list[Page[Any]], list[Any]]:
        before = self._shown
        if before is None or before[0] is not data:
            pages = as_pages(data, "infinite", repr(entry.key) if entry is not None else "a feed")
            before = self._shown = (data, pages, self._items.of(pages))
        return before[1], before[2]

    def make_progress(self, name: str | None) -> Atom[FeedProgress]:
        """The atom of how much is loaded."""
        walked = self._walked = inner_source(None, "progress of fetch_all")

        def read(get: Getter) -> FeedProgress:
            result = get(self.atom())
            gone = get(walked)
            # With `max_pages`, pages that were gone through are not kept.
            if gone is not None and self._rules.max_pages is not None:
                return cast(FeedProgress, gone)
            total = next((page.total for page in reversed(result.pages) if page.total is not None), None)
            return FeedProgress(len(result.pages), len(result.items), total)

        describe(read, "progress", lambda: f"{self.atom().name}.progress")
        made: Atom[FeedProgress] = _core.make(Atom, "derived", read, equals=eq, name=name)
        self._progress = weak_self(made)
        return made

    # --- loading

    def source(self) -> tuple[Entry, Source] | None:
        """The entry of the present key, and how it is fetched; None if the query has no key."""
        key = self.query.key_now(self.store.get)
        if key is None:
            return None
        settings = self.cache.settings(key, self.options)
        return self.cache.entry(key, settings), Source(self.fetch_pages, settings)

    def load(self, side: Side) -> Awaitable[InfiniteResult[Any]]:
        """Load one more page."""
        self.wish(side)
        found = self.source()
        return self._awaited(found[0].in_flight.await_newest() if found is not None else None)

    def wish(self, side: Side) -> Ticket | None:
        """Have one more page loaded. Returns a ticket for the end of that; None if there is nothing to load."""
        found = self.source()
        if found is None:
            return None
        entry, source = found
        pages = self.pages_of(entry)
        cursor = next_cursor(pages) if side == "next" else previous_cursor(pages)
        if pages and cursor is UNSET:
            return None
        self.cache.ready()
        if not pages and not entry.in_flight:
            entry.in_flight.start(source)  # One more page is the first one.
        ticket = entry.in_flight.tickets.issue(side)
        if not entry.in_flight:
            entry.in_flight.start(source, argument=side)
        else:
            entry.in_flight.keep()
            entry.show()
        return ticket

    def refetch(self) -> Awaitable[InfiniteResult[Any]]:
        """Fetch the kept pages anew."""
        found = self.source()
        if found is None:
            return self._awaited(None)
        entry, source = found
        self.cache.ready()
        newest = entry.in_flight.newest
        if newest is not None and not newest.is_adding:
            entry.in_flight.keep()
        else:
            entry.in_flight.start(source)
        return self._awaited(entry.in_flight.await_newest())

    def _awaited(self, ticket: Ticket | None) -> Awaitable[InfiniteResult[Any]]:
        atom = self.atom()  # Whoever awaits the result keeps the atom alive.

        async def result() -> InfiniteResult[Any]:
            if ticket is not None:
                await ticket.ended()
            assert atom is self.atom()
            return self._result(self.store.get, self.query.result_now())

        return Work(result)

    def fetch_all(self) -> FetchAll[Any]:
        """Load all pages."""
        found = self.source()
        key = found[0].key if found is not None else None
        running = self._running
        if running is None or running.is_over or running.key != key:
            self.cache.ready()
            running = self._running = FetchAll(self, key, self._walked)
        return running

    def pages_of(self, entry: Entry) -> list[Page[Any]]:
        """The pages of an entry at this moment."""
        return as_pages(entry.visible(), "infinite", repr(entry.key))

    def pages_now(self) -> list[Page[Any]]:
        """The pages of the present key."""
        found = self.source()
        return self.pages_of(found[0]) if found is not None else []

    # --- fetching

    async def fetch_pages(self, _: Any, context: FetchContext) -> list[Page[Any]]:
        """The fetcher of the query."""
        key = query_key(context.key, "infinite")
        walk: PageWalk | None = context._progress.get("walk")
        if walk is None:
            shares = self.cache.settings(key, self.options).structural_sharing is True
            before = self._before(context, key)
            is_adding = context._argument is not None and bool(before)
            walk = PageWalk(self._rules, before, is_adding=is_adding, shares=shares)
            context._progress["walk"] = walk
        return await walk.run(_Asked(self, key, context))

    @staticmethod
    def _before(context: FetchContext, key: QueryKey) -> list[Page[Any]]:
        try:
            return as_pages(context.previous, "infinite", repr(key))
        except WrongAnswerError:  # Data set by hand that is no list of pages; a refetch gets rid of it.
            return []

    async def page(self, cursor: Any, before: Page[Any] | None, key: QueryKey, context: FetchContext) -> Page[Any]:
        """Ask the user's function for a page."""
        arguments = (cursor, context)[: self._argument_count]
        settings: Settings = self.cache.settings(key, self._given_options)
        if settings.thread:
            answer = await run_in_thread(self._fetch, *arguments)
        else:
            answer = self._fetch(*arguments)
            answer = await answer if isawaitable(answer) else answer
        if answer is UNCHANGED:
            if before is None:
                raise WrongAnswerError(
                    f"infinite: the fetch of {key!r} at cursor {abbreviated(cursor)} returned ctx.unchanged, and there"
                    " is no such page yet"
                )
            return before
        return as_page(answer, "infinite", f"{key!r} at cursor {abbreviated(cursor)}")

    def repeated(self, key: QueryKey, cursor: Any) -> None:
        """A cursor has come for the second time: the feed ends there."""
        if not self._has_warned:
            self._has_warned = True
            warn(
                f"the feed {key!r} ends at the cursor {abbreviated(cursor)}, because the server has given it before;"
                " without that, the same pages would be loaded again and again"
            )


@final
class _Asked:
    """The feed as a walk of one attempt uses it."""

    __slots__ = ("_context", "_feed", "_key")

    def __init__(self, feed: Feed, key: QueryKey, context: FetchContext) -> None:
        self._feed = feed
        self._key = key
        self._context = context

    def ask(self, cursor: Any, before: Page[Any] | None) -> Awaitable[Page[Any]]:
        return self._feed.page(cursor, before, self._key, self._context)

    def wishes(self) -> list[Ticket]:
        return self._feed.cache.entry(self._key).in_flight.tickets.wished()

    def show(self, pages: list[Page[Any]]) -> None:
        self._context._piece(pages)

    def repeated(self, cursor: Any) -> None:
        self._feed.repeated(self._key, cursor)
