"""A *task handle* stands for work that a store runs as a task. It reports an error that nobody awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from halflife._support.copies import refuse_copies

R_co = TypeVar("R_co", covariant=True)


class TaskHandle(Generic[R_co]):
    """The base of the handles of actions and sagas."""

    __slots__ = ("__weakref__", "_awaited", "_report", "_task")

    __reduce_ex__ = refuse_copies

    def __init__(self, task: asyncio.Task[R_co] | None, report: Callable[[BaseException], None]) -> None:
        # None if there was nothing to run.
        self._task = task
        self._report = report
        # Whether the result or the error was retrieved.
        self._awaited = False

    def done(self) -> bool:
        """Whether the task has ended."""
        return self._task is None or self._task.done()

    def result(self) -> R_co:
        """The result of the task; raises its error, or asyncio.InvalidStateError while it runs."""
        task = self._task
        if task is None:
            return cast("R_co", None)
        self._awaited = self._awaited or task.done()
        return task.result()

    def __del__(self) -> None:
        task = self._task
        if self._awaited or task is None:
            return
        report = self._report
        if task.done():
            _report_unawaited(task, report)
        else:
            task.add_done_callback(lambda task: _report_unawaited(task, report))


def _report_unawaited(task: asyncio.Task[Any], report: Callable[[BaseException], None]) -> None:
    """Report the error of a task that has ended; a cancellation is no error."""
    if not task.cancelled() and (error := task.exception()) is not None:
        report(error)
