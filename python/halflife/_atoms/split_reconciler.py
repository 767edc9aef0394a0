"""A *reconciler* assigns item atoms to the values of a list, so that each item atom stays with its item.

A list atom only ever gives a new list. The reconciler compares each new list with the one before: it matches items by
key if the user gave a key function, and by value and position otherwise. Each store has one reconciler per split.

The common start and end of the two lists are skipped natively, so inserting or removing one item does not look at
all the others.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, final
from weakref import WeakKeyDictionary, WeakValueDictionary

from halflife._atoms.split_item import ItemAtom, ItemId
from halflife._core import common_ends
from halflife._support.equality import identity
from halflife._support.reprs import abbreviated
from halflife._support.typed_key import TypedKey, typed_key

T = TypeVar("T")

#: An item is searched this far from its last position before the positions of all items are recorded.
_NEAR = 16


@final
class KeyedItems(Generic[T]):
    """The values of one list, and their item atoms in the same order."""

    __slots__ = ("_is_numbered", "items", "values")

    def __init__(self, values: tuple[T, ...], items: tuple[ItemAtom[T], ...]) -> None:
        self.values = values
        self.items = items
        # Whether the id of each item has its position in this list.
        self._is_numbered = False

    def position(self, item_id: ItemId) -> int | None:
        """The position of an item; None if it is not in the list."""
        items = self.items
        expected = item_id.position
        if expected < len(items) and items[expected].item_id is item_id:
            return expected
        for position in range(max(0, expected - _NEAR), min(len(items), expected + _NEAR + 1)):
            if items[position].item_id is item_id:
                item_id.position = position
                return position
        if not self._is_numbered:
            for position, item in enumerate(items):
                item.item_id.position = position
            self._is_numbered = True
        position = item_id.position
        return position if position < len(items) and items[position].item_id is item_id else None


@final
class ItemReconciler(Generic[T]):
    """The state of one split in one store: the items of the last list, and the last values of removed items."""

    __slots__ = ("_by_key", "_expected", "_key", "_known", "_make_item", "_name", "_removed")

    def __init__(
        self,
        name: Callable[[], str],
        key: Callable[[T], Any] | None,
        make_item: Callable[[TypedKey | None], ItemAtom[T]],
    ) -> None:
        self._name = name
        self._key = key
        self._make_item = make_item
        self._known: KeyedItems[T] = KeyedItems((), ())
        # The list that a write is about to set, with its item atoms.
        self._expected: tuple[tuple[T, ...], tuple[ItemAtom[T], ...]] | None = None
        # Removed items whose atoms are still held. If a batch is rolled back, their values come back, and the
        # values must get the same atoms again.
        self._removed: WeakKeyDictionary[ItemId, T] = WeakKeyDictionary()
        self._by_key: WeakValueDictionary[TypedKey, ItemAtom[T]] = WeakValueDictionary()

    def expect(self, values: tuple[T, ...], items: tuple[ItemAtom[T], ...]) -> None:
        """Announce the next list and its item atoms.

        Without keys, two equal items could not be told apart after one of them was removed. With keys this only
        saves computing the keys of all items.
        """
        self._expected = (values, items)

    def key_of(self, value: T) -> TypedKey | None:
        """The key of a value, None without keys."""
        return typed_key(self._key(value), self._name, "key") if self._key is not None else None

    def last_value(self, item_id: ItemId) -> tuple[T] | None:
        """The last value of a removed item, in a tuple; None if the item was never in this store."""
        return (self._removed[item_id],) if item_id in self._removed else None

    def reconcile(self, values: Sequence[T]) -> KeyedItems[T]:
        """The items of a new list. Values that match an item of the last list keep its atom."""
        expected, self._expected = self._expected, None
        # Copied, because the user may change the list in place later.
        copied = tuple(values)
        old = self._known
        if expected is not None and len(expected[0]) == len(copied) == common_ends(expected[0], copied)[0]:
            items = expected[1]
        else:
            start, end = common_ends(old.values, copied)
            middle = slice(start, len(copied) - end)
            find = self._found_by_keys if self._key is not None else self._found_again
            found = tuple(find(copied[middle], slice(start, len(old.values) - end)))
            items = old.items[:start] + found + old.items[len(old.items) - end :]
        self._known = KeyedItems(copied, items)
        self._note_removed(old, self._known)
        return self._known

    def _found_by_keys(self, values: Sequence[T], replaced: slice) -> list[ItemAtom[T]]:
        """The items for `values` by their keys; `values` replace a range of the last list."""
        assert self._key is not None
        left = {item.item_id.key for item in self._known.items[replaced]}
        items: list[ItemAtom[T]] = []
        seen: set[TypedKey] = set()
        for key in map(self._key, values):
            typed = typed_key(key, self._name, "key")
            item = self._by_key.get(typed)
            stays = item is not None and typed not in left and self._known.position(item.item_id) is not None
            if typed in seen or stays:
                raise ValueError(f"{self._name()}: two items of the list have the key {abbreviated(key)}")
            seen.add(typed)
            if item is None:
                item = self._make_item(typed)
                self._by_key[typed] = item
            items.append(item)
        return items

    def _found_again(self, values: Sequence[T], replaced: slice) -> list[ItemAtom[T]]:
        """The items for `values` without keys; `values` replace a range of the last list.

        Matched first are the same objects and equal scalars, in order; then items whose value was replaced at the
        same position; then removed items whose last value has come back. Other values get new items.
        """
        before, items = self._known.values[replaced], self._known.items[replaced]
        found: list[ItemAtom[T] | None] = [None] * len(values)
        waiting: dict[object, deque[int]] = {}
        for position, value in enumerate(before):
            waiting.setdefault(identity(value), deque()).append(position)
        for position, value in enumerate(values):
            queue = waiting.get(identity(value))
            if queue:
                found[position] = items[queue.popleft()]
        left = {position for queue in waiting.values() for position in queue}
        for position, item in enumerate(found):
            if item is None and position in left:
                found[position] = items[position]
        self._revive(values, found)
        return [item if item is not None else self._make_item(None) for item in found]

    def _revive(self, values: Sequence[T], found: list[ItemAtom[T] | None]) -> None:
        """Reuse removed items whose last value has come back."""
        if not self._removed or None not in found:
            return
        removed: dict[object, deque[ItemId]] = {}
        for item_id, value in self._removed.items():
            removed.setdefault(identity(value), deque()).append(item_id)
        for position, item in enumerate(found):
            queue = removed.get(identity(values[position])) if item is None else None
            if queue:
                found[position] = queue.popleft().item

    def _note_removed(self, old: KeyedItems[T], new: KeyedItems[T]) -> None:
        if old.items is new.items:
            return
        start, end = common_ends(old.items, new.items)
        gone, come = slice(start, len(old.items) - end), slice(start, len(new.items) - end)
        ids = set()
        for position, item in enumerate(new.items[come], start):
            item.item_id.position = position
            ids.add(item.item_id)
        for item, value in zip(old.items[gone], old.values[gone], strict=True):
            if item.item_id not in ids:
                self._removed[item.item_id] = value
        if self._removed:
            for item_id in ids:
                self._removed.pop(item_id, None)
