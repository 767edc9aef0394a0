"""A *ticket* is the claim of one awaiter to the outcome of a fetch, also if another fetch takes its place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar, final

from halflife._drivers.deferred_coroutine import DeferredCoroutine
from halflife._drivers.ticks import Wait, end_wait, start_wait
from halflife._errors import RunCancelledError, StoreClosedError
from halflife._support.outcome import Outcome

T = TypeVar("T")


@final
class Ticket:
    """The claim of one awaiter."""

    __slots__ = ("outcome", "wait", "waiting", "wish")

    def __init__(self, wish: object = None) -> None:
        #: What the awaiter wants besides the data, such as one more page of a feed.
        self.wish = wish
        self.outcome: Outcome[Any] | None = None
        #: The fetch whose fetcher is the awaiter; None for others.
        self.waiting: Any = None
        #: What the awaiter waits for at this moment.
        self.wait: Wait | None = None

    async def ended(self) -> None:
        """Wait until there is an outcome."""
        while self.outcome is None:
            self.wait = wait = start_wait()
            await wait
        self.wait = None

    def end(self, outcome: Outcome[Any]) -> None:
        """There is an outcome."""
        if self.outcome is None:
            self.outcome = outcome
            if self.wait is not None:
                end_wait(self.wait)


@final
class Tickets:
    """The claims to the outcome of one fetch, or of the newest fetch of an entry."""

    __slots__ = ("_open", "_wished")

    def __init__(self) -> None:
        # With whether the awaiter holds the fetch: it goes on as long as one does.
        self._open: dict[Ticket, bool] = {}
        # Those of them that have a wish.
        self._wished: dict[Ticket, None] = {}

    def __bool__(self) -> bool:
        """Whether an awaiter holds the fetch."""
        return any(self._open.values())

    @property
    def is_empty(self) -> bool:
        """Whether there are no open tickets."""
        return not self._open

    def issue(self, wish: object = None, *, holds: bool = True) -> Ticket:
        """Make a ticket. A wish is open until the ticket has an outcome, whichever fetch gives it."""
        ticket = Ticket(wish)
        self._open[ticket] = holds
        if wish is not None:
            self._wished[ticket] = None
        return ticket

    def waiting_fetches(self) -> list[Any]:
        """The fetches whose fetchers are among the awaiters."""
        return [ticket.waiting for ticket in self._open if ticket.waiting is not None]

    def wished(self) -> list[Ticket]:
        """The tickets with an open wish, in their order."""
        return list(self._wished)

    def discard(self, ticket: Ticket) -> None:
        """The awaiter has left."""
        self._open.pop(ticket, None)
        self._wished.pop(ticket, None)

    def resolve(self, value: Any) -> None:
        """The fetch has a value."""
        self._end(Outcome(value))

    def fail(self, error: Exception) -> None:
        """The fetch has failed."""
        if self._open:
            self._end(Outcome.failed(error))

    def cancel(self, reason: str) -> None:
        """There will be no outcome."""
        if self._open:
            self._end(Outcome.failed(RunCancelledError(reason)))

    def close(self, reason: str) -> None:
        """The store was closed."""
        if self._open:
            self._end(Outcome.failed(StoreClosedError(reason)))

    def _end(self, outcome: Outcome[Any]) -> None:
        ended, self._open, self._wished = self._open, {}, {}
        for ticket in ended:
            if ticket.outcome is None:  # As `ticket.end`, for there may be many.
                ticket.outcome = outcome
                if ticket.wait is not None:
                    end_wait(ticket.wait)


@final
class Pending(DeferredCoroutine[T], Generic[T]):
    """The result of a call that acts at once: it may be awaited, once, or dropped."""

    __slots__ = ("_is_over", "_leave", "_ticket")

    def __init__(self, ticket: Ticket, leave: Callable[[Ticket], None]) -> None:
        self._body = None
        self._ticket = ticket
        self._leave = leave
        self._is_over = False

    def _make(self) -> Coroutine[Any, Any, T]:
        return self._wait()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._wait().__await__()

    async def _wait(self) -> T:
        ticket = self._ticket
        try:
            while ticket.outcome is None:  # As `ended`, without a further coroutine.
                ticket.wait = wait = start_wait()
                await wait
        except BaseException:
            self._drop()
            raise
        self._is_over = True
        assert ticket.outcome is not None
        result: T = ticket.outcome.get()
        return result

    def close(self) -> None:
        """Do not wait for the result any more."""
        super().close()
        self._drop()

    def _drop(self) -> None:
        if not self._is_over:
            self._is_over = True
            if self._ticket.outcome is None:
                self._leave(self._ticket)

    def __repr__(self) -> str:
        return f"<Pending, {'done' if self._ticket.outcome is not None else 'running'}>"


def done(value: T) -> Pending[T]:
    """A result that is there already."""
    ticket = Ticket()
    ticket.outcome = Outcome(value)
    return Pending(ticket, _stay)


def _stay(_: Ticket) -> None:
    """Nothing to leave: there is an outcome."""


@final
class Work(DeferredCoroutine[T], Generic[T]):
    """The result of several calls that act at once: awaiting it awaits all of them."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._body = None
        self._function = function

    def _make(self) -> Coroutine[Any, Any, T]:
        return self._function()
