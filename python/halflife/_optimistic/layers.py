"""*Layers* are edits over a base value that are visible before they are confirmed.

Each layer is a recipe. The visible value is the base with every recipe applied to it, oldest first. Rolling a layer
back leaves the value as if the layer had never been applied, whatever else was edited, confirmed or fetched in the
meantime.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar, cast, final

from halflife._core import LayerLog, LayerState, check_root
from halflife._errors import StoreClosedError, WrongThreadError
from halflife._events import is_of_subscribers
from halflife._optimistic.detached_target import DetachedTarget
from halflife._optimistic.layer_ids import LayerIds
from halflife._optimistic.layer_operation import OperationKind
from halflife._optimistic.layer_target import (
    LayerEvent,
    LayerTarget,
    Recipe,
    Replay,
    Status,
    check_recipe,
    check_replay,
)
from halflife._support.checks import check_callable
from halflife._support.copies import refuse_copies
from halflife._support.reprs import abbreviated

T = TypeVar("T")
R = TypeVar("R")


@final
class Layer(Generic[T]):
    """One edit that may still be confirmed or rolled back. Made by `Layers.apply`."""

    __slots__ = ("__weakref__", "_id", "_ids", "_layers", "_state")

    __reduce_ex__ = refuse_copies

    def __init__(self, layers: "Layers[T]", id: int, state: LayerState, ids: LayerIds) -> None:
        self._layers = layers
        self._id = id
        self._state = state
        self._ids = ids

    @property
    def id(self) -> int:
        """A number that no other layer of this program has."""
        return self._id

    @property
    def context(self) -> Any:
        """The return value of the recipe when it was applied."""
        return self._state.context

    @property
    def status(self) -> Status:
        """The state of the layer.

        - "pending": visible, and not confirmed;
        - "conflicted": not confirmed, and its recipe fails on the value below it at present;
        - "confirmed": waits until all older layers are confirmed or rolled back; "folded": has become part of the base;
        - "superseded": was confirmed, and newer data has replaced the base;
        - "rolled_back": rolled back.
        """
        with suppress(StoreClosedError, WrongThreadError):
            current = self._layers._target.ids()  # First, because this undoes the operations of a batch that failed.
            undone = self._ids is not current and not self._ids.closed
            if undone or self._ids.get(self._id) is not self._state:
                return "rolled_back"  # The layer was made in a batch that failed.
        return self._state.status

    @property
    def error(self) -> BaseException | None:
        """The error that the recipe of a conflicted layer raises at present."""
        return self._state.error

    def commit(self, server: Recipe[T] | None = None, then: Recipe[T] | None = None) -> bool:
        """Confirm the edit; see `Layers.commit`."""
        return self._layers.commit(self, server, then)

    def rollback(self) -> bool:
        """Roll back the edit, and nothing else; see `Layers.rollback`."""
        return self._layers.rollback(self)

    def __repr__(self) -> str:
        because = f": {abbreviated(self.error)}" if self.error is not None else ""
        return f"<Layer {self.id} of {self._layers._target.name()}, {self.status}{because}>"


class Layers(Generic[T]):
    """A value and the edits of it that are not confirmed yet.

    Made for a value of your own, or given by `Store.layers` for an atom. A recipe must be a pure function of its
    draft, because it is called again when the value below its layer changes: make ids and times outside of it.

    Args:
        base: The confirmed value; it is never changed.
        replay: "selective" calls a recipe again only if something that it read or wrote has changed; "always"
            calls every recipe again. The result is the same.
        on_error: Called with the error of each layer that becomes conflicted; by default the error is one log
            record at ERROR of the logger "halflife".

    Raises:
        TypeError, ValueError: An argument is of the wrong type or not an allowed value; the base is an object of a
            class that drafts do not know, and could be changed in place (see `draftable`).

    Example:
        >>> from halflife import Layers
        >>> layers = Layers({"likes": 7, "title": "Draft"})
        >>> like = layers.apply(lambda draft: draft.update(likes=draft["likes"] + 1))
        >>> title = layers.apply(lambda draft: draft.update(title="Layers"))
        >>> like.rollback()
        True
        >>> layers.visible, layers.pending
        ({'likes': 7, 'title': 'Layers'}, 1)
    """

    __slots__ = ("__weakref__", "_target")

    __reduce_ex__ = refuse_copies

    _target: LayerTarget

    def __init__(
        self, base: T, *, replay: Replay = "selective", on_error: Callable[[BaseException], object] | None = None
    ) -> None:
        always = check_replay(replay, "Layers")
        check_root(base)
        if on_error is not None:
            check_callable(on_error, "Layers", "on_error", "the error")
        self._target = DetachedTarget(base, on_error, always=always)

    @classmethod
    def _at(cls, target: LayerTarget) -> "Layers[Any]":
        layers: Layers[Any] = cls.__new__(cls)
        layers._target = target
        return layers

    # --- reading

    @property
    def base(self) -> T:
        """The confirmed value, below all layers."""
        return cast(T, self._target.base())

    @property
    def visible(self) -> T:
        """The base with every layer's edits, oldest first."""
        return cast(T, self._target.visible())

    @property
    def pending(self) -> int:
        """The number of layers that are neither confirmed nor rolled back."""
        log = self._target.log()
        return log.pending if log is not None else 0

    # --- edits

    def apply(self, recipe: Recipe[T]) -> Layer[T]:
        """Apply an edit that is to be confirmed or rolled back later.

        The return value of the recipe is the layer's `context`, and never part of the value.

        Raises:
            Exception: The error of the recipe; no layer is made then.
        """
        return self._apply(recipe, returns=False)

    def _apply(self, recipe: Recipe[T], *, returns: bool) -> Layer[T]:
        """Apply an edit. With `returns`, the return value of the recipe counts as in `produce`."""
        lifted = self._lift(recipe, "apply", returns=returns)
        handles: list[Layer[T]] = []

        def made(state: LayerState) -> None:
            handles.append(self._handle_of(state))

        self._operate(lambda log: log.apply(lifted, returns), made, kind=OperationKind.EDIT)
        return handles[0]

    def _operate(self, operation: Callable[[LayerLog], R], made: Callable[[R], object], *, kind: OperationKind) -> R:
        """Apply an operation, and call `made` with its result, also if subscribers fail: the operation stands."""
        results: list[R] = []

        def operate(log: LayerLog) -> R:
            results.append(operation(log))
            return results[0]

        try:
            self._target.operate(operate, kind=kind)
        except ExceptionGroup as error:
            if results and is_of_subscribers(error):
                made(results[0])
            raise
        made(results[0])
        return results[0]

    def _lift(self, recipe: Recipe[T], function: str, argument: str = "recipe", *, returns: bool) -> Recipe[Any]:
        """Check a recipe of the user, and turn it into one for the value of the log, which checks nothing."""
        check_recipe(recipe, function, argument)
        return self._target.lift_recipe(recipe, returns=returns)

    def _handle_of(self, state: LayerState) -> Layer[T]:
        """The `Layer` of a layer that was just applied."""
        ids = self._target.ids()
        if ids is None:  # The same operation has confirmed the layer, and the log is gone.
            ids = LayerIds()
            ids.closed = True
        layer: Layer[T] = Layer(self, ids.assign(state), state, ids)
        self._target.note("applied", layer.id)
        return layer

    def _find(self, number: int) -> LayerState | None:
        ids = self._target.ids()
        return ids.get(number) if ids is not None else None

    def update(self, recipe: Recipe[T]) -> None:
        """Edit the visible value; confirmed at once. The return value of the recipe counts as in `produce`."""
        lifted = self._lift(recipe, "update", returns=True)
        self._target.operate(lambda log: log.update(lifted), kind=OperationKind.CONFIRM)

    def set(self, value: T) -> None:
        """Set the visible value; confirmed at once."""
        self._target.set(value)

    # --- confirming and rolling back

    def rollback(self, layer: "Layer[Any] | int") -> bool:
        """Roll a layer back, as if it had never been applied.

        Args:
            layer: A layer, or its id.

        Returns:
            False if the layer was already confirmed or rolled back.
        """
        return self._end(layer, "rollback", lambda log, state: log.rollback(state), kind=OperationKind.EDIT)

    def commit(self, layer: "Layer[Any] | int", server: Recipe[T] | None = None, then: Recipe[T] | None = None) -> bool:
        """Confirm a layer. Without `server` and `then` that never changes the visible value.

        The layer keeps its position until all older layers are confirmed or rolled back; then it becomes part of
        the base.

        Args:
            layer: A layer, or its id.
            server: Replaces the recipe, with the edit as the server has made it.
            then: Runs after the recipe, at the same position (a temporary id becomes the server's).

        Returns:
            False if the layer was already confirmed or rolled back.

        Raises:
            Exception: The error of `server` or `then`; nothing is changed then.
        """
        return self._commit(layer, server, then, returns=False)

    def _commit(
        self,
        layer: "Layer[Any] | int",
        server: Recipe[T] | None = None,
        then: Recipe[T] | None = None,
        *,
        returns: bool,
    ) -> bool:
        """Confirm a layer. With `returns`, the return value of `server` counts as in `produce`."""
        by_server = None if server is None else self._lift(server, "commit", "server", returns=returns)
        after = None if then is None else self._lift(then, "commit", "then", returns=False)
        return self._end(
            layer, "commit", lambda log, state: log.commit(state, by_server, after, returns), kind=OperationKind.CONFIRM
        )

    def _end(
        self, layer: object, function: str, end: Callable[[LayerLog, LayerState], bool], *, kind: OperationKind
    ) -> bool:
        if isinstance(layer, Layer):
            number = layer.id
        elif isinstance(layer, int) and not isinstance(layer, bool):
            number = layer
        else:
            raise TypeError(f"{function}: layer must be a Layer or the id of one, got {abbreviated(layer)}")
        state = self._find(number)
        if state is None or state.status not in ("pending", "conflicted"):
            return False

        def made(ended: bool) -> None:  # noqa: FBT001 - called by `_operate`
            if ended:
                self._target.note("confirmed" if kind is OperationKind.CONFIRM else "rolled_back", number)

        return self._operate(lambda log: end(log, state), made, kind=kind)

    def set_base(self, value: T) -> None:
        """Replace the base with new data from the server. It supersedes confirmed layers; pending ones stay over it.

        Parts of the new data that equal the old base, by the rule of ``equals="deep"``, are the old objects.
        """
        self._target.set_base(value)

    def edit_base(self, recipe: Recipe[T]) -> None:
        """Edit the base, below the pending layers, such as for an event of the server; returned values as in `produce`.

        Raises:
            Exception: The error of the recipe; nothing is changed then.
        """
        lifted = self._lift(recipe, "edit_base", returns=True)
        self._target.operate(lambda log: log.edit_base(lifted), kind=OperationKind.EDIT_BASE)

    def rollback_all(self) -> None:
        """Roll back all pending layers; confirmed ones become part of the base."""
        self._end_all(lambda log: log.rollback_all(), "rolled_back", kind=OperationKind.EDIT)

    def commit_all(self) -> None:
        """Confirm all pending layers as they are."""
        if self.pending:
            self._end_all(lambda log: log.commit_all(), "confirmed", kind=OperationKind.CONFIRM)

    def _end_all(self, end: Callable[[LayerLog], None], event: LayerEvent, *, kind: OperationKind) -> None:
        numbers = self._pending_numbers()

        def made(_: None) -> None:
            for number in numbers:
                self._target.note(event, number)

        self._operate(end, made, kind=kind)

    def _pending_numbers(self) -> list[int]:
        """The ids of the pending layers, oldest first."""
        ids = self._target.ids()
        states = ids.items() if ids is not None else ()
        return sorted(number for number, state in states if state.status in ("pending", "conflicted"))

    def __repr__(self) -> str:
        try:
            state = f"{self.pending} pending"
        except StoreClosedError:
            state = "their store is closed"
        except WrongThreadError:
            state = "in another thread"
        return f"<Layers of {self._target.name()}: {state}>"
