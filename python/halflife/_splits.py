"""A *split* shows a list atom as a list of item atoms, each staying with its item wherever it moves."""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, Generic, TypeVar, cast, final

from halflife import _core
from halflife._arrangements import Arrangement, Ledger
from halflife._checks import check_atom, check_callable
from halflife._core import Atom
from halflife._errors import RemovedItemError
from halflife._inner import describe, inner_lazy
from halflife._items import ItemAtom, Place
from halflife._keys import TypedKey
from halflife._memos import remember
from halflife._repr import abbreviated
from halflife._sameness import same
from halflife._types import ActionAtom, Getter, Setter

T = TypeVar("T")


@final
class SplitAtom(Atom[list[ItemAtom[T]]]):
    """The item atoms of a list atom, in order. Made by `split`."""

    __slots__ = ("insert", "move", "remove")

    insert: ActionAtom[..., ItemAtom[T]]
    remove: ActionAtom[[ItemAtom[T]], None]
    move: ActionAtom[..., None]


def split(a: Atom[Sequence[T]], key: Callable[[T], Any] | None = None) -> SplitAtom[T]:
    """Show a list atom as a list of item atoms.

    An item atom stays with its item while the list changes around it. It can be set, which sets the
    list. `items` itself changes only when items come, go or move, not when one of them changes its value.
    The same arguments give the same atom.

    - `store.set(items.insert, value, before=None)` puts a new item before another, or at the end, and
      returns its atom;
    - `store.set(items.remove, item)` takes one out;
    - `store.set(items.move, item, before=None)` moves one before another, or to the end.

    Without `key`, items are found again by being the same object (or an equal scalar), or, if their value
    was replaced, by their position.

    Args:
        a: an atom of a list or tuple; settable, if items are to be set or moved.
        key: ``key(value)`` tells which item a value is, such as its id; hashable and unique in the list.

    Raises:
        TypeError: `a` is not an atom or is async (`split(unwrap(a, []))` works), `key` is not callable; or,
            when read, the value is neither a list nor a tuple, or a key is not hashable.
        ValueError: when read, two items have the same key.
        RemovedItemError: from `set`, when the item is no longer in the list. (Reading it gives its last
            value.)

    Example:
        >>> todos = atom(["buy milk", "call Ada"])
        >>> items = split(todos)
        >>> first, second = store.get(items)
        >>> store.set(items.move, first)
        >>> store.set(first, "buy oat milk")
        >>> store.get(todos)
        ['call Ada', 'buy oat milk']
    """
    check_atom(a, "split", "a")
    if key is not None:
        check_callable(key, "split", "key")
    if a.is_async:
        raise TypeError(f"split: a must hold a list, but {a.name} is async; split(unwrap({a.name}, [])) works")
    return remember(a, ("split", key), lambda: _Splitter(a, key).make())


