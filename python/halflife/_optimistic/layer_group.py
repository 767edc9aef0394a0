"""A *layer group* is layers of several atoms of one store that are made and settled together, each time in one batch.

So the edits become visible and end together, and each atom notifies once.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, final

from halflife._drivers.held_events import HeldEvents
from halflife._drivers.protocol import StoreLike
from halflife._events import is_of_subscribers
from halflife._optimistic.layer_target import Recipe
from halflife._optimistic.layers import Layer, Layers

#: How a layer is confirmed: the arguments `server` and `then` of `Layer.commit`.
Answer: TypeAlias = tuple[Recipe[Any] | None, Recipe[Any] | None]


@final
class LayerGroup:
    """Layers that are settled together."""

    __slots__ = ("_store", "layers")

    def __init__(self, store: StoreLike, layers: Sequence[Layer[Any]]) -> None:
        self._store = store
        #: The layers, in the order of their edits.
        self.layers = tuple(layers)

    @classmethod
    def apply(cls, store: StoreLike, edits: Sequence[tuple[Layers[Any], Recipe[Any]]]) -> "LayerGroup":
        """Apply one edit to each of several values.

        Raises:
            Exception: The error of a recipe; nothing is changed then.
        """
        made: list[Layer[Any]] = []

        def apply_all() -> None:
            made.extend(layers.apply(recipe) for layers, recipe in edits)

        _in_batch(store, apply_all)
        return cls(store, made)

    @property
    def is_rolled_back(self) -> bool:
        """Whether there were layers, and all of them are rolled back."""
        return bool(self.layers) and all(layer.status == "rolled_back" for layer in self.layers)

    def edit_begins(self) -> Callable[[], None]:
        """Tell the atoms that a saga over them starts. The result tells them that it has ended."""
        ends = [end for layer in self.layers if (end := layer._layers._target.edit_begins()) is not None]

        def edit_ends() -> None:
            errors: list[Exception] = []
            for end in ends:
                try:
                    end()
                except Exception as error:
                    errors.append(error)
            if errors:
                raise errors[0]

        return edit_ends

    def confirm(self, answers: Sequence[Answer | None] | None = None) -> None:
        """Confirm all layers, each by its answer, or as it is. Layers that are settled already stay as they are.

        Raises:
            Exception: The error of an answer; nothing is changed then.
        """
        steps = []
        for layer, answer in zip(self.layers, answers or [None] * len(self.layers), strict=True):
            server, then = answer if answer is not None else (None, None)
            steps.append(partial(layer.commit, server, then))
        self._settle(steps)

    def roll_back(self) -> None:
        """Roll back all layers that are still pending."""
        self._settle([layer.rollback for layer in self.layers])

    def _settle(self, steps: Sequence[Callable[[], object]]) -> None:
        if len(steps) == 1:
            steps[0]()
            return

        def settle_all() -> None:
            for step in steps:
                step()

        _in_batch(self._store, settle_all)


def _in_batch(store: StoreLike, change: Callable[[], None]) -> None:
    """Make a change in one batch. Errors of subscribers are reported, because the change has been made.

    The events of layers follow the batch: one that fails has none.
    """
    is_complete = False
    events = HeldEvents(store._driver)
    try:
        with store.batch():
            change()
            is_complete = True
    except ExceptionGroup as error:
        if not (is_complete and is_of_subscribers(error)):
            raise
        store._report(error, None)
    finally:
        events.release(happened=is_complete)
