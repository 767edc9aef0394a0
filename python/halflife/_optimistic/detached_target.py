"""A *detached target* is a value with layers that belongs to no store; `Layers(base)` edits it."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from halflife._core import LayerLog
from halflife._optimistic import debugging
from halflife._optimistic.layer_ids import LayerIds
from halflife._optimistic.layer_operation import OperationKind
from halflife._optimistic.layer_target import LayerEvent, Recipe
from halflife._support.reprs import abbreviated

R = TypeVar("R")

logger = logging.getLogger("halflife")


class DetachedTarget:
    """A value of its own, with layers over it."""

    __slots__ = ("_ids", "_log")

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
        self._ids = LayerIds()
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

    def ids(self) -> LayerIds:
        return self._ids

    def operate(self, operation: Callable[[LayerLog], R], *, kind: OperationKind) -> R:  # noqa: ARG002 - nothing is fetched
        if debugging.ENABLED:
            debugging.check_handed_out(self._log.visible, "these layers")
        result = operation(self._log)
        if debugging.ENABLED:
            debugging.hand_out(self._log.visible)
        return result

    def edit_begins(self) -> None:
        return None

    def note(self, kind: LayerEvent, number: int) -> None:
        pass

    def lift_recipe(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:  # noqa: ARG002 - the same value
        return debugging.checked(recipe) if debugging.ENABLED else recipe

    def project(self, value: Any) -> Any:
        return value

    def with_reported_errors(self) -> "DetachedTarget":
        return self

    def set(self, value: Any) -> None:
        self.operate(lambda log: log.replace(value), kind=OperationKind.CONFIRM)

    def set_base(self, value: Any) -> None:
        self.operate(lambda log: log.set_base(value), kind=OperationKind.SET_BASE)
