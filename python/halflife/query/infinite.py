"""An *infinite query* shows a list that a server gives in pages, as many of them as were loaded.

It is a query whose data is the list of its pages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from typing import Any, Generic, Literal, TypeVar, final

from halflife import _core
from halflife._core import Atom
from halflife._support.checks import check_callable, check_count
from halflife._support.internal_atoms import describe, part_name, weak_self
from halflife._support.reprs import abbreviated
from halflife._types import AsyncAtom, Getter
from halflife.query.entry_cache import EntryCache
from halflife.query.feed_reader import FeedProgress, FetchAll, stream_items
from halflife.query.feeds import Feed
from halflife.query.infinite_result import InfiniteResult, same_infinite_result
from halflife.query.page_items import ItemKey
from halflife.query.page_walk import FeedRules
from halflife.query.pages import Page
from halflife.query.queries import make_query
from halflife.query.query_data import QueryData

T = TypeVar("T")

#: Options of queries that say nothing of a feed.
_NOT_OF_FEEDS = ("reduce", "refetch_mode")


@final
class InfiniteAtom(Atom[InfiniteResult[list[Page[T]]]], Generic[T]):
    """An atom of the state of an infinite query. Made by `QueryClient.infinite`."""

    __slots__ = (
        "_feed",
        "data",
        "has_more",
        "has_previous",
        "is_loading_more",
        "items",
        "loaded",
        "pages",
        "progress",
    )

    _feed: Feed
    #: The list of pages alone, None while there is none; edited like a draft atom.
    data: QueryData[list[Page[T]] | None]
    #: The list of pages as an async atom.
    loaded: AsyncAtom[list[Page[T]]]
    #: The items of all pages.
    items: Atom[list[T]]
    #: The kept pages; an empty list while there are none.
    pages: Atom[list[Page[T]]]
    #: Whether there is a page after the last one.
    has_more: Atom[bool]
    #: Whether there is a page before the first one.
    has_previous: Atom[bool]
    #: Whether `load_more` is under way.
    is_loading_more: Atom[bool]
    #: How much of the list is loaded; while `fetch_all` runs, how much of it that has gone through.
    progress: Atom[FeedProgress]

    def load_more(self) -> Awaitable[InfiniteResult[list[Page[T]]]]:
        """Load the page after the last one, now; the first one if there is none. Without a further page, nothing.

        Calls join one that is under way. During a refetch, the page is loaded at its end, with the renewed cursor; the
        refetch is not cancelled. A refetch that starts while a page is loaded takes that over in the same way. If the
        page fails, the pages stay, and another call tries again.

        Returns:
            An awaitable of the new result, which may be dropped; it does not raise the error of the fetch.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        return self._feed.load("next")

    def load_previous(self) -> Awaitable[InfiniteResult[list[Page[T]]]]:
        """Load the page before the first one, now. See `load_more`."""
        return self._feed.load("previous")

    def refetch(self) -> Awaitable[InfiniteResult[list[Page[T]]]]:
        """Fetch the kept pages anew, one after the other, with the cursors that the new answers give.

        The result is shown when all are there; it has fewer pages if the cursors end before. If a page fails, the old
        pages stay. Joins a refetch under way.

        Returns:
            An awaitable of the new result, which may be dropped; it does not raise the error of the fetch.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        return self._feed.refetch()

    def stream(self) -> AsyncGenerator[T, None]:
        """All items, from the first kept page on. Further pages are loaded when their items are asked for.

        Raises:
            Exception: When iterated: the error of a page.

        Example:
            >>> async for post in feed.stream():
            ...     if post["id"] == wanted:
            ...         break
        """
        return stream_items(self._feed, self)

    def fetch_all(self) -> FetchAll[T]:
        """Load all further pages, now, one after the other. Calls join one that is under way.

        Returns:
            An awaitable of the list of all items, which may be dropped; its `progress` is an atom. It raises the error
            of a page that fails, and `RunCancelledError` when the fetch is cancelled.

        Raises:
            NoEventLoopError: No event loop is running.

        Example:
            >>> loading = feed.fetch_all()
            >>> store.subscribe(loading.progress, lambda progress: show(progress.items, progress.total))
            >>> posts = await loading
        """
        return self._feed.fetch_all()


def make_infinite(
    cache: EntryCache,
    key: Any,
    fetch: Any,
    options: Mapping[str, Any],
    *,
    max_pages: int | None,
    refetch_pages: Literal["all", "first"],
    item_key: ItemKey | None,
    name: str | None,
) -> InfiniteAtom[Any]:
    """The atom of an infinite query, and the atoms of its parts. The key and the options are checked already.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or not an allowed value.
    """
    is_async = check_callable(fetch, "infinite", "fetch", "the cursor, the context", least=1, may_be="async")
    if is_async and options.get("thread"):
        raise TypeError("infinite: thread=True is for a plain fetch, and this one is async")
    if max_pages is not None:
        check_count(max_pages, "infinite", "max_pages")
    if refetch_pages not in ("all", "first"):
        raise ValueError(f'infinite: refetch_pages must be "all" or "first", got {abbreviated(refetch_pages)}')
    if item_key is not None:
        check_callable(item_key, "infinite", "item_key", "the item")
    for option in _NOT_OF_FEEDS:
        if option in options:
            raise TypeError(f"infinite: {option} is for fetchers that yield, and the fetch of a page returns it")
    if options.get("dedupe") is False:
        raise ValueError("infinite: dedupe must be True: the pages of a feed are fetched one after the other")
    feed = Feed(cache, fetch, options, FeedRules(max_pages, refetch_pages), item_key)
    query = make_query(cache, key, feed.fetch_pages, feed.options, part_name(name, "query"))
    feed.query = query._query
    made: InfiniteAtom[Any] = _core.make(
        InfiniteAtom, "derived", feed.reader(query), equals=same_infinite_result, name=name, on_refresh=feed.refetch
    )
    made._feed = feed
    feed.itself = weak_self(made)
    made.data, made.loaded = query.data, query.loaded
    for part in ("items", "pages", "has_more", "has_previous", "is_loading_more"):
        setattr(made, part, _part(feed, part, part_name(name, part)))
    made.progress = feed.make_progress(part_name(name, "progress"))
    return made


def _part(feed: Feed, part: str, name: str | None) -> Atom[Any]:
    """An atom of one field of the result."""

    def read(get: Getter) -> Any:
        return getattr(get(feed.atom()), part)

    describe(read, part, lambda: f"{feed.atom().name}.{part}")
    made: Atom[Any] = _core.make(Atom, "derived", read, name=name)
    return made
