"""A *watched coroutine* is the coroutine of the task of a saga or a call."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any

from halflife._drivers.origins import Origin
from halflife._drivers.protocol import Waits


class WatchedCoroutine(Coroutine[Any, Any, Any]):
    """Runs another coroutine on behalf of an origin, and has its waits searched for circles."""

    __slots__ = ("_body", "_origin", "circles")

    #: The name in asyncio's debug messages.
    __name__ = "task of a store"

    def __init__(self, body: Coroutine[Any, Any, Any], origin: Origin, circles: Waits) -> None:
        self._body = body
        self._origin = origin
        self.circles = circles

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        return self._step(self._body.send, value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:  # noqa: ARG002 - a coroutine's throw
        """Go on with an error."""
        return self._step(self._body.throw, error)

    def close(self) -> None:
        """End at once."""
        self._body.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._body.__await__()

    def _step(self, go: Callable[[Any], Any], sent: Any) -> Any:
        try:
            yielded = go(sent)
        except BaseException:
            self._origin.end()
            raise
        if self.circles.waits:
            self.circles.look_soon()  # It may wait for its turn in a scope, or for a child task that waits for it.
        return yielded
