"""A *batched coroutine* is the coroutine of an async action's task: each stretch between two awaits is a batch."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any

from halflife._drivers.origins import Origin
from halflife._drivers.protocol import StoreLike, Waits


class BatchedCoroutine(Generator[Any, Any, Any], Coroutine[Any, Any, Any]):
    """Runs another coroutine, each stretch between two awaits in one batch of the store."""

    __slots__ = ("_body", "_origin", "_report", "_store", "circles")

    def __init__(
        self,
        store: StoreLike,
        body: Coroutine[Any, Any, Any],
        report: Callable[[BaseException], None],
        origin: Origin,
        circles: Waits,
    ) -> None:
        self._store = store
        self._body = body
        self._report = report
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
        return self

    def _step(self, go: Callable[[Any], Any], sent: Any) -> Any:
        if self._store.closed:  # The action was cancelled by that, and may still run its `finally` blocks.
            return go(sent)
        yielded = returned = None
        has_ended = False
        try:
            with self._store.batch():
                try:
                    yielded = go(sent)
                except StopIteration as stop:
                    returned = stop
                has_ended = True
        except Exception as error:
            if not has_ended:
                raise
            # An error of subscribers. The action cannot handle it, because its `set` has already returned.
            self._report(error)
        if returned is not None:
            self._origin.end()
            raise returned
        if self._origin.waits:
            self.circles.look_soon()
        return yielded
