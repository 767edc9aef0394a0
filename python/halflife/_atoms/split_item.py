"""An *item atom* stands for one item of a list atom and stays with it wherever the item moves.

It is known by its *place*: arrangements refer to places and not to item atoms, because an item atom's
functions hold its place, and referring to the atom itself would make every item part of a cycle.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, final
from weakref import ref

from halflife._core import Atom
from halflife._optimistic.focused_atom import FocusedAtom
from halflife._optimistic.lens_path import Focus
from halflife._support.reprs import abbreviated
from halflife._support.typed_key import TypedKey
from halflife._types import WritableAtom

T = TypeVar("T")


class FindsRows(Protocol):
    """The split that an item belongs to, as far as the item needs it."""

    #: How recipes find the row of an item; `wanted` says in an error what the item cannot be.
    def row(self, place: "Place", get: Callable[[Atom[Any]], Any], wanted: str) -> Focus: ...


@final
class Place:
    """What an item atom is known by. Knows its item weakly."""

    __slots__ = ("__weakref__", "_item", "key", "owner", "position")

    def __init__(self, key: TypedKey | None, owner: object) -> None:
        #: The key of the item, None without keys.
        self.key = key
        #: What all places of one split have in common.
        self.owner = owner
        #: Where the item was seen last: where to look for it first.
        self.position = 0
        self._item: ref[ItemAtom[Any]] | None = None

    def __str__(self) -> str:
        return f"item {abbreviated(self.key[1])}" if self.key is not None else "an item"

    @property
    def item(self) -> "ItemAtom[Any] | None":
        """The item atom, while anybody holds it."""
        return self._item() if self._item is not None else None


class ItemAtom(WritableAtom[T, [T], None]):
    """One item of a list atom, as an atom. Made by `split`."""

    __slots__ = ("place",)

    place: Place

    def stand_at(self, place: Place) -> None:
        """Tie the item and its place together; called once, by who made both."""
        self.place = place
        place._item = ref(self)


@final
class LayeredItemAtom(ItemAtom[T], FocusedAtom[T]):
    """One item of a layered atom's list: edited like a lens, wherever the item moves. Made by `split`."""

    __slots__ = ("_root",)

    def _focus(self, get: Callable[[Atom[Any]], Any]) -> Focus:
        owner = cast(FindsRows, self.place.owner)
        return owner.row(self.place, get, "edited")
