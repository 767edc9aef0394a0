"""A *later slice* is an awaitable part of an async value, found by a function when the value has arrived."""

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from halflife._core import AsyncValue

S = TypeVar("S")


class LaterSlice(Generic[S]):
    """A part of a value that has not arrived yet. Unlike a coroutine it may be dropped without being awaited."""

    __slots__ = ("_fn", "_value")

    def __init__(self, value: AsyncValue[Any], fn: Callable[[Any], S]) -> None:
        self._value = value
        self._fn = fn

    def __await__(self) -> Generator[Any, None, S]:
        return self._fn((yield from self._value.__await__()))
