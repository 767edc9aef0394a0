"""A *site* is where layers are: by themselves, with an atom in a store, or seen through a lens."""

import itertools
import logging
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from halflife._core import LayerLog, LayerState
from halflife._optimistic import debugging
from halflife._support.checks import check_callable
from halflife._support.reprs import abbreviated

T = TypeVar("T")
R = TypeVar("R")

Replay: TypeAlias = Literal["selective", "always"]
Status: TypeAlias = Literal["pending", "conflicted", "confirmed", "folded", "superseded", "rolled_back"]
#: A function that edits the draft it is given.
Recipe: TypeAlias = Callable[[T], object]

logger = logging.getLogger("halflife")

_ids = itertools.count(1)


class Known(WeakValueDictionary[int, LayerState]):
    """The layers of a log by id.

    A log numbers its own layers; these numbers are the program's, so that an old one is no newer layer's.
    """

    #: Whether all of them were settled for good, and the log is forgotten.
    closed = False
    #: The id of the layer that was entered last.
    newest = 0

    def enter(self, state: LayerState) -> int:
        """Give a new layer its id."""
        self.newest = next(_ids)
        self[self.newest] = state
        return self.newest

    def forget_after(self, newest: int) -> None:
        """Layers that were entered later are undone, settled ones too."""
        entered = range(newest + 1, self.newest + 1)  # Other logs number their layers too: the range may be long.
        for number in entered if len(entered) < len(self) else [number for number in self if number > newest]:
            self.pop(number, None)
        self.newest = newest


class Site(Protocol):
    """What `Layers` and `Layer` are views of."""

    #: What messages call it.
    def name(self) -> str: ...

    #: The confirmed value below the layers.
    def base(self) -> Any: ...

    #: What is shown.
    def visible(self) -> Any: ...

    #: The layers as they are now, None if there are none. Only to be looked at.
    def log(self) -> LayerLog | None: ...

    #: The same layers by their ids, None if there are none. Keeps no layer alive.
    def known(self) -> Known | None: ...

    #: Change the layers, and show what follows from it. `confirms`: it may make an edit a confirmed one.
    def operate(self, operation: Callable[[LayerLog], R], *, confirms: bool) -> R: ...

    #: A recipe for what is seen from here, as one for the whole value. `returns`: its return value counts.
    def whole(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]: ...

    #: What is seen from here of a whole value.
    def part(self, whole: Any) -> Any: ...

    #: The same site for callers that are not to get what subscribers raise: that is reported.
    def quiet(self) -> "Site": ...

    #: Set what is shown; confirmed at once.
    def set(self, value: Any) -> None: ...

    #: Set what is below the pending layers.
    def set_base(self, value: Any) -> None: ...


class OwnSite:
    """Layers that belong to no store."""

    __slots__ = ("_known", "_log")

    def __init__(self, base: Any, on_error: Callable[[BaseException], object] | None, *, always: bool) -> None:
        def on_conflict(_: object, error: BaseException) -> None:
            if on_error is None:
                logger.error("a layer can no longer be applied: %r", error, exc_info=error)
                return
            try:
                on_error(error)
            except Exception:
                logger.exception("the on_error of layers failed on %r", error)

        self._log = LayerLog(base, always, on_conflict)
        self._known = Known()
        if debugging.ENABLED:
            debugging.hand_out(base)

    def name(self) -> str:
        return abbreviated(self._log.base, 40)

    def base(self) -> Any:
        return self._log.base

    def visible(self) -> Any:
        return self._log.visible

    def log(self) -> LayerLog:
        return self._log

    def known(self) -> Known:
        return self._known

    def operate(self, operation: Callable[[LayerLog], R], *, confirms: bool) -> R:  # noqa: ARG002 - nobody fetches
        if debugging.ENABLED:
            debugging.check_handed_out(self._log.visible, "these layers")
        result = operation(self._log)
        if debugging.ENABLED:
            debugging.hand_out(self._log.visible)
        return result

    def whole(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:  # noqa: ARG002 - it is whole
        return debugging.checked(recipe) if debugging.ENABLED else recipe

    def part(self, whole: Any) -> Any:
        return whole

    def quiet(self) -> "OwnSite":
        return self

    def set(self, value: Any) -> None:
        self.operate(lambda log: log.replace(value), confirms=True)

    def set_base(self, value: Any) -> None:
        self.operate(lambda log: log.set_base(value), confirms=True)


def check_replay(replay: object, function: str) -> bool:
    """Whether `replay` is "always"; raise unless it is that or "selective"."""
    if not isinstance(replay, str):
        raise TypeError(f'{function}: replay must be "selective" or "always", got {type(replay).__name__}')
    if replay not in ("selective", "always"):
        raise ValueError(f'{function}: replay must be "selective" or "always", got {abbreviated(replay)}')
    return replay == "always"


def check_recipe(recipe: object, function: str, argument: str, parameters: str = "the draft") -> None:
    """Raise `TypeError` unless `recipe` can be called with a draft and ends at once."""
    check_callable(recipe, function, argument, parameters)
