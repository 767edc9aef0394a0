"""The layers of one atom in one store, and *revisions* of them.

A revision is the value of a hidden source atom. A batch that fails restores the previous revision like any other
value, and the layers are restored to that revision when they are used next.
"""

from typing import Final

from halflife._core import LayerLog, LayerState
from halflife._optimistic.layer_ids import LayerIds


class StoreLayers:
    """The layers of one atom in one store.

    Holds no reference to the atom or the store, so only the recipes of pending layers keep the atom alive.
    """

    __slots__ = ("answer", "confirmed_at", "conflicts", "ids", "log")

    def __init__(self, base: object, *, always: bool, answer: object = None) -> None:
        #: Layers that became conflicted and are not reported yet, and their errors.
        self.conflicts: list[tuple[LayerState, BaseException]] = []
        conflicts = self.conflicts
        self.log = LayerLog(base, always, lambda state, error: conflicts.append((state, error)))
        self.ids = LayerIds()
        #: Of an editable: the state of the fetch that gave the base.
        self.answer = answer
        #: The moment of the last confirmation; None once the base has come from a request made after it.
        self.confirmed_at: int | None = None

    def take_conflicts(self) -> list[tuple[LayerState, BaseException]]:
        """The layers and errors to report; they are not given again."""
        taken = self.conflicts[:]
        self.conflicts.clear()
        return taken


class LayersRevision:
    """The layers of one atom in one store between two operations."""

    __slots__ = ("_saved", "_state", "layers")

    def __init__(self, layers: StoreLayers | None) -> None:
        #: None if there are no layers.
        self.layers = layers
        # The state number of the log at this revision.
        self._state = layers.log.state if layers is not None else 0
        # What `restored` needs. It is freed together with the revision, when no batch can bring that back.
        self._saved: tuple[object, object, int | None, int] | None = None

    def restored(self) -> StoreLayers | None:
        """The layers at this revision: an operation that failed or was interrupted after it is undone first."""
        layers = self.layers
        if layers is not None and layers.log.state != self._state:
            if self._saved is not None:
                saved, layers.answer, layers.confirmed_at, newest = self._saved
                layers.log.restore(saved)
                layers.ids.forget_after(newest)
            layers.conflicts.clear()
            self._state = layers.log.state
        return layers

    def save(self) -> None:
        """Make `restored` possible; called before an operation, which may fail itself or in a batch that fails."""
        layers = self.layers
        if layers is not None and self._saved is None:
            self._saved = layers.log.save(), layers.answer, layers.confirmed_at, layers.ids.newest

    def rebased(self) -> None:
        """The base was replaced by newly fetched data, which does not start another revision."""
        if self.layers is not None:
            self._state = self.layers.log.state


#: The revision of an atom without layers.
NO_LAYERS: Final = LayersRevision(None)
