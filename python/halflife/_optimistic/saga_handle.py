"""A *saga handle* is the result of starting a saga: it can be awaited and cancelled."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.protocol import StoreLike, Task, Waits
from halflife._drivers.waiting import wait_for_end
from halflife._optimistic.edit_handle import EditHandle, EditStatus
from halflife._optimistic.layers import Layer
from halflife._optimistic.saga_task import SagaTask

R_co = TypeVar("R_co", covariant=True)


class SagaHandle(EditHandle[R_co]):
    """A running saga. Awaiting the handle gives the result of the effect, or raises its error.

    The saga runs whether or not anybody awaits it, and cancelling a task that awaits it does not cancel the saga. An
    error that nobody awaits is reported to the store's `on_error` when the handle is dropped. Awaiting the handle
    inside an effect that the saga itself waits for raises CycleError.
    """

    _task: Task[R_co] | None

    __slots__ = ("_circles", "_saga", "layer")

    def __init__(self, layer: Layer[Any], report: Callable[[BaseException], None]) -> None:
        super().__init__(None, report)
        #: The edit that is visible until the effect has ended.
        self.layer = layer
        self._saga: SagaTask | None = None
        self._circles: Waits | None = None

    def _start(self, store: StoreLike, saga: SagaTask) -> None:
        self._saga = saga
        saga.begin()
        self._circles = store._driver.circles
        task = store._driver.start_task(DeferredCall(saga.run), f"halflife saga of {saga.name()}")
        self._task = saga.task = task
        task.add_done_callback(saga.ended)

    @property
    def status(self) -> EditStatus:
        """running, success, error or cancelled."""
        task = self._task
        if task is None:
            return "success"
        if (self._saga is not None and self._saga.cancelled) or task.cancelled():
            return "cancelled"
        if not task.done():
            return "running"
        return "error" if task.exception() is not None else "success"

    def cancel(self) -> bool:
        """Cancel the effect and roll the edit back, at once; False if the saga has ended."""
        task, saga = self._task, self._saga
        if task is None or saga is None or task.done() or saga.cancelled or saga.has_answer:
            return False
        saga.cancelled = True
        saga.roll_back()
        task.cancel("the saga was cancelled")
        return True

    def __await__(self) -> Generator[Any, None, R_co]:
        task = self._task
        if task is not None and not task.done():
            assert self._circles is not None
            yield from wait_for_end(task, self._circles)
        return self.result()

    def __repr__(self) -> str:
        return f"<SagaHandle of {self.layer._layers._target.name()}, {self.status}>"
