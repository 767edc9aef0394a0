"""An *outcome* is the value or the error of a computation, kept for later.

Atoms that show an earlier result of another atom or of an iterator keep an outcome, because errors are delayed and kept
just like values.
"""

from collections.abc import Callable
from typing import Generic, TypeVar, final

from halflife._core import keep_error
from halflife._support.unset import UNSET, UnsetType

T = TypeVar("T")


@final
class Outcome(Generic[T]):
    """A value, or an error with the traceback it had when it was caught."""

    __slots__ = ("_error", "value")

    def __init__(self, value: T | UnsetType, error: Exception | None = None) -> None:
        #: The value, unset when there is an error.
        self.value = value
        # Raising the error adds the frames of its reader to the traceback, which must neither grow nor hold them.
        self._error = keep_error(error) if error is not None else None

    @classmethod
    def of(cls, compute: Callable[[], T]) -> "Outcome[T]":
        """The outcome of `compute()`; errors that are no `Exception` propagate."""
        try:
            return cls(compute())
        except Exception as error:
            return cls(UNSET, error)

    @classmethod
    def failed(cls, error: Exception) -> "Outcome[T]":
        """The outcome of a computation that raised `error`."""
        return cls(UNSET, error)

    def get(self) -> T:
        """The value; raises the error, with its first traceback."""
        if self._error is not None:
            self._error.raise_again()
        assert self.value is not UNSET
        return self.value
