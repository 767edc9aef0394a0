"""A *layer target* is the value that `Layers` edits: one of its own, that of an atom in a store, or a part of that."""

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from halflife._core import LayerLog
from halflife._optimistic.layer_ids import LayerIds
from halflife._optimistic.layer_operation import OperationKind
from halflife._support.checks import check_callable
from halflife._support.reprs import abbreviated

T = TypeVar("T")
R = TypeVar("R")

Replay: TypeAlias = Literal["selective", "always"]
Status: TypeAlias = Literal["pending", "conflicted", "confirmed", "folded", "superseded", "rolled_back"]
LayerEvent: TypeAlias = Literal["applied", "confirmed", "rolled_back", "conflicted"]
#: A function that edits the draft it is given.
Recipe: TypeAlias = Callable[[T], object]


class LayerTarget(Protocol):
    """The value that `Layers` and `Layer` edit, with the layers over it."""

    #: The target's name in messages.
    def name(self) -> str: ...

    #: The confirmed value below the layers.
    def base(self) -> Any: ...

    #: The value with the edits of all layers.
    def visible(self) -> Any: ...

    #: The layers as they are now, None if there are none. Read only: changes go through `operate`.
    def log(self) -> LayerLog | None: ...

    #: The ids of these layers, None if there are none. Keeps no layer alive.
    def ids(self) -> LayerIds | None: ...

    #: Apply an operation to the layers and update the visible value.
    def operate(self, operation: Callable[[LayerLog], R], *, kind: OperationKind) -> R: ...

    #: Called when a saga over the value starts. The result is called once, when the saga has ended.
    def edit_begins(self) -> Callable[[], None] | None: ...

    #: Log an event of a layer, by its id; only layers in a store have events.
    def note(self, kind: LayerEvent, number: int) -> None: ...

    #: Turn a recipe for the target's value into one for the value of the log. `returns`: its return value counts.
    def lift_recipe(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]: ...

    #: The target's value in a value of the log.
    def project(self, value: Any) -> Any: ...

    #: The same target, reporting the errors of subscribers instead of raising them.
    def with_reported_errors(self) -> "LayerTarget": ...

    #: Set the visible value; confirmed at once.
    def set(self, value: Any) -> None: ...

    #: Set the value below the pending layers.
    def set_base(self, value: Any) -> None: ...


def check_replay(replay: object, function: str) -> bool:
    """Whether `replay` is "always"; raise unless it is that or "selective"."""
    if not isinstance(replay, str):
        raise TypeError(f'{function}: replay must be "selective" or "always", got {type(replay).__name__}')
    if replay not in ("selective", "always"):
        raise ValueError(f'{function}: replay must be "selective" or "always", got {abbreviated(replay)}')
    return replay == "always"


def check_recipe(recipe: object, function: str, argument: str, parameters: str = "the draft") -> None:
    """Raise `TypeError` unless `recipe` is a plain function that can be called with a draft."""
    check_callable(recipe, function, argument, parameters)
