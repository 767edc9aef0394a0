"""A *page walk* is what one fetch of a feed asks for, page by page: the kept pages anew, further pages, or both.

It is kept over the attempts of the fetch: an attempt goes on at the page that failed.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias, cast, final

from halflife._core import share
from halflife._support.unset import UNSET
from halflife.query.pages import (
    Answer,
    Earlier,
    Page,
    cursor_of,
    earlier_of,
    is_among,
    next_cursor,
    number_of,
    previous_cursor,
    without_first,
)
from halflife.query.tickets import Ticket

#: On which side of the kept pages one more is wanted.
Side: TypeAlias = Literal["next", "previous"]


@final
@dataclass(frozen=True, slots=True)
class FeedRules:
    """What the user has said of a feed."""

    max_pages: int | None
    refetch_pages: Literal["all", "first"]


class Asks(Protocol):
    """What a walk asks of the feed."""

    #: Ask the server for a page. `before` is the page at the same place with the same cursor, if there is one.
    def ask(self, cursor: Any, before: Page[Any] | None) -> Awaitable[Page[Any]]: ...

    #: The tickets of those who want one more page, at this moment.
    def wishes(self) -> list[Ticket]: ...

    #: Show the pages that are there, while the walk goes on.
    def show(self, pages: list[Page[Any]]) -> None: ...

    #: A cursor has come for the second time.
    def repeated(self, cursor: Any) -> None: ...


@final
class PageWalk:
    """The pages that one fetch has collected, and what it still has to ask for."""

    def __init__(self, rules: FeedRules, before: list[Page[Any]], *, is_adding: bool, shares: bool) -> None:
        self._rules = rules
        self._before = before
        self._shares = shares
        #: The pages so far.
        self.pages: list[Page[Any]] = list(before) if is_adding else []
        # How many pages are still to be asked for anew.
        self._left = 0 if is_adding else self._refetched_count()
        # Whether there are pages that nobody has seen yet.
        self._is_unseen = False
        # Wishes that this walk has fulfilled.
        self._met: set[Ticket] = set()

    def _refetched_count(self) -> int:
        count = 1 if self._rules.refetch_pages == "first" else max(1, len(self._before))
        return count if self._rules.max_pages is None else min(count, self._rules.max_pages)

    async def run(self, asks: Asks) -> list[Page[Any]]:
        """Ask for what is left, in order. Raises the error of the first page that fails."""
        while self._left > 0:
            await self._renew(asks)
        while (side := self._wanted(asks)) is not None:
            if self._is_unseen:
                self._is_unseen = False
                asks.show(self.pages)
            await self._extend(side, asks)
            # Those who have asked for the same side in the meantime have joined.
            self._met.update(ticket for ticket in asks.wishes() if ticket.wish == side)
        return self.pages

    def _wanted(self, asks: Asks) -> Side | None:
        wish = next((ticket.wish for ticket in asks.wishes() if ticket not in self._met), None)
        return cast("Side | None", wish)

    async def _renew(self, asks: Asks) -> None:
        """Ask for the next of the kept pages anew."""
        index, earlier = len(self.pages), None
        if index == 0:
            cursor = cursor_of(self._before, 0) if self._before else None
            earlier = earlier_of(self._before[0]) if self._before else None
        else:
            cursor = next_cursor(self.pages)
            if cursor is UNSET:
                self._left = 0  # The list has become shorter.
                return
        before = self._same_before(index, cursor)
        page = await asks.ask(cursor, before)
        page = self._answered(page, cursor, 0, earlier)
        page = self._without_repeated_next(page, asks)
        self.pages = [*self.pages, self._shared(page, before)]
        self._left -= 1
        self._is_unseen = True
        if not self._before:
            # Without pages, one more page is the first one.
            self._met.update(asks.wishes())

    async def _extend(self, side: Side, asks: Asks) -> None:
        """Ask for one more page, if there is one."""
        cursor = next_cursor(self.pages) if side == "next" else previous_cursor(self.pages)
        if cursor is UNSET:
            return
        page = await asks.ask(cursor, None)
        pages, most = self.pages, self._rules.max_pages
        newest = max((number_of(one) for one in pages), default=0)
        if side == "next":
            page = self._without_repeated_next(self._answered(page, cursor, newest, None), asks)
            pages = [*pages, page]
            self.pages = without_first(pages, len(pages) - most) if most is not None else pages
        else:
            earlier = earlier_of(pages[0]) if pages else None
            # A page was dropped there: this one takes its place.
            earlier = earlier[1] if earlier is not None else None
            page = self._without_repeated_previous(self._answered(page, cursor, newest + 1, earlier), asks)
            self.pages = [page, *pages][:most]
        self._is_unseen = True

    # --- one answer

    def _answered(self, page: Page[Any], cursor: Any, number: int, earlier: Earlier) -> Page[Any]:
        return replace(page, _answer=Answer(cursor, page.items, number, earlier))

    def _same_before(self, index: int, cursor: Any) -> Page[Any] | None:
        """The page that is asked for anew, if it is still asked for in the same way."""
        if index >= len(self._before) or not is_among(cursor, [cursor_of(self._before, index)]):
            return None
        return self._before[index]

    def _shared(self, page: Page[Any], before: Page[Any] | None) -> Page[Any]:
        """The page before, if the answer is the same; so that an equal refetch changes nothing."""
        if before is None or not self._shares or before._answer is None or before.items is not before._answer.items:
            return page
        is_known = before == page and number_of(before) == number_of(page) and earlier_of(before) is earlier_of(page)
        return before if is_known and share(before.items, page.items) is before.items else page

    def _without_repeated_next(self, page: Page[Any], asks: Asks) -> Page[Any]:
        """A server that gives a cursor again would be asked for ever."""
        seen = [cursor_of(self.pages, index) for index in range(len(self.pages))]
        seen += [*_listed(self.pages or [page]), cursor_of([page], 0)]
        if page.next_cursor is None or not is_among(page.next_cursor, seen):
            return page
        asks.repeated(page.next_cursor)
        return replace(page, next_cursor=None)

    def _without_repeated_previous(self, page: Page[Any], asks: Asks) -> Page[Any]:
        seen = [*(cursor_of(self.pages, index) for index in range(len(self.pages))), cursor_of([page], 0)]
        if page.prev_cursor is None or not is_among(page.prev_cursor, seen):
            return page
        asks.repeated(page.prev_cursor)
        return replace(page, prev_cursor=None)


def _listed(pages: list[Page[Any]]) -> list[Any]:
    """The cursors of the pages dropped before these."""
    cursors, earlier = [], earlier_of(pages[0])
    while earlier is not None:
        cursor, earlier = earlier
        cursors.append(cursor)
    return cursors
