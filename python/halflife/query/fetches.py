"""A *fetch* is one call for the data of a key, with its retries. It is a task of the store while it is not paused."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol, cast, final

from halflife._drivers.abort_signal import AbortSignal
from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.protocol import Task
from halflife._drivers.threads import run_in_thread
from halflife._support.absent import ABSENT
from halflife._support.reprs import abbreviated
from halflife._support.signatures import given_count
from halflife.query.attempts import Attempts, Paused
from halflife.query.fetch_context import FetchContext
from halflife.query.fetched_entry import FetchedEntry, confirmed
from halflife.query.options import Fetcher, Settings
from halflife.query.results import FetchStatus
from halflife.query.tickets import Ticket, Tickets


class Source(NamedTuple):
    """How the data of a key is fetched."""

    fetcher: Fetcher
    settings: Settings


class Ends(Protocol):
    """To whom a fetch tells how it ended."""

    @property
    def fetches(self) -> dict[int, Fetch]: ...
    @property
    def tickets(self) -> Tickets: ...
    def answer(self, fetch: Fetch, value: Any) -> None: ...
    def piece(self, fetch: Fetch, value: Any) -> None: ...
    def fail(self, fetch: Fetch, error: Exception) -> None: ...
    def lost(self, fetch: Fetch) -> None: ...


#: The fetch whose fetcher runs in the current task, or in a task that has started it.
current_fetch: ContextVar[Fetch | None] = ContextVar("halflife.fetch", default=None)


@final
class Fetch:
    """One call for the data of a key."""

    def __init__(
        self,
        entry: FetchedEntry,
        ends: Ends,
        source: Source,
        generation: int,
        *,
        argument: object,
        is_kept: bool,
    ) -> None:
        self.entry = entry
        self._ends = ends
        self.settings = source.settings
        self.generation = generation
        #: Whether it goes on when nobody awaits it any more.
        self.is_kept = is_kept
        #: Those who await this fetch and no other (`dedupe=False`).
        self.tickets = Tickets()
        self.status: FetchStatus = "fetching"
        self.failure_count = 0
        #: The number of the attempt that runs, or starts next.
        self.attempt = 1
        #: What is shown again if the fetch is cancelled.
        self.before = entry.policy.shown
        self.data_before = confirmed(entry)
        self.error_before = entry.error
        self.updated_before = entry.last_updated
        self._fetcher = source.fetcher
        #: What the fetch is for, besides the data: its answer adds to the data, and leaves it as old as it is.
        self.argument = argument
        self._progress: dict[str, Any] = {}
        self._signal = AbortSignal()
        self._attempts: Attempts | None = None
        self._task: Task[Any] | None = None

    @property
    def is_adding(self) -> bool:
        """Whether the answer only adds to the data that is there."""
        return self.argument is not None

    @property
    def is_observed(self) -> bool:
        """Whether somebody observes the data."""
        return self.entry.is_observed

    # --- starting and stopping

    def start(self) -> None:
        """Start, or pause until the network is back."""
        owner = self.entry.owner
        if self.must_pause():
            self._pause()
            return
        self.status = "fetching"
        owner.paused.pop(self, None)
        owner.note("run", self.entry, self.generation)
        self._task = owner.start_task(DeferredCall(self._run), f"halflife fetch of {self.entry.key!r}")
        self._task.add_done_callback(self._ended)

    def must_pause(self) -> bool:
        """Whether the next attempt has to wait for the network."""
        mode = self.settings.network_mode
        if mode == "always" or self.entry.owner.is_online():
            return False
        return mode == "online" or self._attempts is not None

    def _pause(self) -> None:
        self.status = "paused"
        self._task = None
        self.entry.owner.paused[self] = None
        self.entry.owner.note("paused", self.entry, self.generation)

    def resume(self) -> None:
        """The network is back: go on, with the attempts that are left."""
        if self.status == "paused":
            self.start()
            self.entry.show()

    def stop(self, reason: str) -> None:
        """The answer is not wanted any more."""
        self.entry.owner.paused.pop(self, None)
        for error in self._signal._abort(reason):
            self.entry.owner.store._report(error, self.entry.state)
        task, self._task = self._task, None
        if task is not None and not task.done() and not task.get_loop().is_closed():
            task.cancel(reason)

    @property
    def is_lost(self) -> bool:
        """Whether its event loop was closed."""
        return self._task is not None and self._task.get_loop().is_closed()

    def _ended(self, task: Task[Any]) -> None:
        if task is self._task:  # Cancelled by somebody else, perhaps before its first step.
            self._ends.lost(self)

    def leave(self, ticket: Ticket) -> None:
        """Somebody who awaited this fetch alone was cancelled."""
        self.tickets.discard(ticket)
        if not self.tickets and not self.is_kept:
            self._ends.lost(self)

    # --- running

    @property
    def is_in_flight(self) -> bool:
        """Whether it may still answer."""
        return self._ends.fetches.get(self.generation) is self

    def awaiting_fetches(self) -> list[Fetch]:
        """The fetches in flight whose fetchers await this one."""
        waiting = [*self.tickets.waiting_fetches(), *self._ends.tickets.waiting_fetches()]
        return [fetch for fetch in waiting if fetch.is_in_flight]

    async def _run(self) -> None:
        current_fetch.set(self)
        try:
            async with self.entry.owner.slots.slot(self):
                if self._attempts is None:
                    self._attempts = Attempts(self, self.entry.owner.clock, self.settings.retry, self.settings.breaker)
                value = await self._attempts.run(self._call)
            self._task, task = None, self._task
            try:
                self._ends.answer(self, value)
            except BaseException:
                self._task = task
                raise
        except Paused:
            self._pause()
            self.entry.show()
        except Exception as error:
            self._task = None
            self._ends.fail(self, error)

    def attempt_began(self) -> None:
        """An attempt starts."""
        assert self._attempts is not None
        if self.attempt != self._attempts.number:
            self.attempt = self._attempts.number
            self.entry.show()

    def attempt_failed(self, error: Exception) -> None:
        """An attempt has failed, and there will be another one."""
        self.failure_count += 1
        self.entry.owner.note("retried", self.entry, error)
        self.entry.show()

    async def _call(self) -> Any:
        entry, fetcher = self.entry, self._fetcher
        context = FetchContext(
            key=entry.key.given,
            signal=self._signal,
            refetching=entry.policy.shown.has_data,
            previous=self._confirmed(),
            attempt=self.attempt,
            memory=entry.memory,
            argument=self.argument,
            progress=self._progress,
            piece=lambda value: self._ends.piece(self, value),
        )
        arguments = (entry.key.given, context)[: given_count(fetcher, 2, unknown=1)]
        if self.settings.thread:
            return self._checked(await run_in_thread(fetcher, *arguments))
        answer = fetcher(*arguments)
        if inspect.isasyncgen(answer):
            return await self._stream(answer)
        return self._checked(await answer if inspect.isawaitable(answer) else answer)

    def _confirmed(self) -> Any:
        value = confirmed(self.entry)
        return None if value is ABSENT else value

    def _checked(self, answer: Any) -> Any:
        if inspect.isgenerator(answer) or inspect.isawaitable(answer) or inspect.isasyncgen(answer):
            close = getattr(answer, "close", None)
            if close is not None:
                close()
            raise TypeError(
                f"the fetcher of {self.entry.key!r} returned {abbreviated(answer)} instead of data; await it, or make"
                " the fetcher an async generator"
            )
        return answer

    async def _stream(self, stream: AsyncIterator[Any]) -> Any:
        """Fill the data piece by piece."""
        reduce, mode = self.settings.reduce or _append, self.settings.refetch_mode
        value = self._confirmed() if mode == "append" else None
        is_empty = True
        try:
            async for piece in stream:
                is_empty = False
                value = reduce(value, piece)
                if mode != "replace" or not self.before.has_data:
                    self._ends.piece(self, value)
        finally:
            await cast(Any, stream).aclose()
        if is_empty and value is None and self.settings.reduce is None:
            return []
        return value


def _append(data: Any, piece: Any) -> list[Any]:
    return [*(data or ()), piece]
