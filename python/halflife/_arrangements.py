"""An *arrangement* says which item atom stands for which position of a list.

A list atom only ever shows a new list. To keep each item atom with "its" item, every new list is
arranged from the last one: by a key where the user gave one, else by finding the items again. Each
store keeps a *ledger* of that for each split list it reads.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, final
from weakref import WeakKeyDictionary, WeakValueDictionary

from halflife._items import ItemAtom, Place
from halflife._keys import TypedKey, typed_key
from halflife._repr import abbreviated
from halflife._sameness import identity, same

T = TypeVar("T")


@final
class Arrangement(Generic[T]):
    """The values of one list, the item atoms of them in the same order, and the position of each place."""

    __slots__ = ("index", "items", "values")

    def __init__(
        self, values: Sequence[T], items: Sequence[ItemAtom[T]], index: dict[Place, int] | None = None
    ) -> None:
        self.values = values
        self.items = items
        self.index = {item.place: position for position, item in enumerate(items)} if index is None else index


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
        # The list an action is about to set, with its item atoms.
        self._expected: tuple[Sequence[T], Sequence[ItemAtom[T]]] | None = None
        # Removed items that somebody still holds. A batch that is undone brings their values back, and
        # they must then be the same atoms as before.
        self._removed: WeakKeyDictionary[Place, T] = WeakKeyDictionary()
        self._by_key: WeakValueDictionary[TypedKey, ItemAtom[T]] = WeakValueDictionary()

    def expect(self, values: Sequence[T], items: Sequence[ItemAtom[T]]) -> None:
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
        if expected is not None and expected[0] is values:
            items = expected[1]
        elif self._key is not None:
            items = self._by_keys([self._key(value) for value in copied])
        else:
            items = self._completed(self._found_again(copied))
        if items is old.items:
            self._arrangement = Arrangement(copied, items, old.index)
        else:
            self._arrangement = Arrangement(copied, items)
            self._remember_removed(old, self._arrangement)
        return self._arrangement

    def _by_keys(self, keys: list[Any]) -> list[ItemAtom[T]]:
        items: list[ItemAtom[T]] = []
        seen: set[TypedKey] = set()
        for key in keys:
            typed = typed_key(key, self._name, "key")
            if typed in seen:
                raise ValueError(f"{self._name()}: two items of the list have the key {abbreviated(key)}")
            seen.add(typed)
            item = self._by_key.get(typed)
            if item is None:
                item = self._make_item(typed)
                self._by_key[typed] = item
            items.append(item)
        return items

    def _completed(self, found: list[ItemAtom[T] | None]) -> list[ItemAtom[T]]:
        """The item atoms found, and new ones where none was."""
        return [item if item is not None else self._make_item(None) for item in found]

    def _found_again(self, values: Sequence[T]) -> list[ItemAtom[T] | None]:
        """Where the items of the last arrangement, and then removed ones, are in `values`.

        First the common beginning and end, then the same objects and equal scalars elsewhere in order, then
        an item whose value was replaced by another at its own position.
        """
        old = self._arrangement
        found: list[ItemAtom[T] | None] = [None] * len(values)
        shorter = min(len(values), len(old.values))
        start = 0
        while start < shorter and same(old.values[start], values[start]):
            found[start] = old.items[start]
            start += 1
        end = 0
        while end < shorter - start and same(old.values[-1 - end], values[-1 - end]):
            found[-1 - end] = old.items[-1 - end]
            end += 1
        waiting: dict[object, deque[int]] = {}
        for position in range(start, len(old.values) - end):
            waiting.setdefault(identity(old.values[position]), deque()).append(position)
        open_positions = range(start, len(values) - end)
        for position in open_positions:
            queue = waiting.get(identity(values[position]))
            if queue:
                found[position] = old.items[queue.popleft()]
        left = {position for queue in waiting.values() for position in queue}
        for position in open_positions:
            if found[position] is None and position in left:
                found[position] = old.items[position]
        self._revive(values, found)
        return found

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

    def _remember_removed(self, old: Arrangement[T], new: Arrangement[T]) -> None:
        for item, value in zip(old.items, old.values, strict=True):
            if item.place not in new.index:
                self._removed[item.place] = value
        if self._removed:
            for place in new.index:
                self._removed.pop(place, None)
