"""A *mutation request* is what is sent to the server: for one call, or for several that were put together.

It runs as a task of the store while it is sent, and waits without one.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from typing import Any, Protocol, final

from halflife._drivers.abort_signal import AbortSignal
from halflife._drivers.cancellation import CancelledError
from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.protocol import Task
from halflife._drivers.scope_locks import Turn, running_turns
from halflife._support.reprs import abbreviated
from halflife._support.signatures import given_count
from halflife.query.attempts import Attempts, Paused
from halflife.query.entry_cache import EntryCache
from halflife.query.mutation_calls import MutationCall
from halflife.query.mutation_context import MutationContext
from halflife.query.mutation_plan import MutationPlan


class Sender(Protocol):
    """To whom a request tells how it goes."""

    #: A call was found to be undone before the request was sent.
    def undone(self, call: MutationCall) -> None: ...

    #: The next attempt of the request has to wait for the network.
    def paused(self, request: MutationRequest) -> None: ...

    #: An attempt of the request has failed, and there will be another one.
    def attempt_failed(self, request: MutationRequest, error: Exception) -> None: ...

    #: The server has answered; what is awaited here belongs to the task of the request.
    async def succeeded(self, request: MutationRequest, result: Any) -> None: ...

    #: The request has failed for good.
    async def failed(self, request: MutationRequest, error: Exception) -> None: ...

    #: The task of the request was cancelled, but not by its client, or its event loop was closed.
    def lost(self, request: MutationRequest) -> None: ...


@final
class MutationRequest:
    """What is sent to the server for one or several calls."""

    def __init__(self, sender: Sender, entries: EntryCache, plan: MutationPlan, scope: str | None, number: int) -> None:
        self.plan = plan
        self.scope = scope
        #: Requests are numbered in the order of the calls.
        self.number = number
        #: Those that it is sent for, in order; cancelled ones are taken out.
        self.calls: dict[MutationCall, None] = {}
        #: Prevents the timer until which further calls join; None if there is none.
        self.stop_collecting: Callable[[], None] | None = None
        self.is_collecting = False
        self.is_running = False
        #: Whether it is among those that wait for the network, or for their turn after it.
        self.is_paused = False
        #: Whether an attempt was made, so that the server may know of it.
        self.is_sent = False
        self.task: Task[Any] | None = None
        self._sender = sender
        self._entries = entries
        self._attempts: Attempts | None = None
        self._turn: Turn | None = None
        self._signal = AbortSignal()
        self._idempotency_key = uuid.uuid4().hex

    @property
    def is_ready(self) -> bool:
        """Whether it may be sent as far as its calls are concerned."""
        return not self.is_collecting and bool(self.calls) and all(call.is_prepared for call in self.calls)

    def must_pause(self) -> bool:
        """Whether the next attempt has to wait for the network."""
        mode = self.plan.network_mode
        if mode == "always" or self._entries.is_online():
            return False
        return mode == "online" or (self._attempts is not None and self._attempts.number > 0)

    def attempt_began(self) -> None:
        """Nothing is shown of it."""

    def attempt_failed(self, error: Exception) -> None:
        """An attempt has failed, and there will be another one."""
        self._sender.attempt_failed(self, error)

    # --- starting and stopping

    def start(self) -> None:
        """Send it now, or go on with the attempts that are left."""
        self.is_running = True
        self.task = self._entries.start_task(DeferredCall(self._run), f"halflife mutation {self.plan.name}")
        for call in self.calls:
            call.ending.works_in(self.task)
        self.task.add_done_callback(self._ended)

    def stop(self, reason: str) -> None:
        """It is not wanted any more."""
        self.is_running = self.is_collecting = False
        if self.stop_collecting is not None:
            self.stop_collecting()
        for error in self._signal._abort(reason):
            self._entries.store._report(error)
        task, self.task = self.task, None
        if task is not None and not task.done() and not task.get_loop().is_closed():
            task.cancel(reason)

    def waits(self) -> None:
        """Its task has ended, and it waits."""
        self.is_running, self.task = False, None
        for call in self.calls:
            call.ending.works_in(None)

    def again(self, number: int) -> None:
        """It is sent once more, with the same idempotency key."""
        self.number = number
        self._attempts = None
        self._signal = AbortSignal()

    def remove(self, call: MutationCall) -> None:
        """Take a call out. Another request than the one that was sent needs another idempotency key."""
        self.calls.pop(call, None)
        if self.is_sent:
            self._idempotency_key = uuid.uuid4().hex

    @property
    def is_lost(self) -> bool:
        """Whether its event loop was closed."""
        return self.task is not None and self.task.get_loop().is_closed()

    def _ended(self, task: Task[Any]) -> None:
        if task is self.task and self.is_running:  # Cancelled, perhaps before its first step.
            self._sender.lost(self)

    @property
    def is_around(self) -> bool:
        """Whether the current task runs inside of it."""
        return self._turn is not None and self._turn in running_turns()

    # --- running

    async def _run(self) -> None:
        for call in [call for call in self.calls if call.is_undone]:
            self._sender.undone(call)
        if self.calls:
            await self._run_attempts()

    async def _run_attempts(self) -> None:
        if self._attempts is None:
            self._attempts = Attempts(self, self._entries.clock, self.plan.retry, self.plan.breaker)
        try:
            turn = self._turn = self._entries.store._driver.scope_locks.turn(None)  # Tasks inside know it by the turn.
            async with turn:
                result = await self._attempts.run(self._send)
        except Paused:
            self._sender.paused(self)
        except CancelledError:
            if self.is_running:
                self._sender.lost(self)
            raise
        except Exception as error:
            if self.is_running:
                await self._sender.failed(self, error)
        else:
            if self.is_running:
                await self._sender.succeeded(self, result)

    async def _send(self) -> Any:
        assert self._attempts is not None
        variables = self.plan.merged([call.variables for call in self.calls])
        self.is_sent = True
        context = MutationContext(self._signal, self._attempts.number, self._idempotency_key)
        function = self.plan.fn
        answer = function(*(variables, context)[: given_count(function, 2, unknown=1)])
        if inspect.isawaitable(answer):
            answer = await answer
        if inspect.isgenerator(answer) or inspect.isawaitable(answer) or inspect.isasyncgen(answer):
            close: Any = getattr(answer, "close", None)
            if close is not None:
                close()
            raise TypeError(
                f"the mutation {self.plan.name} returned {abbreviated(answer)} instead of a result; await it"
            )
        return answer
