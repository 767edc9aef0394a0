"""A *focused atom* is a part of another layered atom's value; it is edited by editing that value.

Lenses are focused atoms, and the items of a split over a layered atom.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from halflife._core import Atom, LayerLog
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_ids import LayerIds
from halflife._optimistic.layer_target import LayerTarget, Recipe, check_recipe
from halflife._optimistic.layered_atom import LayeredAtom, check_settled, layered_instead
from halflife._optimistic.lens_path import Focus, editing, layering, part_in, path_in, putting
from halflife._optimistic.saga_plan import SagaSteps
from halflife._types import Getter, Setter

S = TypeVar("S")
R = TypeVar("R")


class FocusedAtom(LayeredAtom[S]):
    """A part of a layered atom's value."""

    __slots__ = ()

    #: The atom whose value it is a part of.
    _root: LayeredAtom[Any]

    @abstractmethod
    def _focus(self, get: Callable[[Atom[Any]], Any]) -> Focus:
        """What finds the part in the root's value."""

    def _target(self, store: StoreLike) -> "FocusedTarget":
        bottom, focuses = found_from(self, store.get, store)
        return FocusedTarget(bottom._target(store), store, self, focuses)

    def _log(self, get: Getter) -> LayerLog | None:
        return found_from(self, get, cast(Any, get).store)[0]._log(get)

    def _fetched(self) -> Atom[Any] | None:
        return bottom_of(self)._fetched()

    def _path(self, get: Getter) -> tuple[Any, ...] | None:
        bottom, focuses = found_from(self, get, cast(Any, get).store)
        return path_in(focuses, check_settled(get(cast(Atom[Any], bottom)), bottom))

    def _write(self, get: Getter, set: Setter, value: Any, *, is_recipe: bool) -> Any:
        """The write of the atom."""
        if is_recipe:
            check_recipe(value, "update", "recipe")
        else:
            steps = SagaSteps.of_tuple(value)
            if steps is not None:
                return steps.start(set.store, self)
        bottom, focuses = found_from(self, get, set.store)
        set.store.update(bottom, editing(focuses, value) if is_recipe else putting(focuses, value))
        return None


def bottom_of(atom: LayeredAtom[Any]) -> LayeredAtom[Any]:
    """The atom that has the layers."""
    while isinstance(atom, FocusedAtom):
        atom = atom._root
    return atom


def found_from(
    atom: LayeredAtom[Any], get: Callable[[Atom[Any]], Any], store: StoreLike
) -> tuple[LayeredAtom[Any], list[Focus]]:
    """The atom that has the layers in the store, and the focuses that lead from its value to that of `atom`."""
    focuses = []
    while isinstance(atom, FocusedAtom):
        focuses.append(atom._focus(get))
        atom = layered_instead(store, atom._root)
    focuses.reverse()
    return atom, focuses


class FocusedTarget:
    """The layers of an atom as seen from a part of its value."""

    __slots__ = ("_atom", "_bottom", "_focuses", "_store")

    def __init__(self, bottom: LayerTarget, store: StoreLike, atom: FocusedAtom[Any], focuses: Sequence[Focus]) -> None:
        self._bottom = bottom
        self._store = store
        self._atom = atom
        self._focuses = focuses

    def name(self) -> str:
        return self._atom.name

    def visible(self) -> Any:
        return check_settled(self._store.get(self._atom), self._atom)

    def base(self) -> Any:
        return part_in(self._focuses, self._bottom.base())

    def project(self, value: Any) -> Any:
        return part_in(self._focuses, self._bottom.project(value))

    def log(self) -> LayerLog | None:
        return self._bottom.log()

    def ids(self) -> LayerIds | None:
        return self._bottom.ids()

    def operate(self, operation: Callable[[LayerLog], R], *, confirms: bool) -> R:
        return self._bottom.operate(operation, confirms=confirms)

    def lift_recipe(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:
        make = editing if returns else layering
        return self._bottom.lift_recipe(make(self._focuses, recipe), returns=returns)

    def with_reported_errors(self) -> "FocusedTarget":
        return FocusedTarget(self._bottom.with_reported_errors(), self._store, self._atom, self._focuses)

    def set(self, value: Any) -> None:
        put = self._bottom.lift_recipe(putting(self._focuses, value), returns=True)
        self._bottom.operate(lambda log: log.update(put), confirms=True)

    def set_base(self, value: Any) -> None:
        put = self._bottom.lift_recipe(putting(self._focuses, value), returns=True)
        self._bottom.operate(lambda log: log.edit_base(put), confirms=True)
