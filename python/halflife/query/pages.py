"""A *page* is one answer of a server that gives a list in parts: items, and the cursors of the pages around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeAlias, TypeVar, final

from halflife._support.reprs import abbreviated
from halflife._support.unset import UNSET
from halflife.query.retries import WrongAnswerError

T = TypeVar("T")

#: The cursors of pages before the first kept one, the nearest first, as linked pairs; None at the end.
Earlier: TypeAlias = "tuple[Any, Earlier] | None"


@final
class Answer:
    """How a page was fetched. It stays with the page when the items are edited."""

    __slots__ = ("cursor", "earlier", "items", "number")

    def __init__(self, cursor: object, items: Sequence[Any], number: int, earlier: Earlier = None) -> None:
        #: What the page was asked for with.
        self.cursor = cursor
        #: The items as the server gave them.
        self.items = items
        #: A page with a higher number was answered later. Of two with the same one, the page behind was.
        self.number = number
        #: The cursors of the pages before this one that `max_pages` has dropped.
        self.earlier = earlier

    def __repr__(self) -> str:
        return f"<Answer at {abbreviated(self.cursor)}>"


@final
@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list that a server gives in parts.

    Args:
        items: The items, a list.
        next_cursor: What the next page is asked for with; None at the end. 0 and "" are cursors.
        prev_cursor: The same for the page before; None at the beginning, or if the server only goes forward.
        total: How many items there are on all pages, if the server tells.

    Example:
        >>> async def fetch_posts(cursor, ctx):
        ...     answer = await api.get("/posts", after=cursor)
        ...     return Page(answer["posts"], answer["next"], total=answer["count"])
        >>> feed = client.infinite(("posts",), fetch_posts)
    """

    items: list[T]
    next_cursor: Any
    prev_cursor: Any = None
    total: int | None = None
    _answer: Answer | None = field(default=None, kw_only=True, repr=False, compare=False)


def as_page(answer: Any, function: str, where: str) -> Page[Any]:
    """The page that a fetch has answered: a `Page`, a mapping with its fields, or a pair (items, next_cursor).

    Args:
        answer: What the user's function returned.
        function: The function that the user has called.
        where: The key and the cursor, for messages.

    Raises:
        WrongAnswerError: It is none of these, or a field is of the wrong type.
    """
    if isinstance(answer, Page):
        page: Page[Any] = answer
    elif isinstance(answer, Mapping):
        missing = [repr(name) for name in ("items", "next_cursor") if name not in answer]
        if missing:
            raise WrongAnswerError(
                f"{function}: the page of {where} has no {' and no '.join(missing)}; return"
                ' {"items": …, "next_cursor": …}, with the next_cursor None at the end, or a Page'
            )
        page = Page(answer["items"], answer["next_cursor"], answer.get("prev_cursor"), answer.get("total"))
    elif isinstance(answer, tuple) and len(answer) == 2:
        page = Page(*answer)
    else:
        close = getattr(answer, "close", None)
        if callable(close) and hasattr(answer, "send"):
            close()  # A coroutine or generator, which would warn that it was never awaited.
        raise WrongAnswerError(
            f"{function}: the fetch of {where} returned {_described(answer)}; return a Page, a mapping with"
            ' "items" and "next_cursor", or a pair (items, next_cursor)'
        )
    items: object = page.items
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes, bytearray)):
        raise WrongAnswerError(
            f"{function}: the items of the page of {where} must be a list, got {_described(page.items)}"
        )
    if page.total is not None and (isinstance(page.total, bool) or not isinstance(page.total, int)):
        raise WrongAnswerError(
            f"{function}: the total of the page of {where} must be an int or None, got {_described(page.total)}"
        )
    return page


def as_pages(data: Any, function: str, where: str) -> list[Page[Any]]:
    """The pages in the data of a feed; none if there is no data.

    Raises:
        WrongAnswerError: The data, such as set by hand, is no list of pages.
    """
    if data is None:
        return []
    if not isinstance(data, (list, tuple)):
        raise WrongAnswerError(f"{function}: the data of {where} must be a list of Page, got {_described(data)}")
    if set(map(type, data)) <= {Page}:
        return list(data)
    return [as_page(page, function, f"{where}, number {number}") for number, page in enumerate(data, 1)]


def _described(value: object) -> str:
    return f"{type(value).__name__}: {abbreviated(value, 60)}"


# --- the cursors of a list of pages


def cursor_of(pages: Sequence[Page[Any]], index: int) -> Any:
    """What the page was asked for with; for a page made by hand, what it would be asked for with."""
    answer = pages[index]._answer
    if answer is not None:
        return answer.cursor
    return pages[index - 1].next_cursor if index > 0 else None


def number_of(page: Page[Any]) -> int:
    """The number of the page's answer."""
    return page._answer.number if page._answer is not None else 0


def earlier_of(page: Page[Any]) -> Earlier:
    """The cursors of the pages dropped before this one."""
    return page._answer.earlier if page._answer is not None else None


def previous_cursor(pages: Sequence[Page[Any]]) -> Any:
    """What the page before the first is asked for with; `UNSET` if there is none."""
    if not pages:
        return UNSET
    if pages[0].prev_cursor is not None:
        return pages[0].prev_cursor
    # A server that only goes forward: the page that was dropped is asked for as it was before.
    earlier = earlier_of(pages[0])
    return earlier[0] if earlier is not None else UNSET


def next_cursor(pages: Sequence[Page[Any]]) -> Any:
    """What the page after the last is asked for with; `UNSET` if there is none."""
    return UNSET if not pages or pages[-1].next_cursor is None else pages[-1].next_cursor


def is_among(cursor: Any, cursors: list[Any]) -> bool:
    """Whether a cursor is one of these; `1`, `True` and `1.0` are different cursors."""
    return cursor in cursors and any(type(one) is type(cursor) and one == cursor for one in cursors)


def without_first(pages: list[Page[Any]], count: int) -> list[Page[Any]]:
    """The pages without the first ones, which can be loaded again."""
    if count <= 0:
        return pages
    earlier = earlier_of(pages[0])
    for index in range(count):
        earlier = (cursor_of(pages, index), earlier)
    first = pages[count]
    answer = Answer(
        cursor_of(pages, count),
        first._answer.items if first._answer is not None else first.items,
        number_of(first),
        earlier,
    )
    return [replace(first, _answer=answer), *pages[count + 1 :]]
