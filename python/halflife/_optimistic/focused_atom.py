"""A *focused atom* is a part of another layered atom's value; it is edited by editing that value.

Lenses are focused atoms, and the items of a split over a layered atom.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar, cast

from halflife._core import Atom, LayerLog
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.focus import Focus
from halflife._optimistic.focused_target import FocusedTarget
from halflife._optimistic.layer_target import check_recipe
from halflife._optimistic.layered_atom import LayeredAtom, check_settled, layered_instead
from halflife._optimistic.lens_path import LensPath
from halflife._optimistic.saga_plan import SagaPlan
from halflife._types import Getter, Setter

S = TypeVar("S")


class FocusedAtom(LayeredAtom[S]):
    """A part of a layered atom's value."""

    __slots__ = ()

    #: The atom that has the value which this one is a part of.
    _root: LayeredAtom[Any]

    @abstractmethod
    def _focus(self, get: Callable[[Atom[Any]], Any]) -> Focus:
        """The focus that finds the part in the root's value."""

    def _target(self, store: StoreLike) -> FocusedTarget:
        bottom, path = bottom_and_path(self, store.get, store)
        resolved = bottom._resolved(store)
        return FocusedTarget(resolved._target(store), store, self, path, is_resolved=resolved is not bottom)

    def _log(self, get: Getter) -> LayerLog | None:
        return bottom_and_path(self, get, cast(Any, get).store)[0]._log(get)

    def _fetched(self) -> Atom[Any] | None:
        atom: LayeredAtom[Any] = self
        while isinstance(atom, FocusedAtom):
            atom = atom._root
        return atom._fetched()

    def _edit_begins(self, store: StoreLike) -> Callable[[], None] | None:
        return self._target(store).edit_begins()

    def _path(self, get: Getter) -> tuple[Any, ...] | None:
        bottom, path = bottom_and_path(self, get, cast(Any, get).store)
        return path.keys_to_part(check_settled(get(cast(Atom[Any], bottom)), bottom))

    def _write(self, get: Getter, set: Setter, value: Any, *, is_recipe: bool) -> Any:
        """The write of the atom."""
        if is_recipe:
            check_recipe(value, "update", "recipe")
        else:
            plan = SagaPlan.of_tuple(value)
            if plan is not None:
                return plan.start(set.store, self)
        bottom, path = bottom_and_path(self, get, set.store)
        set.store.update(bottom, path.updater(value) if is_recipe else path.setter(value))
        return None


def bottom_and_path(
    atom: LayeredAtom[Any], get: Callable[[Atom[Any]], Any], store: StoreLike
) -> tuple[LayeredAtom[Any], LensPath]:
    """The atom that has the layers in the store, and the path from its value to that of `atom`."""
    focuses = []
    while isinstance(atom, FocusedAtom):
        focuses.append(atom._focus(get))
        atom = layered_instead(store, atom._root)
    focuses.reverse()
    return atom, LensPath(focuses)
