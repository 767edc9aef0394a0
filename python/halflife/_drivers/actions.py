"""An *action handle* is what `set` of an async action returns: awaitable, and it can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from halflife._drivers.origins import current_origin
from halflife._drivers.protocol import Waits
from halflife._drivers.reports import report_unawaited
from halflife._drivers.waiting import wait_for_end
from halflife._support.copies import refuse_copies


class ActionHandle:
    """The course of one async action. Awaiting it gives what the action returned, or raises its error.

    The action runs whether or not anybody awaits it. An error that nobody awaits is reported to the
    store's `on_error` when the handle is dropped.
    """

    __slots__ = ("__weakref__", "_awaited", "_circles", "_report", "_task")

    __reduce_ex__ = refuse_copies

    def __init__(self, task: asyncio.Task[Any], report: Callable[[BaseException], None], circles: Waits) -> None:
        self._task = task
        self._report = report
        self._circles = circles
        self._awaited = False

    def __await__(self) -> Generator[Any, None, Any]:
        if self._task.done() or current_origin() is None:
            self._awaited = True
            return self._task.__await__()
        return self._wait_inside()

    def _wait_inside(self) -> Generator[Any, None, Any]:
        # For a future of its own, which can fail if the task would never end.
        task = self._task
        try:
            yield from wait_for_end(task, self._circles)
        except asyncio.CancelledError:
            task.cancel()  # as whenever the awaiter of a task is cancelled
            self._awaited = True
            return (yield from task.__await__())
        self._awaited = True
        return task.result()

    def done(self) -> bool:
        """Whether the action has ended."""
        return self._task.done()

    def cancelled(self) -> bool:
        """Whether the action was cancelled."""
        return self._task.cancelled()

    def cancel(self) -> bool:
        """Cancel the action; False if it has ended."""
        return self._task.cancel()

    def result(self) -> Any:
        """What the action returned; raises its error, or asyncio.InvalidStateError while it runs."""
        self._awaited = self._awaited or self._task.done()
        return self._task.result()

    def exception(self) -> BaseException | None:
        """The action's error, or None; raises asyncio.InvalidStateError while it runs."""
        self._awaited = self._awaited or self._task.done()
        return self._task.exception()

    def __del__(self) -> None:
        if self._awaited:
            return
        report = self._report
        if self._task.done():
            report_unawaited(self._task, report)
        else:
            self._task.add_done_callback(lambda task: report_unawaited(task, report))

    def __repr__(self) -> str:
        state = "running" if not self.done() else "cancelled" if self.cancelled() else "ended"
        return f"<ActionHandle of {self._task.get_name()}, {state}>"
