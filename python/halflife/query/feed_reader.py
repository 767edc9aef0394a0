"""A *feed reader* goes through the pages of a feed, from the first kept one on, and has more loaded at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, final

from halflife._core import Atom, SourceAtom
from halflife._drivers.cancellation import CancelledError
from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.waiting import wait_for_end
from halflife._errors import RunCancelledError
from halflife._support.outcome import Outcome
from halflife.query.keys import QueryKey
from halflife.query.page_items import ItemKey, PageItems, key_of
from halflife.query.pages import Page, cursor_of, is_among
from halflife.query.tickets import Ticket

T = TypeVar("T")


@final
class FeedProgress(NamedTuple):
    """How much of a feed is loaded."""

    pages: int
    items: int
    #: How many items there are on all pages, if the server tells.
    total: int | None = None


class FeedPages(Protocol):
    """What a reader needs of a feed."""

    @property
    def store(self) -> Any: ...
    @property
    def item_key(self) -> ItemKey | None: ...

    #: The atom of the whole result, and that of `fetch_all`'s progress.
    def atom(self) -> Atom[Any]: ...
    def progress(self) -> Atom[FeedProgress]: ...

    #: The pages of the present key.
    def pages_now(self) -> list[Page[Any]]: ...

    #: Have one more page loaded; None if there is none.
    def wish(self, side: Any) -> Ticket | None: ...


@final
class FeedReader:
    """One way through a feed."""

    def __init__(self, feed: FeedPages) -> None:
        self._feed = feed
        # The cursors of the pages that were gone through.
        self._passed: list[Any] = []

    async def next_page(self) -> Page[Any] | None:
        """The page after those that were gone through, loaded if need be; None at the end.

        Raises:
            RunCancelledError: The fetch of the page was cancelled.
            Exception: The error of the fetch.
        """
        while True:
            pages = self._feed.pages_now()
            index = self._position(pages)
            if index < len(pages):
                self._passed.append(cursor_of(pages, index))
                return pages[index]
            ticket = self._feed.wish("next")
            if ticket is None:
                return None
            await ticket.ended()
            assert ticket.outcome is not None
            ticket.outcome.get()

    def _position(self, pages: list[Page[Any]]) -> int:
        """The index of the page to go to: that behind the last one that was gone through."""
        for index in range(len(pages) - 1, -1, -1):
            if is_among(cursor_of(pages, index), self._passed):
                return index + 1
        return 0


async def stream_items(feed: FeedPages, atom: Atom[Any]) -> AsyncGenerator[Any, None]:
    """The items of a feed, each once. Its atom is observed in the meantime, so that no page is forgotten."""
    reader, item_key = FeedReader(feed), feed.item_key
    seen: set[Any] = set()
    with feed.store.subscribe(atom, _ignore, _ignore):
        while (page := await reader.next_page()) is not None:
            for item in page.items:
                if item_key is not None:
                    key = key_of(item, item_key)
                    if key in seen:
                        continue
                    seen.add(key)
                yield item


def _ignore(_: object) -> None:
    """The reader sees for itself."""


@final
class FetchAll(Generic[T]):
    """The loading of all pages of a feed, made by `fetch_all`. It goes on when it is dropped.

    Awaiting it gives all items. When all who await it are cancelled, no further page is asked for.
    """

    __slots__ = ("_atom", "_awaiting", "_feed", "_outcome", "_task", "_walked", "key", "progress")

    def __init__(self, feed: FeedPages, key: QueryKey | None, walked: SourceAtom[FeedProgress | None]) -> None:
        self._feed = feed
        self._atom = feed.atom()
        self._walked = walked
        self._outcome: Outcome[list[T]] | None = None
        self._awaiting = 0
        #: The key whose pages are loaded.
        self.key = key
        #: An atom of how many pages and items are loaded, and of how many there are if the server tells.
        self.progress: Atom[FeedProgress] = feed.progress()
        self._task = feed.store._driver.start_task(DeferredCall(self._run), f"halflife fetch_all of {key!r}")

    @property
    def is_over(self) -> bool:
        """Whether it has ended, however."""
        return bool(self._task.done())

    def cancel(self) -> None:
        """Ask for no further page. Who awaits the result gets RunCancelledError."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            self._outcome = Outcome(await self._loaded())
        except Exception as error:
            self._outcome = Outcome.failed(error)

    async def _loaded(self) -> list[T]:
        feed, reader = self._feed, FeedReader(self._feed)
        gone: list[Page[Any]] = []
        count, total = 0, None
        seen: set[Any] = set()
        with feed.store.subscribe(self._atom, _ignore, _ignore):
            while (page := await reader.next_page()) is not None:
                gone.append(page)
                total = page.total if page.total is not None else total
                if feed.item_key is None:
                    count += len(page.items)
                else:
                    seen.update(key_of(item, feed.item_key) for item in page.items)
                    count = len(seen)
                feed.store.set(self._walked, FeedProgress(len(gone), count, total))
            kept = feed.pages_now()
        # With `max_pages` only the last pages are kept. Those that are kept may have been edited or fetched anew.
        first = cursor_of(kept, 0) if kept else None
        until = next(
            (index for index in range(len(gone)) if kept and is_among(first, [cursor_of(gone, index)])), len(gone)
        )
        return PageItems(feed.item_key).of([*gone[:until], *kept])

    def __await__(self) -> Generator[Any, Any, list[T]]:
        self._awaiting += 1
        try:
            if not self._task.done():
                yield from wait_for_end(self._task, self._feed.store._driver.circles)
        except CancelledError:
            if self._awaiting == 1:
                self._task.cancel()
            raise
        finally:
            self._awaiting -= 1
        if self._outcome is None:
            raise RunCancelledError(f"the loading of all pages of {self.key!r} was cancelled")
        return self._outcome.get()

    def __repr__(self) -> str:
        return f"<FetchAll of {self.key!r}, {'done' if self.is_over else 'running'}>"
