"""*Weak methods* are bound methods that are called when something happens, and that keep no object alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable


class WeakMethods:
    """Bound methods, held weakly, in the order in which they were added."""

    __slots__ = ("_references",)

    def __init__(self) -> None:
        self._references: list[weakref.WeakMethod[Callable[[], object]]] = []

    def add(self, method: Callable[[], object]) -> None:
        """Add a bound method."""
        self._references = [reference for reference in self._references if reference() is not None]
        self._references.append(weakref.WeakMethod(method))

    def each(self, do: Callable[[Callable[[], object]], object]) -> None:
        """Call a function with each method whose object is alive."""
        for reference in list(self._references):
            if (method := reference()) is not None:
                do(method)
