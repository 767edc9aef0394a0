"""An *arrangement* says which item atom stands for which position of a list.

A list atom only ever shows a new list. To keep each item atom with "its" item, every new list is
arranged from the last one: by a key where the user gave one, else by finding the items again. Each
store keeps a *ledger* of that for each split list it reads.

What a list has in common with the last one at its beginning and end costs next to nothing, so that inserting or
removing an item does not cost one look at each of the others.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, final
from weakref import WeakKeyDictionary, WeakValueDictionary

from halflife._atoms.split_item import ItemAtom, Place
from halflife._core import common_ends
from halflife._support.equality import identity
from halflife._support.reprs import abbreviated
from halflife._support.typed_key import TypedKey, typed_key

T = TypeVar("T")

#: So far from where it was last an item is looked for before all positions are written down.
_NEAR = 16


@final
class Arrangement(Generic[T]):
    """The values of one list, and the item atoms of them in the same order."""

    __slots__ = ("_is_numbered", "items", "values")

    def __init__(self, values: tuple[T, ...], items: tuple[ItemAtom[T], ...]) -> None:
        self.values = values
        self.items = items
        # Whether each item's place knows its position here.
        self._is_numbered = False

    def position(self, place: Place) -> int | None:
        """Where the item of a place is; None if it is not in the list."""
        items = self.items
        expected = place.position
        if expected < len(items) and items[expected].place is place:
            return expected
        for position in range(max(0, expected - _NEAR), min(len(items), expected + _NEAR + 1)):
            if items[position].place is place:
                place.position = position
                return position
        if not self._is_numbered:
            for position, item in enumerate(items):
                item.place.position = position
            self._is_numbered = True
        position = place.position
        return position if position < len(items) and items[position].place is place else None


@final
class Ledger(Generic[T]):
    """What one store knows of one split list: the last arrangement, and what removed items showed last."""

    __slots__ = ("_arrangement", "_by_key", "_expected", "_key", "_make_item", "_name", "_removed")

    def __init__(
        self,
        name: Callable[[], str],
        key: Callable[[T], Any] | None,
        make_item: Callable[[TypedKey | None], ItemAtom[T]],
    ) -> None:
        self._name = name
        self._key = key
        self._make_item = make_item
        self._arrangement: Arrangement[T] = Arrangement((), ())
        # The list that a write is about to bring about, with its item atoms.
        self._expected: tuple[tuple[T, ...], tuple[ItemAtom[T], ...]] | None = None
        # Removed items that somebody still holds. A batch that is undone brings their values back, and
        # they must then be the same atoms as before.
        self._removed: WeakKeyDictionary[Place, T] = WeakKeyDictionary()
        self._by_key: WeakValueDictionary[TypedKey, ItemAtom[T]] = WeakValueDictionary()

    def expect(self, values: tuple[T, ...], items: tuple[ItemAtom[T], ...]) -> None:
        """Announce that the list is about to become `values`, and which item atoms then stand for them.

        Without this, two equal items could not be told apart after one of them was removed. With a key
        they can: then this only saves asking for the keys of all.
        """
        self._expected = (values, items)

    def key_of(self, value: T) -> TypedKey | None:
        """The key of a value, None without keys."""
        return typed_key(self._key(value), self._name, "key") if self._key is not None else None

    def last_value(self, place: Place) -> tuple[T] | None:
        """What the removed item at `place` showed last, in a tuple; None if it was never in this store."""
        return (self._removed[place],) if place in self._removed else None

    def arrange(self, values: Sequence[T]) -> Arrangement[T]:
        """The arrangement of `values`, keeping the item atoms of all items that can be found again."""
        expected, self._expected = self._expected, None
        # A list that the user changes in place must not change what is known of it.
        copied = tuple(values)
        old = self._arrangement
        if expected is not None and len(expected[0]) == len(copied) == common_ends(expected[0], copied)[0]:
            items = expected[1]
        else:
            start, end = common_ends(old.values, copied)
            middle = slice(start, len(copied) - end)
            find = self._found_by_keys if self._key is not None else self._found_again
            found = tuple(find(copied[middle], slice(start, len(old.values) - end)))
            items = old.items[:start] + found + old.items[len(old.items) - end :]
        self._arrangement = Arrangement(copied, items)
        self._note_removed(old, self._arrangement)
        return self._arrangement

    def _found_by_keys(self, values: Sequence[T], replaced: slice) -> list[ItemAtom[T]]:
        """The items that `values` stand for by their keys, in the place of some items of the last arrangement."""
        assert self._key is not None
        left = {item.place.key for item in self._arrangement.items[replaced]}
        items: list[ItemAtom[T]] = []
        seen: set[TypedKey] = set()
        for key in map(self._key, values):
            typed = typed_key(key, self._name, "key")
            item = self._by_key.get(typed)
            stays = item is not None and typed not in left and self._arrangement.position(item.place) is not None
            if typed in seen or stays:
                raise ValueError(f"{self._name()}: two items of the list have the key {abbreviated(key)}")
            seen.add(typed)
            if item is None:
                item = self._make_item(typed)
                self._by_key[typed] = item
            items.append(item)
        return items

    def _found_again(self, values: Sequence[T], replaced: slice) -> list[ItemAtom[T]]:
        """The items that `values` stand for, in the place of some items of the last arrangement.

        First the same objects and equal scalars in order, then an item whose value was replaced by another at its
        own position, then removed items whose last value has come back. New ones where none was found.
        """
        before, items = self._arrangement.values[replaced], self._arrangement.items[replaced]
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
        """Put removed items back where their last value has come back."""
        if not self._removed or None not in found:
            return
        removed: dict[object, deque[Place]] = {}
        for place, value in self._removed.items():
            removed.setdefault(identity(value), deque()).append(place)
        for position, item in enumerate(found):
            queue = removed.get(identity(values[position])) if item is None else None
            if queue:
                found[position] = queue.popleft().item

    def _note_removed(self, old: Arrangement[T], new: Arrangement[T]) -> None:
        if old.items is new.items:
            return
        start, end = common_ends(old.items, new.items)
        gone, come = slice(start, len(old.items) - end), slice(start, len(new.items) - end)
        places = set()
        for position, item in enumerate(new.items[come], start):
            item.place.position = position
            places.add(item.place)
        for item, value in zip(old.items[gone], old.values[gone], strict=True):
            if item.place not in places:
                self._removed[item.place] = value
        if self._removed:
            for place in places:
                self._removed.pop(place, None)
