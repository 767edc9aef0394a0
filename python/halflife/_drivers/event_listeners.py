"""An *event listener* is a callback that gets each event of a store as it happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from halflife._errors import FlushLoopError
from halflife._events import Event

#: The most events that callbacks may cause while they are told of one; more are taken for an endless loop.
MOST_CAUSED = 10_000


class EventListeners:
    """The event listeners of one store. An event that a callback causes is told after the present one."""

    __slots__ = ("_callbacks", "_waiting")

    def __init__(self) -> None:
        # By number, because one function may listen twice; a new dict at each change, so that a walk stays valid.
        self._callbacks: dict[object, Callable[[Event], object]] = {}
        # The events to be told; None while none is being told.
        self._waiting: deque[Event] | None = None

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Add a listener; returns the function that ends it."""
        token = object()
        self._callbacks = {**self._callbacks, token: callback}

        def end() -> None:
            self._callbacks = {other: one for other, one in self._callbacks.items() if other is not token}

        return end

    def clear(self) -> None:
        """End all listeners."""
        self._callbacks = {}
        if self._waiting is not None:
            self._waiting.clear()

    def note(self, event: Event, log: deque[Event] | None, report: Callable[[BaseException], None]) -> None:
        """Append an event to the log of the store, if there is one, and call all listeners."""
        if log is not None:
            log.append(event)
        if self._callbacks:
            self.tell(event, report)

    def tell(self, event: Event, report: Callable[[BaseException], None]) -> None:
        """Call all listeners; their errors are reported."""
        if self._waiting is not None:
            self._waiting.append(event)
            return
        waiting = self._waiting = deque([event])
        left = MOST_CAUSED
        try:
            while waiting:
                self._tell_one(waiting.popleft(), report)
                left -= 1
                if left == 0:
                    self.end(report)
        finally:
            self._waiting = None

    def end(self, report: Callable[[BaseException], None]) -> None:
        """End all listeners, because they cause events without end."""
        if not self._callbacks:
            return
        self.clear()
        report(FlushLoopError(f"callbacks of on_event caused {MOST_CAUSED} events in a row, and were ended"))

    def _tell_one(self, event: Event, report: Callable[[BaseException], None]) -> None:
        for token, callback in self._callbacks.items():
            if token not in self._callbacks:
                continue  # A callback before it has ended it.
            try:
                callback(event)
            except Exception as error:
                report(error)
