"""The layers of one atom in all stores that have some for it."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from halflife._core import LayerLog
from halflife._optimistic import debugging
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.store_layers import NO_LAYERS, LayersRevision, StoreLayers
from halflife._support.internal_atoms import inner_source
from halflife._types import Getter, Setter, SourceAtom

R = TypeVar("R")


class AtomLayers:
    """The layers of one atom: a `StoreLayers` for each store that has layers of the atom."""

    __slots__ = ("_always", "_revisions")

    _lock = threading.Lock()

    def __init__(self, *, always: bool) -> None:
        self._always = always
        self._revisions: SourceAtom[LayersRevision] | None = None

    @property
    def revision(self) -> SourceAtom[LayersRevision]:
        """The hidden atom that changes with every operation on the layers. Made when it is first needed."""
        if self._revisions is None:
            with self._lock:  # Atoms are shared by threads, and all threads must get the same hidden atom.
                if self._revisions is None:
                    self._revisions = inner_source(NO_LAYERS, "layers")
        return self._revisions

    def in_store(self, get: Getter) -> StoreLayers | None:
        """The layers in the store, None if there are none. Costs nothing as long as no store has any."""
        return get(self._revisions).restored() if self._revisions is not None else None

    def log(self, get: Getter) -> LayerLog | None:
        """The log in the store that is being read, as an input of the read; None if there are no layers."""
        layers = get(self.revision).restored()
        return layers.log if layers is not None else None

    def operate(
        self,
        get: Getter,
        set: Setter,
        atom: LayeredAtom[Any],
        base: Callable[[], tuple[Any, object]],
        operation: Callable[[LayerLog], R],
    ) -> tuple[R, StoreLayers]:
        """Apply an operation to the layers; `base` gives the value below the first layer, and its `answer`."""
        before = get(self.revision)
        layers = before.restored()
        if layers is None:
            value, answer = base()
            layers = StoreLayers(value, always=self._always, answer=answer)
        if debugging.ENABLED:
            debugging.check_handed_out(layers.log.visible, atom.name)
        before.save()
        result = operation(layers.log)
        if debugging.ENABLED:
            debugging.hand_out(layers.log.visible)
        set(self.revision, LayersRevision(layers))
        return result, layers

    def close(self, set: Setter, layers: StoreLayers) -> None:
        """Forget the layers of a store when the last one is gone, unless a batch around may fail and restore some."""
        if not set.store._outer_batch:
            layers.ids.closed = True
            set(self.revision, NO_LAYERS)
