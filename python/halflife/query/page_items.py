"""The *page items* are the items of all pages in one list, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from halflife._support.reprs import abbreviated
from halflife.query.pages import Page, number_of

#: Gives what tells two items apart.
ItemKey: TypeAlias = Callable[[Any], Any]


def items_of(pages: Sequence[Page[Any]], item_key: ItemKey | None) -> list[Any]:
    """The items of all pages.

    With `item_key`, an item that several pages hold is in the list once: at its first place, as the later answer has
    it. A copy that was edited since its page was answered takes precedence over those that were not.

    Raises:
        TypeError: `item_key` returned something unhashable.
    """
    if item_key is None:
        return [item for page in pages for item in page.items]
    copies: dict[Any, _Copy] = {}
    for page in pages:
        for item in page.items:
            key, copy = key_of(item, item_key), _Copy(item, page)
            before = copies.get(key)
            if before is None or copy.takes_precedence(before):
                copies[key] = copy  # A key that is there stays at its place.
    return [copy.item for copy in copies.values()]


class _Copy(NamedTuple):
    """An item on one page."""

    item: Any
    page: Page[Any]

    def takes_precedence(self, before: _Copy) -> bool:
        """Whether this one, on the same page or one behind, is shown and not the other."""
        if self.is_edited is not before.is_edited:
            return self.is_edited
        return number_of(self.page) >= number_of(before.page)

    @property
    def is_edited(self) -> bool:
        """Whether the item has changed since the page was answered."""
        answer = self.page._answer
        if answer is None or self.page.items is answer.items:
            return False
        return not any(_is_same(one, self.item) for one in answer.items)


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
