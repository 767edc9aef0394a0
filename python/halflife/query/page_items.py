"""The *page items* are the items of all pages in one list, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, TypeAlias, final

from halflife._support.reprs import abbreviated
from halflife.query.pages import Page, number_of

#: Gives what tells two items apart.
ItemKey: TypeAlias = Callable[[Any], Any]


@final
class PageItems:
    """The items of the pages of a feed, in one list.

    With `item_key`, an item that several pages hold is in the list once: at its first place, as the later answer has
    it. A copy that was edited since its page was answered takes precedence over those that were not.

    Pages that follow those of the last time cost what they hold themselves, so that a long list is not gone through
    again with each page.
    """

    def __init__(self, item_key: ItemKey | None) -> None:
        self._item_key = item_key
        self._pages: Sequence[Page[Any]] = ()
        self._items: list[Any] = []
        # The place of each item in the list, and the page that it is from.
        self._places: dict[Any, tuple[int, Page[Any]]] = {}

    def of(self, pages: Sequence[Page[Any]]) -> list[Any]:
        """The items of these pages, in a list that does not change any more.

        Raises:
            TypeError: `item_key` returned something unhashable.
            Exception: The error of `item_key`.
        """
        before = self._pages
        if len(pages) < len(before) or not all(map(is_, before, pages)):
            before, self._items, self._places = (), [], {}
        self._pages = ()  # If `item_key` fails, the next time begins anew.
        self._items = list(self._items)
        for page in pages[len(before) :]:
            self._add(page)
        self._pages = pages
        return self._items

    def _add(self, page: Page[Any]) -> None:
        items, item_key = self._items, self._item_key
        if item_key is None:
            items.extend(page.items)
            return
        for item in page.items:
            key = key_of(item, item_key)
            place, before = self._places.setdefault(key, (len(items), page))
            if place == len(items):
                items.append(item)
            elif _takes_precedence(item, page, items[place], before):
                items[place] = item
                self._places[key] = (place, page)


def _takes_precedence(item: Any, page: Page[Any], other: Any, before: Page[Any]) -> bool:
    """Whether an item is shown and not its copy on the same page or one before."""
    is_edited = _is_edited(item, page)
    if is_edited is not _is_edited(other, before):
        return is_edited
    return number_of(page) >= number_of(before)


def _is_edited(item: Any, page: Page[Any]) -> bool:
    """Whether the item has changed since its page was answered."""
    answer = page._answer
    if answer is None or page.items is answer.items:
        return False
    return not any(_is_same(one, item) for one in answer.items)


def key_of(item: Any, item_key: ItemKey) -> Any:
    """The key of an item.

    Raises:
        TypeError: It is unhashable.
    """
    key = item_key(item)
    try:
        hash(key)
    except TypeError:
        raise TypeError(
            f"infinite: item_key must return something hashable, such as an id; for {abbreviated(item, 60)} it"
            f" returned {type(key).__name__}: {abbreviated(key, 60)}"
        ) from None
    return key


def _is_same(one: Any, other: Any) -> bool:
    # Equal objects take the place of identical ones when equal parts of two answers are shared.
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:
        return False
