"""A *split* shows a list atom as a list of item atoms, each staying with its item wherever it moves."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast, final

from halflife import _core
from halflife._atoms.split_item import ItemAtom, ItemId, LayeredItemAtom
from halflife._atoms.split_reconciler import ItemReconciler, KeyedItems
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
from halflife._core import Atom, common_ends, same
from halflife._errors import RemovedItemError
from halflife._optimistic.layer_target import check_recipe
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.saga_handle import SagaHandle
from halflife._optimistic.saga_plan import SagaPlan
from halflife._support.checks import check_atom, check_callable
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
    list. `items` itself changes only when items are added, removed or moved, not when the value of an item changes.
    The same arguments give the same atom.

    - `store.set(items.insert, value, before=None)` puts a new item before another, or at the end, and
      returns its atom;
    - `store.set(items.remove, item)` removes an item;
    - `store.set(items.move, item, before=None)` moves an item before another, or to the end.

    Without `key`, an item is the same if its value is the same object or an equal scalar, or, if its value was
    replaced, if it is at the same position.

    Args:
        a: an atom of a list or tuple; settable, if items are to be set or moved.
        key: ``key(value)`` identifies an item, such as its id; hashable and unique in the list.

    Raises:
        TypeError: `a` is not an atom or is async (`split(unwrap(a, []))` works), `key` is not callable; or,
            on a read, the value is neither a list nor a tuple, or a key is not hashable.
        ValueError: on a read, two items have the same key.
        RemovedItemError: from `set`, if the item is no longer in the list. (Reading it gives its last
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
    """The hidden atoms of one split, and the functions of its items and actions.

    Item atoms hold the splitter. The splitter holds no item atom, so an item atom that nobody needs is freed at once.
    """

    def __init__(self, source: Atom[Sequence[T]], key: Callable[[T], Any] | None) -> None:
        self.source = source
        #: The source, if it is edited by recipes.
        self.layered = source if isinstance(source, LayeredAtom) else None
        self.has_keys = key is not None
        # The values of these two atoms hold items, and those hold this splitter: `holds_value` says so.
        self.reconciler: Atom[ItemReconciler[T]] = inner_lazy(
            lambda: ItemReconciler(self.name, key, self.make_item), "reconciler of a split", holds_value=True
        )
        self.keyed_items: Atom[KeyedItems[T]] = _core.make(Atom, "derived", self.reconcile, holds_value=True)

    def name(self) -> str:
        """The split's name in messages."""
        return f"split({self.source.name})"

    def make(self) -> SplitAtom[T]:
        """Make the atom that `split` returns."""

        def read(get: Getter) -> list[ItemAtom[T]]:
            return list(get(self.keyed_items).items)

        describe(read, "split", "split({})".format, self.source, prefers_assigned_name=True)
        items = _core.make(SplitAtom, "derived", read, equals=_same_items, views=self.source, holds_value=True)
        items.insert = _core.make(ActionAtom, "action", self.insert)
        items.remove = _core.make(ActionAtom, "action", self.remove)
        items.move = _core.make(ActionAtom, "action", self.move)
        return items

    def make_item(self, key: TypedKey | None) -> ItemAtom[T]:
        """Make an item atom."""
        item_id = ItemId(key, self)

        def item_of_split(get: Getter) -> T:
            return self.read_item(item_id, get)

        def write(get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
            return self.write_item(item_id, get, set, value, is_recipe=is_recipe)

        item: ItemAtom[T]
        if self.layered is None:
            item = _core.make(ItemAtom, "derived", item_of_split, write, views=self.source)
        else:
            item = layered = _core.make(
                LayeredItemAtom, "derived", item_of_split, write, recipes=True, views=self.source
            )
            layered._root = self.layered
        item.identify_by(item_id)
        return item

    def reconcile(self, get: Getter) -> KeyedItems[T]:
        values = get(self.source)
        if not isinstance(values, (list, tuple)):
            raise TypeError(
                f"{self.name()}: {self.source.name} must hold a list or a tuple, got {type(values).__name__}"
            )
        return get(self.reconciler).reconcile(values)

    def read_item(self, item_id: ItemId, get: Getter) -> T:
        keyed = get(self.keyed_items)
        position = keyed.position(item_id)
        if position is not None:
            return keyed.values[position]
        last = get(self.reconciler).last_value(item_id)
        if last is None:
            raise RemovedItemError(f"{item_id} is no item of {self.source.name} in this store")
        return last[0]

    def write_item(self, item_id: ItemId, get: Getter, set: Setter, value: Any, *, is_recipe: bool) -> Any:
        if self.layered is not None:
            return self.write_row(item_id, get, set, value, is_recipe=is_recipe)
        keyed = get(self.keyed_items)
        position = self.position_of(keyed, item_id, "set")
        if same(keyed.values[position], value):
            return None
        self.set_list(get, set, _with(keyed.values, position, value), self.items_with(get, item_id, value))
        return None

    def write_row(
        self, item_id: ItemId, get: Getter, set: Setter, value: Any, *, is_recipe: bool
    ) -> SagaHandle[Any] | None:
        """Edit one row of a layered atom's list, and no other."""
        row = self.row(item_id, get, "set")
        if is_recipe:
            check_recipe(value, "update", "recipe")
            self.edit_list(get, set, editing_row(row, value), (), None)
            return None
        plan = SagaPlan.of_tuple(value)
        item = item_id.item
        if plan is not None and item is not None:
            return plan.start(set.store, cast("LayeredItemAtom[T]", item))
        values = _with(get(self.keyed_items).values, item_id.position, value)
        self.edit_list(get, set, putting_row(row, value), values, self.items_with(get, item_id, value))
        return None

    def items_with(self, get: Getter, item_id: ItemId, value: T) -> tuple[ItemAtom[T], ...] | None:
        """The items after one of them gets another value; None if the value has another key."""
        return get(self.keyed_items).items if get(self.reconciler).key_of(value) == item_id.key else None

    def row(self, item_id: ItemId, get: Callable[[Atom[Any]], Any], wanted: str) -> Row[T]:
        """The focus by which recipes find the row of an item."""
        keyed = get(self.keyed_items)
        position = self.position_of(keyed, item_id, wanted)
        return Row(f"{item_id} of {self.source.name}", item_id.key, get(self.reconciler).key_of, keyed, position)

    def insert(self, get: Getter, set: Setter, value: T, before: ItemAtom[T] | None = None) -> ItemAtom[T]:
        keyed = get(self.keyed_items)
        position = self.position_before(keyed, before)
        values = _inserted(keyed.values, position, value)
        items = None if self.has_keys else _inserted(keyed.items, position, self.make_item(None))
        if self.layered is None:
            return self.set_list(get, set, values, items).items[position]
        gap = Gap(get(self.reconciler).key_of, keyed, position)
        recipe = appending_row(value) if before is None else inserting_row(gap, value)
        return self.edit_list(get, set, recipe, values, items).items[position]

    def remove(self, get: Getter, set: Setter, item: ItemAtom[T]) -> None:
        keyed = get(self.keyed_items)
        item_id = self.id_of(item, "item")
        position = self.position_of(keyed, item_id, "removed")
        values, items = _removed(keyed.values, position), _removed(keyed.items, position)
        if self.layered is None:
            self.set_list(get, set, values, items)
        else:
            recipe = removing_row(self.row(item_id, get, "removed"))
            self.edit_list(get, set, recipe, values, items)

    def move(self, get: Getter, set: Setter, item: ItemAtom[T], before: ItemAtom[T] | None = None) -> None:
        keyed = get(self.keyed_items)
        item_id = self.id_of(item, "item")
        position = self.position_of(keyed, item_id, "moved")
        gap = target = self.position_before(keyed, before)
        if target > position:
            target -= 1  # Counted without the item itself.
        if target == position:
            return
        values = _inserted(_removed(keyed.values, position), target, keyed.values[position])
        items = _inserted(_removed(keyed.items, position), target, keyed.items[position])
        if self.layered is None:
            self.set_list(get, set, values, items)
        else:
            target_gap = Gap(get(self.reconciler).key_of, keyed, gap, moved=position)
            recipe = moving_row(self.row(item_id, get, "moved"), target_gap)
            self.edit_list(get, set, recipe, values, items)

    def edit_list(
        self,
        get: Getter,
        set: Setter,
        recipe: Callable[[Any], Any],
        values: tuple[T, ...],
        items: tuple[ItemAtom[T], ...] | None,
    ) -> KeyedItems[T]:
        """Edit the list of a layered atom and reconcile it at once, so that an error of that undoes the whole write.

        `values` and `items` are the expected list and its item atoms; `items` is None if only the keys can tell.
        """
        assert self.layered is not None
        if items is not None:
            get(self.reconciler).expect(values, items)
        set.store.update(self.layered, recipe)
        return get(self.keyed_items)

    def set_list(
        self, get: Getter, set: Setter, values: tuple[T, ...], items: tuple[ItemAtom[T], ...] | None
    ) -> KeyedItems[T]:
        """Set the list and reconcile it at once, so that an error of that (two equal keys) undoes the whole write.

        `items` are the item atoms for `values`; None if only the keys can tell.
        """
        if items is not None:
            get(self.reconciler).expect(values, items)
        set(cast(Any, self.source), values if isinstance(get(self.source), tuple) else list(values))
        return get(self.keyed_items)

    def id_of(self, item: object, argument: str) -> ItemId:
        if not isinstance(item, ItemAtom) or item.item_id.owner is not self:
            raise TypeError(f"{self.name()}: {argument} must be one of its item atoms, got {abbreviated(item)}")
        return item.item_id

    def position_of(self, keyed: KeyedItems[T], item_id: ItemId, wanted: str) -> int:
        position = keyed.position(item_id)
        if position is None:
            raise RemovedItemError(f"{item_id} cannot be {wanted}: the item is no longer in {self.source.name}")
        return position

    def position_before(self, keyed: KeyedItems[T], before: ItemAtom[T] | None) -> int:
        if before is None:
            return len(keyed.items)
        return self.position_of(keyed, self.id_of(before, "before"), "used as before")


def _same_items(one: list[ItemAtom[Any]], other: list[ItemAtom[Any]]) -> bool:
    return len(one) == len(other) == common_ends(tuple(one), tuple(other))[0]


def _with(values: tuple[T, ...], position: int, value: T) -> tuple[T, ...]:
    return values[:position] + (value,) + values[position + 1 :]  # noqa: RUF005 - much faster for long ones


def _inserted(values: tuple[T, ...], position: int, value: T) -> tuple[T, ...]:
    return values[:position] + (value,) + values[position:]  # noqa: RUF005


def _removed(values: tuple[T, ...], position: int) -> tuple[T, ...]:
    return values[:position] + values[position + 1 :]
