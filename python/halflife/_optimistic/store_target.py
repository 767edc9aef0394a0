"""A *store target* is the value of a layered atom in a store; `store.layers(a)` edits it."""

from collections.abc import Callable
from typing import Any, TypeVar

from halflife._core import LayerLog
from halflife._drivers.held_events import note_layer
from halflife._drivers.protocol import StoreLike
from halflife._events import is_of_subscribers
from halflife._optimistic import debugging
from halflife._optimistic.atom_layers import AtomLayers
from halflife._optimistic.layer_ids import LayerIds
from halflife._optimistic.layer_operation import LayerOperation, OperationKind
from halflife._optimistic.layer_target import LayerEvent, Recipe
from halflife._optimistic.layered_atom import LayeredAtom, check_settled
from halflife._optimistic.store_layers import StoreLayers

R = TypeVar("R")


class StoreTarget:
    """The value of a layered atom in a store, with the layers over it."""

    __slots__ = ("_atom", "_layers", "_reports_errors", "_store")

    def __init__(
        self, store: StoreLike, atom: LayeredAtom[Any], layers: AtomLayers, *, reports_errors: bool = False
    ) -> None:
        self._store = store
        self._atom = atom
        self._layers = layers
        # Whether errors of subscribers are reported instead of raised.
        self._reports_errors = reports_errors

    def name(self) -> str:
        return self._atom.name

    def visible(self) -> Any:
        return check_settled(self._store.get(self._atom), self._atom)

    def _current(self) -> StoreLayers | None:
        self._store.get(self._atom)  # Reading an editable rebases its layers on newly fetched data.
        return self._layers.in_store(self._store.get)

    def log(self) -> LayerLog | None:
        layers = self._current()
        return layers.log if layers is not None else None

    def ids(self) -> LayerIds | None:
        layers = self._current()
        return layers.ids if layers is not None else None

    def base(self) -> Any:
        log = self.log()
        return log.base if log is not None else self.visible()

    def operate(self, operation: Callable[[LayerLog], R], *, kind: OperationKind) -> R:
        result: list[R] = []

        def operate_once(log: LayerLog) -> None:
            result.append(operation(log))

        try:
            self._store.set(self._atom, LayerOperation(operate_once, kind))
        except ExceptionGroup as error:
            if not (self._reports_errors and result and is_of_subscribers(error)):
                raise
            self._store._report(error, self._atom)
        finally:
            self._report_conflicts()
        return result[0]

    def edit_begins(self) -> Callable[[], None] | None:
        return self._atom._edit_begins(self._store)

    def note(self, kind: LayerEvent, number: int) -> None:
        if not self._store.closed:
            note_layer(self._store._driver, kind, self._atom, number)

    def project(self, value: Any) -> Any:
        return value

    def with_reported_errors(self) -> "StoreTarget":
        return StoreTarget(self._store, self._atom, self._layers, reports_errors=True)

    def _report_conflicts(self) -> None:
        """Report layers that became conflicted; called when the operation is complete."""
        if self._store.closed:
            return
        layers = self._layers.in_store(self._store.get)
        if layers is None:
            return
        for state, error in layers.take_conflicts():
            number = layers.ids.number_of(state)
            if number is not None:
                self.note("conflicted", number)
            self._store._report(error, self._atom)

    def lift_recipe(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:  # noqa: ARG002 - the same value
        return debugging.checked(recipe) if debugging.ENABLED else recipe

    def set(self, value: Any) -> None:
        self.operate(lambda log: log.replace(value), kind=OperationKind.CONFIRM)

    def set_base(self, value: Any) -> None:
        self.operate(lambda log: log.set_base(value), kind=OperationKind.SET_BASE)
