"""An *edit handle* stands for an edit that was told to the server: the base of the handles of sagas and mutations."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from typing import Any, Literal, TypeAlias, TypeVar

from halflife._drivers.task_handle import TaskHandle

R_co = TypeVar("R_co", covariant=True)

EditStatus: TypeAlias = Literal["running", "success", "error", "cancelled"]


class EditHandle(TaskHandle[R_co]):
    """Awaiting the handle gives the server's answer, or raises its error; cancelling it rolls the edit back.

    The work goes on whether or not anybody awaits it, and cancelling a task that awaits it does not cancel the work.
    An error that nobody awaits is reported to the store's `on_error` when the handle is dropped.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def status(self) -> EditStatus:
        """running, success, error or cancelled."""

    @abstractmethod
    def cancel(self) -> bool:
        """Cancel the work and roll the edit back, at once; False if it has ended."""

    def rollback(self) -> bool:
        """The same as `cancel`."""
        return self.cancel()

    @abstractmethod
    def __await__(self) -> Generator[Any, None, R_co]: ...
