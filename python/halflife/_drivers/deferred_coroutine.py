"""A *deferred coroutine* creates its body when its task takes the first step.

A native coroutine that is dropped before its first step warns that it was never awaited. A task may be dropped like
that when it is cancelled at once, or when its loop was closed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class DeferredCoroutine(Coroutine[Any, Any, T]):
    """A coroutine that steps through a body made at the first step."""

    __slots__ = ("_body",)

    #: The name in asyncio's debug messages.
    __name__ = "task of a store"

    #: None before the first step.
    _body: Coroutine[Any, Any, T] | None

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        body = self._body
        if body is None:
            body = self._body = self._make()
        return body.send(value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:  # noqa: ARG002 - a coroutine's throw
        """Go on with an error."""
        if self._body is None:
            self._drop()
            raise error
        return self._body.throw(error)

    def close(self) -> None:
        """End at once."""
        if self._body is None:
            self._drop()
        else:
            self._body.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._make().__await__()

    @abstractmethod
    def _make(self) -> Coroutine[Any, Any, T]:
        """Make the body."""

    def _drop(self) -> None:
        """Called when the coroutine ends without a first step."""


class DeferredCall(DeferredCoroutine[T]):
    """A deferred coroutine whose body is the result of a coroutine function."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._body = None
        self._function = function

    def _make(self) -> Coroutine[Any, Any, T]:
        return self._function()
