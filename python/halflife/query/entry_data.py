"""The *entry data* is the hidden layered atom that holds the data of one key.

While there is no data its value is `ABSENT`. Edits wait then: their recipes are called when the first data arrives.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, final

from halflife import _core
from halflife._core import LayerLog, produce, share
from halflife._drivers.protocol import StoreLike
from halflife._optimistic import debugging
from halflife._optimistic.atom_layers import AtomLayers
from halflife._optimistic.layer_operation import LayerOperation, OperationKind
from halflife._optimistic.layer_target import Recipe, check_recipe
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.saga_plan import SagaPlan
from halflife._optimistic.store_target import StoreTarget
from halflife._support.absent import ABSENT
from halflife._support.internal_atoms import weak_self
from halflife._types import Getter, Setter

T = TypeVar("T")
R = TypeVar("R")


class EditedEntry(Protocol):
    """What the data tells its entry."""

    #: The layers or the base were changed by an operation of this kind.
    def edited(self, kind: OperationKind) -> None: ...

    #: A saga that edits the data starts; the returned function is called at its end.
    def mutation_begins(self) -> Callable[[], None]: ...

    #: The key, for messages.
    def described(self) -> str: ...


@final
@dataclass(frozen=True, slots=True, eq=False)
class Confirmed:
    """New confirmed data, set on the atom in the place of a value. The entry knows of it already."""

    value: Any
    #: Whether equal parts of it become the old objects.
    shared: bool


@final
class EntryData(LayeredAtom[T]):
    """The data of one key with its optimistic edits; `ABSENT` while there is none."""

    __slots__ = ("_writing",)

    _writing: _Writing[T]

    def _target(self, store: StoreLike) -> StoreTarget:
        return _EntryTarget(store, self, self._writing.layers)

    def _log(self, get: Getter) -> LayerLog | None:
        return self._writing.layers.log(get)

    def _edit_begins(self, store: StoreLike) -> Callable[[], None] | None:  # noqa: ARG002 - it has one store
        entry = self._writing.entry()
        return entry.mutation_begins() if entry is not None else None

    def _current_log(self, store: StoreLike) -> LayerLog | None:
        """The layers at this moment, None if there are none; not an input of a read."""
        layers = self._writing.layers.in_store(store.get)
        return layers.log if layers is not None else None

    def _confirmed(self, store: StoreLike) -> Any:
        """The data below the layers."""
        log = self._current_log(store)
        return log.base if log is not None else store.get(self)


def make_entry_data(entry: EditedEntry, initial: Any) -> EntryData[Any]:
    """The data atom of an entry."""
    if debugging.ENABLED and initial is not ABSENT:
        debugging.hand_out(initial)
    writing: _Writing[Any] = _Writing(entry)
    made: EntryData[Any] = _core.make(
        EntryData, "source", initial, writing.write, recipes=True, label=f"data of {entry.described()}"
    )
    made._writing = writing
    writing.itself = weak_self(made)
    return made


class _EntryTarget(StoreTarget):
    """The data of an entry as `Layers` edit it; None stands for absent data."""

    __slots__ = ()

    def visible(self) -> Any:
        return self.project(super().visible())

    def base(self) -> Any:
        return self.project(super().base())

    def project(self, value: Any) -> Any:
        return None if value is ABSENT else value


class _Writing(Generic[T]):
    """The write of the data."""

    itself: Callable[[], EntryData[T]]

    def __init__(self, entry: EditedEntry) -> None:
        # Weak: the entry holds its data, and an evicted entry is to be freed at once.
        self.entry: Callable[[], EditedEntry | None] = weakref.ref(entry)
        self.layers = AtomLayers(always=False)

    def write(self, get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
        if is_recipe:
            return self.update(get, set, value)
        if type(value) is Confirmed:
            return self.confirm(get, set, value)
        if type(value) is LayerOperation:
            return self.change(get, set, value.apply, value.kind)
        plan = SagaPlan.of_tuple(value)
        if plan is not None:
            return plan.start(set.store, self.itself())
        return self.change(get, set, lambda log: log.replace(value), OperationKind.CONFIRM)

    def update(self, get: Getter, set: Setter, recipe: Recipe[T]) -> None:
        check_recipe(recipe, "update", "recipe")
        atom = self.itself()
        if debugging.ENABLED:
            recipe = debugging.checked(recipe)
        before: Any = get(atom)
        if before is ABSENT or self.layers.in_store(get) is not None:
            self.change(get, set, lambda log: log.update(recipe), OperationKind.CONFIRM)
            return
        after = produce(before, recipe)
        if debugging.ENABLED:
            debugging.hand_out(after)
        set(atom, after)
        self.tell(OperationKind.CONFIRM)

    def confirm(self, get: Getter, set: Setter, data: Confirmed) -> None:
        """Set the data below the layers."""
        atom = self.itself()
        if debugging.ENABLED and data.value is not ABSENT:
            debugging.hand_out(data.value)
        if self.layers.in_store(get) is not None:
            self.operate(get, set, lambda log: log.set_base(data.value, data.shared))
            return
        before: Any = get(atom)
        shared = data.shared and before is not ABSENT and data.value is not ABSENT
        value: Any = share(before, data.value) if shared else data.value
        set(atom, value)

    def change(self, get: Getter, set: Setter, operation: Callable[[LayerLog], R], kind: OperationKind) -> R:
        """Apply an operation to the layers, and tell the entry."""
        result = self.operate(get, set, operation)
        self.tell(kind)
        return result

    def operate(self, get: Getter, set: Setter, operation: Callable[[LayerLog], R]) -> R:
        atom = self.itself()
        result, layers = self.layers.operate(get, set, atom, lambda: (get(atom), None), operation)
        set(atom, layers.log.visible)
        if layers.log.length == 0:
            self.layers.close(set, layers)
        return result

    def tell(self, kind: OperationKind) -> None:
        entry = self.entry()
        if entry is not None:
            entry.edited(kind)
