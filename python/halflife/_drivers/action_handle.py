"""An *action handle* is the result of setting an async action: it can be awaited and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from halflife._drivers.origins import current_origin
from halflife._drivers.protocol import Waits
from halflife._drivers.task_handle import TaskHandle
from halflife._drivers.waiting import wait_for_end


class ActionHandle(TaskHandle[Any]):
    """A running async action. Awaiting the handle gives the result of the action, or raises its error.

    The action runs whether or not anybody awaits it. An error that nobody awaits is reported to the
    store's `on_error` when the handle is dropped.
    """

    __slots__ = ("_circles",)

    _task: asyncio.Task[Any]

    def __init__(self, task: asyncio.Task[Any], report: Callable[[BaseException], None], circles: Waits) -> None:
        super().__init__(task, report)
        self._circles = circles

    def __await__(self) -> Generator[Any, None, Any]:
        if self._task.done() or current_origin() is None:
            self._awaited = True
            return self._task.__await__()
        return self._wait_inside()

    def _wait_inside(self) -> Generator[Any, None, Any]:
        """Wait in a run, action, saga or call of a store: on a future of its own, which fails in a circle of waits."""
        task = self._task
        try:
            yield from wait_for_end(task, self._circles)
        except asyncio.CancelledError:
            task.cancel()  # As always when the awaiter of a task is cancelled.
            self._awaited = True
            return (yield from task.__await__())
        self._awaited = True
        return task.result()

    def cancelled(self) -> bool:
        """Whether the action was cancelled."""
        return self._task.cancelled()

    def cancel(self) -> bool:
        """Cancel the action; False if it has ended."""
        return self._task.cancel()

    def exception(self) -> BaseException | None:
        """The action's error, or None; raises asyncio.InvalidStateError while it runs."""
        self._awaited = self._awaited or self._task.done()
        return self._task.exception()

    def __repr__(self) -> str:
        state = "running" if not self.done() else "cancelled" if self.cancelled() else "ended"
        return f"<ActionHandle of {self._task.get_name()}, {state}>"
