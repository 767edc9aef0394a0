"""The *mutation queue* of a client decides when a request is sent: in the order of its scope, and while online.

Requests that were paused are sent one after another, in the order of the calls, when the network is back. Other
requests wait only for their scope.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from typing import Any, final

from halflife._drivers.ticks import Waiter, current_loop
from halflife._support.reprs import abbreviated
from halflife.query.entry_cache import EntryCache
from halflife.query.mutation_calls import MutationCall
from halflife.query.mutation_requests import MutationRequest, Sender


@final
class MutationQueue:
    """The requests of a client that run or wait."""

    def __init__(self, entries: EntryCache, sender: Sender, show: Callable[[MutationCall], None]) -> None:
        self._entries = entries
        self._sender = sender
        self._show = show
        self._count = 0
        #: All requests that run or wait, in the order of their numbers.
        self.requests: dict[MutationRequest, None] = {}
        self._scopes: dict[str, deque[MutationRequest]] = {}
        # Those that wait for the network, or for their turn after it; in the order of their numbers.
        self._paused: list[MutationRequest] = []
        # The one of them that was sent last and has not ended.
        self._resumed: MutationRequest | None = None
        # Called when all of them have ended.
        self._then: list[Callable[[], object]] = []
        self._waiters: list[Waiter] = []
        # The request that further calls join, by mutation and scope.
        self._collecting: dict[tuple[Any, str | None], MutationRequest] = {}
        self._loop = current_loop()

    # --- adding

    def check(self, scope: str | None, function: str) -> None:
        """Raise `RuntimeError` if this is inside of a running request of the same scope."""
        for request in self._scopes.get(scope, ()) if scope is not None else ():
            if request.is_around:
                raise RuntimeError(
                    f"{function}: a mutation of the scope {abbreviated(scope)} was called inside of a mutation of the"
                    " same scope, for which it would have to wait; call it when that one has ended, or give it another"
                    " scope or none"
                )

    def add(self, call: MutationCall, scope: str | None) -> MutationRequest:
        """Send a call as soon as it may be sent; it joins the request of the call before if that still waits."""
        place = (call.mutation, scope)
        request = self._collecting.get(place)
        if (
            request is None
            or not request.is_collecting
            or (scope is not None and self._scopes[scope][-1] is not request)
        ):
            self._count += 1
            request = MutationRequest(self._sender, self._entries, call.plan, scope, self._count)
            self._enter(request)
        request.calls[call] = None
        if call.plan.debounce is not None:
            self._collecting[place] = request
            self._collect(request, place)
        self.look(request)
        return request

    def add_again(self, request: MutationRequest) -> None:
        """Send a request once more, at the end of its scope."""
        self._count += 1
        request.again(self._count)
        self._enter(request)
        self.look(request)

    def _enter(self, request: MutationRequest) -> None:
        self.requests[request] = None
        if request.scope is not None:
            self._scopes.setdefault(request.scope, deque()).append(request)

    def _collect(self, request: MutationRequest, place: tuple[Any, str | None]) -> None:
        """Let further calls join until the time has passed without one."""
        assert request.plan.debounce is not None
        if request.stop_collecting is not None:
            request.stop_collecting()
        request.is_collecting = True

        def close() -> None:
            request.is_collecting, request.stop_collecting = False, None
            if self._collecting.get(place) is request:
                del self._collecting[place]
            self.look(request)

        request.stop_collecting = self._entries.after(request.plan.debounce, close)

    # --- sending

    def look(self, request: MutationRequest) -> None:
        """Send a request if it may be sent now."""
        if request.is_running or not request.is_ready or request not in self.requests:
            return
        if request.must_pause():
            self._pause(request)
        elif request.is_paused:
            self._drain()
        elif self._is_first(request) and self._entries.is_ready():
            request.start()  # Without an event loop, it is looked at again when one runs.

    def _is_first(self, request: MutationRequest) -> bool:
        return request.scope is None or self._scopes[request.scope][0] is request

    def _pause(self, request: MutationRequest) -> None:
        if not request.is_paused:
            request.is_paused = True
            insort(self._paused, request, key=lambda one: one.number)
            for call in request.calls:
                call.is_paused = True
                self._entries.store._driver.note("paused", call.mutation.state, call.variables)
                self._show(call)

    def paused(self, request: MutationRequest) -> None:
        """The task of a request has ended, because its next attempt has to wait for the network."""
        request.waits()
        self._pause(request)
        if self._resumed is request:
            self._resumed = None
        self._drain()  # The network may be back already.

    def leave(self, request: MutationRequest) -> None:
        """A request has ended, or is not wanted any more: the next one of its scope goes on."""
        if request not in self.requests:
            return
        del self.requests[request]
        request.is_running = False
        if request.is_paused:
            request.is_paused = False
            self._paused.remove(request)
        if self._resumed is request:
            self._resumed = None
        scope = request.scope
        if scope is not None:
            queue = self._scopes[scope]
            queue.remove(request)
            if queue:
                self.look(queue[0])
            else:
                del self._scopes[scope]
        self._drain()

    # --- the network

    def network_lost(self) -> None:
        """The network is gone: requests that wait show that they are paused."""
        for request in list(self.requests):
            self.look(request)
        self._then.clear()
        self._wake()

    def resume(self, then: Callable[[], object] | None = None) -> None:
        """The network is back: send the paused requests, and call a function when they have ended."""
        if then is not None:
            self._then.append(then)
        self._drain()

    async def resumed(self) -> None:
        """Wait until all paused requests have ended, or the network is gone again."""
        while (self._paused or self._resumed is not None) and self._entries.is_online():
            waiter = Waiter()
            self._waiters.append(waiter)
            await waiter.wait()
            if self._entries.store.closed:
                return

    def _drain(self) -> None:
        """Send the first paused request if the one before has ended."""
        if self._entries.store.closed:
            self._wake()
            return
        if self._resumed is not None or not self._entries.is_online():
            return
        if self._paused:
            request = self._paused[0]
            if not (request.is_ready and self._is_first(request) and self._entries.is_ready()):
                return  # Looked at again when the request before it in its scope has ended.
            del self._paused[0]
            request.is_paused = False
            self._resumed = request
            for call in request.calls:
                call.is_paused = False
                self._show(call)
            request.start()
            return
        then, self._then = self._then, []
        for call_then in then:
            call_then()
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.wake()

    # --- the event loop

    def loop_changed(self) -> None:
        """The store runs on another event loop: requests in flight on the one before are lost, the others go on."""
        if self._loop is current_loop():
            return
        self._loop = current_loop()
        for request in list(self.requests):
            if request.is_lost:
                self._sender.lost(request)
            elif request.is_collecting:
                self._collect(request, (next(iter(request.calls)).mutation, request.scope))
        for request in list(self.requests):
            self.look(request)

    def clear(self, reason: str) -> None:
        """Forget all requests."""
        for request in list(self.requests):
            request.stop(reason)
            request.calls.clear()
        self.requests.clear()
        self._scopes.clear()
        self._paused.clear()
        self._collecting.clear()
        self._then.clear()
        self._resumed = None
        self._wake()
