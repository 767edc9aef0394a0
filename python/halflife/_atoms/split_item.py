"""An *item atom* stands for one item of a list atom and stays with it wherever the item moves.

The split knows an item by its `ItemId`. An item atom's functions hold the id and not the atom, because holding the
atom would make every item atom part of a reference cycle.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, final
from weakref import ref

from halflife._core import Atom
from halflife._optimistic.focus import Focus
from halflife._optimistic.focused_atom import FocusedAtom
from halflife._support.reprs import abbreviated
from halflife._support.typed_key import TypedKey
from halflife._types import WritableAtom

T = TypeVar("T")


class FindsRows(Protocol):
    """What an item needs of the split that it belongs to."""

    #: The focus by which recipes find the row of an item; `wanted` completes the error "item cannot be ...".
    def row(self, item_id: "ItemId", get: Callable[[Atom[Any]], Any], wanted: str) -> Focus: ...


@final
class ItemId:
    """Identifies an item of a split, by identity. Holds its item atom weakly."""

    __slots__ = ("__weakref__", "_item", "key", "owner", "position")

    def __init__(self, key: TypedKey | None, owner: object) -> None:
        #: The key of the item, None without keys.
        self.key = key
        #: The split; the same object for all ids of one split.
        self.owner = owner
        #: The last known position of the item, where the search for it starts.
        self.position = 0
        self._item: ref[ItemAtom[Any]] | None = None

    def __str__(self) -> str:
        return f"item {abbreviated(self.key[1])}" if self.key is not None else "an item"

    @property
    def item(self) -> "ItemAtom[Any] | None":
        """The item atom; None when nobody holds it any more."""
        return self._item() if self._item is not None else None


class ItemAtom(WritableAtom[T, [T], None]):
    """One item of a list atom, as an atom. Made by `split`."""

    __slots__ = ("item_id",)

    item_id: ItemId

    def identify_by(self, item_id: ItemId) -> None:
        """Connect the item atom with its id; called once, when both are made."""
        self.item_id = item_id
        item_id._item = ref(self)


@final
class LayeredItemAtom(ItemAtom[T], FocusedAtom[T]):
    """One item of a layered atom's list: edited like a lens, wherever the item moves. Made by `split`."""

    __slots__ = ("_root",)

    def _focus(self, get: Callable[[Atom[Any]], Any]) -> Focus:
        owner = cast(FindsRows, self.item_id.owner)
        return owner.row(self.item_id, get, "edited")
