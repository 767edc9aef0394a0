"""A *layered atom* is one whose value is edited by recipes, and may have layers in each store."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from halflife._core import AsyncValue, Atom, LayerLog
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_target import LayerTarget
from halflife._support.reprs import abbreviated
from halflife._types import Getter, SourceAtom

T = TypeVar("T")


class LayeredAtom(SourceAtom[T]):
    """An atom that is edited by recipes.

    Its write is `write(get, set, value, is_recipe=False)`. `store.update` calls it with a recipe as the value.
    `store.set` calls it with a value, with the tuple of a saga, or, if the atom has the layers itself, with a
    `LayerOperation`.
    """

    __slots__ = ()

    @abstractmethod
    def _target(self, store: StoreLike) -> LayerTarget:
        """Its value in a store, with the layers over it."""

    @abstractmethod
    def _log(self, get: Getter) -> LayerLog | None:
        """Its layers in the store that is being read, None if there are none; read as an input."""

    def _fetched(self) -> Atom[Any] | None:
        """The async atom whose data is edited; None if no data is fetched."""
        return None

    def _resolved(self, store: StoreLike) -> "LayeredAtom[T]":  # noqa: ARG002 - only an atom that follows others looks
        """The atom that has the layers in the store at this moment, if this one follows others, else itself."""
        return self

    def _edit_begins(self, store: StoreLike) -> Callable[[], None] | None:  # noqa: ARG002 - nothing to tell
        """Called when a saga over this atom starts. The result is called once, when the saga has ended."""
        return None

    def _path(self, get: Getter) -> tuple[Any, ...] | None:  # noqa: ARG002 - only a lens looks
        """The path of its value in the value of the log; None if it is not there."""
        return ()


def layered_instead(store: StoreLike, atom: LayeredAtom[Any]) -> LayeredAtom[Any]:
    """The layered atom that this one follows in the store, or the atom itself.

    Raises:
        TypeError: The store overrides it with an atom that has no layers.
    """
    instead = store._instead(atom)
    if not isinstance(instead, LayeredAtom):
        raise TypeError(
            f"in this store {atom.name} follows {instead.name}, which has no layers; let it follow a draft atom"
        )
    return instead


def check_layered(atom: object, function: str, argument: str = "the atom", *, given: object = None) -> LayeredAtom[Any]:
    """The atom; raise `TypeError` unless it has layers. The message names `given`, if the user gave another atom."""
    if not isinstance(atom, LayeredAtom):
        raise TypeError(
            f"{function}: {argument} must be a draft atom, an editable or a lens, because others have no layers;"
            f" got {abbreviated(atom if given is None else given)}"
        )
    return atom


def check_settled(value: T | AsyncValue[T], atom: Atom[Any]) -> T:
    """The value of the atom; raise `TypeError` if it has none yet."""
    if isinstance(value, AsyncValue):
        # The name is computed only now: finding the name of an unnamed atom is slow.
        raise TypeError(f"{atom.name} has no data yet: `await store.value(...)` before editing it")
    return value
