"""The *group plan* of a saga edits several atoms at once; all edits are confirmed or rolled back together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_group import LayerGroup
from halflife._optimistic.layer_target import Recipe
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.layers import Layers
from halflife._optimistic.saga_handle import SagaHandle
from halflife._optimistic.saga_task import SagaTask


@dataclass(frozen=True, slots=True)
class SagaGroupPlan:
    """The steps of a saga over several atoms."""

    #: At least one atom with its edit. No two atoms are the same.
    edits: Sequence[tuple[LayeredAtom[Any], Recipe[Any]]]
    effect: Callable[[], Awaitable[Any]]
    #: Called with the layers and the result when the effect has succeeded; None confirms all layers as they are.
    confirm: Callable[[LayerGroup, Any], object] | None = None
    #: Effects of one scope run one after another.
    scope: str | None = None

    def start(self, store: StoreLike) -> SagaHandle[Any]:
        """Apply all edits, and start the effect as a task. The `layer` of the handle is that of the first edit.

        Raises:
            NoEventLoopError: No event loop is running; nothing is changed then.
            Exception: The error of an edit; nothing is changed then.
        """
        driver = store._driver
        driver.ready()
        turn = driver.scope_locks.turn(self.scope)
        atom = self.edits[0][0]
        group = LayerGroup.apply(
            store,
            [(Layers._at(store.layers(each)._target.with_reported_errors()), recipe) for each, recipe in self.edits],
        )

        def report(error: BaseException) -> None:
            driver.report(error, atom)

        handle: SagaHandle[Any] = SagaHandle(group.layers[0], report)
        task = SagaTask(store, atom, group, answer=self.effect, confirm=partial(self._confirmed, group), turn=turn)
        try:
            handle._start(store, task)
        except BaseException:
            group.roll_back()
            task.end()
            raise
        return handle

    def _confirmed(self, group: LayerGroup, result: Any) -> None:
        if self.confirm is not None:
            self.confirm(group, result)
        else:
            group.confirm()
