"""*Late steps* are a coroutine that is made when its task takes the first step."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any


class LateSteps(Coroutine[Any, Any, Any]):
    """A coroutine that is made at its first step.

    A native one that is dropped before its first step, because its loop was closed, complains that it was never
    awaited.
    """

    __slots__ = ("_body", "_make")

    #: What asyncio's debug mode calls the coroutine.
    __name__ = "saga"

    def __init__(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._make = make
        self._body: Coroutine[Any, Any, Any] | None = None

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        if self._body is None:
            self._body = self._make()
        return self._body.send(value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:  # noqa: ARG002 - a coroutine's throw
        """Go on with an error."""
        if self._body is not None:
            return self._body.throw(error)
        raise error

    def close(self) -> None:
        """End at once."""
        if self._body is not None:
            self._body.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._make().__await__()
