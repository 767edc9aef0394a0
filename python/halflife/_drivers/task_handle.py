"""A *task handle* stands for work that a store runs as a task. It reports an error that nobody awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, cast

from halflife._support.copies import refuse_copies

R_co = TypeVar("R_co", covariant=True)


class Work(Protocol[R_co]):
    """What a handle stands for: a task, or an `Ending`."""

    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def result(self) -> R_co: ...
    def exception(self) -> BaseException | None: ...
    def add_done_callback(self, callback: Callable[[Any], object], /) -> None: ...


class TaskHandle(Generic[R_co]):
    """The base of the handles of actions, sagas and mutations."""

    __slots__ = ("__weakref__", "_awaited", "_report", "_task")

    __reduce_ex__ = refuse_copies

    def __init__(self, task: Work[R_co] | None, report: Callable[[BaseException], None]) -> None:
        # None if there was nothing to run. Subclasses say which kind of work it is.
        self._task: Any = task
        self._report = report
        # Whether the result or the error was retrieved.
        self._awaited = False

    def done(self) -> bool:
        """Whether the work has ended."""
        return self._task is None or self._task.done()

    def result(self) -> R_co:
        """The result of the work; raises its error, or asyncio.InvalidStateError while it goes on."""
        task = self._task
        if task is None:
            return cast("R_co", None)
        self._awaited = self._awaited or task.done()
        return cast("R_co", task.result())

    def __del__(self) -> None:
        task = self._task
        if self._awaited or task is None:
            return
        report = self._report
        if task.done():
            _report_unawaited(task, report)
        else:
            task.add_done_callback(lambda task: _report_unawaited(task, report))


def _report_unawaited(task: Work[Any], report: Callable[[BaseException], None]) -> None:
    """Report the error of work that has ended; a cancellation is no error."""
    if not task.cancelled() and (error := task.exception()) is not None:
        report(error)
