"""A *focused target* is a part of another target; `store.layers(a)` edits it for a lens or an item of a split."""

from collections.abc import Callable
from typing import Any, TypeVar

from halflife._core import LayerLog
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_ids import LayerIds
from halflife._optimistic.layer_operation import OperationKind
from halflife._optimistic.layer_target import LayerEvent, LayerTarget, Recipe
from halflife._optimistic.layered_atom import LayeredAtom, check_settled
from halflife._optimistic.lens_path import LensPath

R = TypeVar("R")


class FocusedTarget:
    """The value of a focused atom in a store, with the layers over the value that it is a part of."""

    __slots__ = ("_atom", "_bottom", "_is_resolved", "_path", "_store")

    def __init__(
        self, bottom: LayerTarget, store: StoreLike, atom: LayeredAtom[Any], path: LensPath, *, is_resolved: bool
    ) -> None:
        # The target that has the layers.
        self._bottom = bottom
        # Whether the root follows other atoms, and `bottom` is the one that it followed at the start.
        self._is_resolved = is_resolved
        self._store = store
        self._atom = atom
        self._path = path

    def name(self) -> str:
        return self._atom.name

    def visible(self) -> Any:
        if self._is_resolved:
            return self._path.part_of(self._bottom.visible())
        return check_settled(self._store.get(self._atom), self._atom)

    def base(self) -> Any:
        return self._path.part_of(self._bottom.base())

    def project(self, value: Any) -> Any:
        return self._path.part_of(self._bottom.project(value))

    def log(self) -> LayerLog | None:
        return self._bottom.log()

    def ids(self) -> LayerIds | None:
        return self._bottom.ids()

    def operate(self, operation: Callable[[LayerLog], R], *, kind: OperationKind) -> R:
        return self._bottom.operate(operation, kind=kind)

    def edit_begins(self) -> Callable[[], None] | None:
        return self._bottom.edit_begins()

    def note(self, kind: LayerEvent, number: int) -> None:
        self._bottom.note(kind, number)

    def lift_recipe(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:
        lifted = self._path.updater(recipe) if returns else self._path.layer_recipe(recipe)
        return self._bottom.lift_recipe(lifted, returns=returns)

    def with_reported_errors(self) -> "FocusedTarget":
        bottom = self._bottom.with_reported_errors()
        return FocusedTarget(bottom, self._store, self._atom, self._path, is_resolved=self._is_resolved)

    def set(self, value: Any) -> None:
        put = self._bottom.lift_recipe(self._path.setter(value), returns=True)
        self._bottom.operate(lambda log: log.update(put), kind=OperationKind.CONFIRM)

    def set_base(self, value: Any) -> None:
        put = self._bottom.lift_recipe(self._path.setter(value), returns=True)
        self._bottom.operate(lambda log: log.edit_base(put), kind=OperationKind.EDIT_BASE)
