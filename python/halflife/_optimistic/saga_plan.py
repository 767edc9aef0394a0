"""The *plan* of a saga: an edit that is visible at once, an effect that tells the server, and an edit for its answer.

Starting the plan applies the first edit as a layer and runs the effect as a task. If the effect succeeds, the layer
is confirmed. If the effect fails or is cancelled, only that layer is rolled back.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from halflife._core import LayerLog, LayerState, is_function
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_group import LayerGroup
from halflife._optimistic.layer_operation import OperationKind
from halflife._optimistic.layer_target import check_recipe
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.layers import Layer, Layers
from halflife._optimistic.saga_handle import SagaHandle
from halflife._optimistic.saga_task import SagaTask
from halflife._support.checks import called_name, check_callable
from halflife._support.signatures import given_count

#: Applies an operation to the layers of an atom.
Change: TypeAlias = Callable[[Callable[[LayerLog], LayerState]], LayerState]


@dataclass(frozen=True, slots=True)
class SagaPlan:
    """The steps of a saga."""

    update: Callable[..., Any] | None = None
    effect: Callable[..., Awaitable[Any]] | None = None
    post_effect: Callable[..., Any] | None = None
    #: Effects of one scope run one after another.
    scope: str | None = None
    #: Whether the return value of `update` counts as in `produce`, instead of being the context.
    returns: bool = False
    #: Called with the layer and the result when the effect has succeeded; None confirms the layer.
    confirm: Callable[[Layer[Any], Any], object] | None = None

    @classmethod
    def of_tuple(cls, value: object) -> "SagaPlan | None":
        """The plan in a tuple ``(update, effect)`` or ``(update, effect, post_effect)``; None for another value."""
        if type(value) is not tuple or len(value) not in (2, 3) or not is_function(value[1]):
            return None
        if not all(one is None or is_function(one) for one in value):
            return None
        return cls(*value)

    def check(self, function: str) -> None:
        """Raise `TypeError` unless all steps can be run; called before anything is changed."""
        if self.update is not None:
            check_recipe(self.update, function, "update")
        if self.effect is not None:
            check_effect(self.effect, function, "effect")
        if self.post_effect is not None:
            if self.effect is None:
                raise TypeError(f"{function}: post_effect follows an effect, and there is none; give effect=")
            check_recipe(self.post_effect, function, "post_effect", "the draft, the result")
        if self.scope is not None and not isinstance(self.scope, str):
            raise TypeError(f"{function}: scope must be a str, got {type(self.scope).__name__}")

    def start(
        self,
        store: StoreLike,
        atom: LayeredAtom[Any],
        change: Change | None = None,
    ) -> SagaHandle[Any]:
        """Apply the update, and start the effect as a task.

        `change` applies an operation to the layers when the saga is started inside the write of the atom itself.

        Raises:
            NoEventLoopError: There is an effect, and no event loop is running; nothing is changed then.
            RuntimeError: This is inside of an effect of the same scope; nothing is changed then.
            Exception: The error of the update; nothing is changed then.
        """
        self.check("mutate")
        driver = store._driver
        turn = None
        if self.effect is not None:
            driver.ready()
            turn = driver.scope_locks.turn(self.scope)
        layers = Layers._at(store.layers(atom)._target.with_reported_errors())

        def report(error: BaseException) -> None:
            driver.report(error, atom)

        layer, shown = self.applied(layers, change)
        handle: SagaHandle[Any] = SagaHandle(layer, report)
        if self.effect is None or turn is None:
            return handle
        task = None
        try:
            effect, count = self.effect, given_count(self.effect, 2, unknown=2)
            # The value after the update, not the visible one: subscribers may have edited more by now.
            part = layers._target.project(shown)

            def answer() -> Any:
                # In a scope, other edits may have been refused while the effect waited for its turn.
                next_value = part if self.scope is None else layers.visible
                return effect(*(next_value, layer.context)[:count])

            group = LayerGroup(store, [layer])
            task = SagaTask(store, atom, group, answer=answer, confirm=partial(self.confirmed, layer), turn=turn)
            handle._start(store, task)
        except BaseException:  # Such as a LensError, if the edit has removed the part that the lens finds.
            layer.rollback()
            if task is not None:
                task.end()
            raise
        return handle

    def applied(self, layers: Layers[Any], change: Change | None) -> tuple[Layer[Any], Any]:
        """Apply the update as a layer, an empty one without an update; give the layer and the value after it."""
        target = layers._target
        shown: list[Any] = []
        lifted = target.lift_recipe(self.update if self.update is not None else _nothing, returns=self.returns)

        def apply(log: LayerLog) -> LayerState:
            state = log.apply(lifted, self.returns)
            shown.append(log.visible)
            if self.effect is None:
                log.commit(state)
            return state

        kind = OperationKind.CONFIRM if self.effect is None else OperationKind.EDIT
        state = change(apply) if change is not None else target.operate(apply, kind=kind)
        layer = layers._handle_of(state)
        if self.effect is None:
            target.note("confirmed", layer.id)
        return layer, shown[0]

    def confirmed(self, layer: Layer[Any], result: Any) -> None:
        """Called when the effect has succeeded."""
        if self.confirm is not None:
            self.confirm(layer, result)
            return
        if self.post_effect is None:
            layer.commit()
            return
        post_effect = self.post_effect

        def follow(draft: Any) -> None:
            post_effect(draft, result)

        follow.__name__ = called_name(post_effect, "post_effect")
        if not layer.commit(then=follow) and layer.status in ("confirmed", "folded"):
            layer._layers.update(follow)  # The user has confirmed the layer before.


def _nothing(draft: Any) -> None:
    """The recipe of a saga without an update."""


def check_effect(effect: object, function: str, argument: str) -> None:
    """Raise `TypeError` unless `effect` can be called with (next value, context), the value alone, or nothing."""
    check_callable(effect, function, argument, "the next value, the context", least=0, may_be="async")