class _Splitter(Generic[T]):
    """The atoms behind one split, and what its items and actions do.

    Item atoms hold it; it holds no item, so that an item nobody needs any more is freed at once.
    """

    def __init__(self, source: Atom[Sequence[T]], key: Callable[[T], Any] | None) -> None:
        self.source = source
        self.has_keys = key is not None
        self.ledger: Atom[Ledger[T]] = inner_lazy(lambda: Ledger(self.name, key, self.make_item), "ledger of a split")
        self.arrangement: Atom[Arrangement[T]] = _core.make(Atom, "derived", self.arrange)

    def name(self) -> str:
        """What messages call the split."""
        return f"split({self.source.name})"

    def make(self) -> SplitAtom[T]:
        """The atom that `split` returns."""

        def read(get: Getter) -> list[ItemAtom[T]]:
            return list(get(self.arrangement).items)

        describe(read, "split", self.name, prefers_assigned_name=True)
        items = _core.make(SplitAtom, "derived", read, equals=_same_items)
        items.insert = _core.make(ActionAtom, "action", self.insert)
        items.remove = _core.make(ActionAtom, "action", self.remove)
        items.move = _core.make(ActionAtom, "action", self.move)
        return items

    def make_item(self, key: TypedKey | None) -> ItemAtom[T]:
        """A new item atom."""
        place = Place(key, self)

        def item_of_split(get: Getter) -> T:
            return self.read_item(place, get)

        def write(get: Getter, set: Setter, value: T) -> None:
            self.write_item(place, get, set, value)

        item: ItemAtom[T] = _core.make(ItemAtom, "derived", item_of_split, write)
        item.stand_at(place)
        return item

    def arrange(self, get: Getter) -> Arrangement[T]:
        values = get(self.source)
        if not isinstance(values, (list, tuple)):
            raise TypeError(
                f"{self.name()}: {self.source.name} must hold a list or a tuple, got {type(values).__name__}"
            )
        return get(self.ledger).arrange(values)

    def read_item(self, place: Place, get: Getter) -> T:
        arrangement = get(self.arrangement)
        position = arrangement.index.get(place)
        if position is not None:
            return arrangement.values[position]
        last = get(self.ledger).last_value(place)
        if last is None:
            raise RemovedItemError(f"{place} is no item of {self.source.name} in this store")
        return last[0]

    def write_item(self, place: Place, get: Getter, set: Setter, value: T) -> None:
        arrangement = get(self.arrangement)
        position = self.position_of(arrangement, place, "set")
        if same(arrangement.values[position], value):
            return
        values = list(arrangement.values)
        values[position] = value
        same_key = get(self.ledger).key_of(value) == place.key
        self.set_list(get, set, values, arrangement.items if same_key else None)

    def insert(self, get: Getter, set: Setter, value: T, before: ItemAtom[T] | None = None) -> ItemAtom[T]:
        arrangement = get(self.arrangement)
        position = self.position_before(arrangement, before)
        values, items = list(arrangement.values), list(arrangement.items)
        values.insert(position, value)
        if self.has_keys:
            return self.set_list(get, set, values, None).items[position]
        items.insert(position, self.make_item(None))
        return self.set_list(get, set, values, items).items[position]

    def remove(self, get: Getter, set: Setter, item: ItemAtom[T]) -> None:
        arrangement = get(self.arrangement)
        position = self.position_of(arrangement, self.place_of(item, "item"), "removed")
        values, items = list(arrangement.values), list(arrangement.items)
        del values[position], items[position]
        self.set_list(get, set, values, items)

    def move(self, get: Getter, set: Setter, item: ItemAtom[T], before: ItemAtom[T] | None = None) -> None:
        arrangement = get(self.arrangement)
        position = self.position_of(arrangement, self.place_of(item, "item"), "moved")
        target = self.position_before(arrangement, before)
        if target > position:
            target -= 1  # Counted without the item itself.
        if target == position:
            return
        values, items = list(arrangement.values), list(arrangement.items)
        values.insert(target, values.pop(position))
        items.insert(target, items.pop(position))
        self.set_list(get, set, values, items)

    def set_list(
        self, get: Getter, set: Setter, values: list[T], items: Sequence[ItemAtom[T]] | None
    ) -> Arrangement[T]:
        """Set the list and arrange it at once: if that fails (two equal keys), the whole write is undone.

        `items` are the item atoms that will stand for `values`; None if the keys have to be asked.
        """
        new = tuple(values) if isinstance(get(self.source), tuple) else values
        if items is not None:
            get(self.ledger).expect(new, items)
        set(cast(Any, self.source), new)
        return get(self.arrangement)

    def place_of(self, item: object, argument: str) -> Place:
        if not isinstance(item, ItemAtom) or item.place.owner is not self:
            raise TypeError(f"{self.name()}: {argument} must be one of its item atoms, got {abbreviated(item)}")
        return item.place

    def position_of(self, arrangement: Arrangement[T], place: Place, wanted: str) -> int:
        position = arrangement.index.get(place)
        if position is None:
            raise RemovedItemError(f"{place} cannot be {wanted}: the item is no longer in {self.source.name}")
        return position

    def position_before(self, arrangement: Arrangement[T], before: ItemAtom[T] | None) -> int:
        if before is None:
            return len(arrangement.items)
        return self.position_of(arrangement, self.place_of(before, "before"), "used as before")


def _same_items(one: list[ItemAtom[Any]], other: list[ItemAtom[Any]]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
