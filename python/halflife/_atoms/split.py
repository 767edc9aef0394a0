"""A *split* shows a list atom as a list of item atoms, each staying with its item wherever it moves."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast, final

from halflife import _core
from halflife._atoms.split_item import ItemAtom, LayeredItemAtom, Place
from halflife._atoms.split_keys import Arrangement, Ledger
from halflife._atoms.split_rows import (
    Gap,
    Row,
    appending_row,
    editing_row,
    inserting_row,
    moving_row,
    putting_row,
    removing_row,
)
from halflife._core import Atom, common_ends
from halflife._errors import RemovedItemError
from halflife._optimistic.layer_target import check_recipe
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.saga_plan import SagaSteps
from halflife._optimistic.saga_task import SagaHandle
from halflife._support.checks import check_atom, check_callable
from halflife._support.equality import same
from halflife._support.internal_atoms import describe, inner_lazy
from halflife._support.memoize import remember
from halflife._support.reprs import abbreviated
from halflife._support.typed_key import TypedKey
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
        check_callable(key, "split", "key", "the item")
    if a.is_async:
        raise TypeError(f"split: a must hold a list, but {a.name} is async; split(unwrap({a.name}, [])) works")
    return remember(a, ("split", key), lambda: Splitter(a, key).make())


class Splitter(Generic[T]):
    """The atoms behind one split, and what its items and actions do.

    Item atoms hold it; it holds no item, so that an item nobody needs any more is freed at once.
    """

    def __init__(self, source: Atom[Sequence[T]], key: Callable[[T], Any] | None) -> None:
        self.source = source
        #: The same, if it is edited by recipes.
        self.layered = source if isinstance(source, LayeredAtom) else None
        self.has_keys = key is not None
        # What these two remember are items, which hold this.
        self.ledger: Atom[Ledger[T]] = inner_lazy(
            lambda: Ledger(self.name, key, self.make_item), "ledger of a split", holds_value=True
        )
        self.arrangement: Atom[Arrangement[T]] = _core.make(Atom, "derived", self.arrange, holds_value=True)

    def name(self) -> str:
        """What messages call the split."""
        return f"split({self.source.name})"

    def make(self) -> SplitAtom[T]:
        """The atom that `split` returns."""

        def read(get: Getter) -> list[ItemAtom[T]]:
            return list(get(self.arrangement).items)

        describe(read, "split", "split({})".format, self.source, prefers_assigned_name=True)
        items = _core.make(SplitAtom, "derived", read, equals=_same_items, views=self.source, holds_value=True)
        items.insert = _core.make(ActionAtom, "action", self.insert)
        items.remove = _core.make(ActionAtom, "action", self.remove)
        items.move = _core.make(ActionAtom, "action", self.move)
        return items

    def make_item(self, key: TypedKey | None) -> ItemAtom[T]:
        """A new item atom."""
        place = Place(key, self)

        def item_of_split(get: Getter) -> T:
            return self.read_item(place, get)

        def write(get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
            return self.write_item(place, get, set, value, is_recipe=is_recipe)

        item: ItemAtom[T]
        if self.layered is None:
            item = _core.make(ItemAtom, "derived", item_of_split, write, views=self.source)
        else:
            item = layered = _core.make(
                LayeredItemAtom, "derived", item_of_split, write, recipes=True, views=self.source
            )
            layered._root = self.layered
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
        position = arrangement.position(place)
        if position is not None:
            return arrangement.values[position]
        last = get(self.ledger).last_value(place)
        if last is None:
            raise RemovedItemError(f"{place} is no item of {self.source.name} in this store")
        return last[0]

    def write_item(self, place: Place, get: Getter, set: Setter, value: Any, *, is_recipe: bool) -> Any:
        if self.layered is not None:
            return self.write_row(place, get, set, value, is_recipe=is_recipe)
        arrangement = get(self.arrangement)
        position = self.position_of(arrangement, place, "set")
        if same(arrangement.values[position], value):
            return None
        self.set_list(get, set, _with(arrangement.values, position, value), self.items_with(get, place, value))
        return None

    def write_row(
        self, place: Place, get: Getter, set: Setter, value: Any, *, is_recipe: bool
    ) -> SagaHandle[Any] | None:
        """Edit one row of a layered atom's list, and no other."""
        row = self.row(place, get, "set")
        if is_recipe:
            check_recipe(value, "update", "recipe")
            self.edit_list(get, set, editing_row(row, value), (), None)
            return None
        steps = SagaSteps.of_tuple(value)
        item = place.item
        if steps is not None and item is not None:
            return steps.start(set.store, cast("LayeredItemAtom[T]", item))
        values = _with(get(self.arrangement).values, place.position, value)
        self.edit_list(get, set, putting_row(row, value), values, self.items_with(get, place, value))
        return None

    def items_with(self, get: Getter, place: Place, value: T) -> tuple[ItemAtom[T], ...] | None:
        """The items when one of them has another value; None if it has another key with it."""
        return get(self.arrangement).items if get(self.ledger).key_of(value) == place.key else None

    def row(self, place: Place, get: Callable[[Atom[Any]], Any], wanted: str) -> Row[T]:
        """How recipes find the row of an item."""
        arrangement = get(self.arrangement)
        position = self.position_of(arrangement, place, wanted)
        return Row(f"{place} of {self.source.name}", place.key, get(self.ledger).key_of, arrangement, position)

    def insert(self, get: Getter, set: Setter, value: T, before: ItemAtom[T] | None = None) -> ItemAtom[T]:
        arrangement = get(self.arrangement)
        position = self.position_before(arrangement, before)
        values = _inserted(arrangement.values, position, value)
        items = None if self.has_keys else _inserted(arrangement.items, position, self.make_item(None))
        if self.layered is None:
            return self.set_list(get, set, values, items).items[position]
        gap = Gap(get(self.ledger).key_of, arrangement, position)
        recipe = appending_row(value) if before is None else inserting_row(gap, value)
        return self.edit_list(get, set, recipe, values, items).items[position]

    def remove(self, get: Getter, set: Setter, item: ItemAtom[T]) -> None:
        arrangement = get(self.arrangement)
        place = self.place_of(item, "item")
        position = self.position_of(arrangement, place, "removed")
        values, items = _removed(arrangement.values, position), _removed(arrangement.items, position)
        if self.layered is None:
            self.set_list(get, set, values, items)
        else:
            recipe = removing_row(self.row(place, get, "removed"))
            self.edit_list(get, set, recipe, values, items)

    def move(self, get: Getter, set: Setter, item: ItemAtom[T], before: ItemAtom[T] | None = None) -> None:
        arrangement = get(self.arrangement)
        place = self.place_of(item, "item")
        position = self.position_of(arrangement, place, "moved")
        gap = target = self.position_before(arrangement, before)
        if target > position:
            target -= 1  # Counted without the item itself.
        if target == position:
            return
        values = _inserted(_removed(arrangement.values, position), target, arrangement.values[position])
        items = _inserted(_removed(arrangement.items, position), target, arrangement.items[position])
        if self.layered is None:
            self.set_list(get, set, values, items)
        else:
            target_gap = Gap(get(self.ledger).key_of, arrangement, gap, moved=position)
            recipe = moving_row(self.row(place, get, "moved"), target_gap)
            self.edit_list(get, set, recipe, values, items)

    def edit_list(
        self,
        get: Getter,
        set: Setter,
        recipe: Callable[[Any], Any],
        values: tuple[T, ...],
        items: tuple[ItemAtom[T], ...] | None,
    ) -> Arrangement[T]:
        """Edit the list of a layered atom, and arrange it at once: if that fails, the whole write is undone.

        `values` and `items` are what the list will most likely be then; None for items if the keys have to be asked.
        """
        assert self.layered is not None
        if items is not None:
            get(self.ledger).expect(values, items)
        set.store.update(self.layered, recipe)
        return get(self.arrangement)

    def set_list(
        self, get: Getter, set: Setter, values: tuple[T, ...], items: tuple[ItemAtom[T], ...] | None
    ) -> Arrangement[T]:
        """Set the list and arrange it at once: if that fails (two equal keys), the whole write is undone.

        `items` are the item atoms that will stand for `values`; None if the keys have to be asked.
        """
        if items is not None:
            get(self.ledger).expect(values, items)
        set(cast(Any, self.source), values if isinstance(get(self.source), tuple) else list(values))
        return get(self.arrangement)

    def place_of(self, item: object, argument: str) -> Place:
        if not isinstance(item, ItemAtom) or item.place.owner is not self:
            raise TypeError(f"{self.name()}: {argument} must be one of its item atoms, got {abbreviated(item)}")
        return item.place

    def position_of(self, arrangement: Arrangement[T], place: Place, wanted: str) -> int:
        position = arrangement.position(place)
        if position is None:
            raise RemovedItemError(f"{place} cannot be {wanted}: the item is no longer in {self.source.name}")
        return position

    def position_before(self, arrangement: Arrangement[T], before: ItemAtom[T] | None) -> int:
        if before is None:
            return len(arrangement.items)
        return self.position_of(arrangement, self.place_of(before, "before"), "used as before")


def _same_items(one: list[ItemAtom[Any]], other: list[ItemAtom[Any]]) -> bool:
    return len(one) == len(other) == common_ends(tuple(one), tuple(other))[0]


def _with(values: tuple[T, ...], position: int, value: T) -> tuple[T, ...]:
    return values[:position] + (value,) + values[position + 1 :]  # noqa: RUF005 - much faster for long ones


def _inserted(values: tuple[T, ...], position: int, value: T) -> tuple[T, ...]:
    return values[:position] + (value,) + values[position:]  # noqa: RUF005


def _removed(values: tuple[T, ...], position: int) -> tuple[T, ...]:
    return values[:position] + values[position + 1 :]
