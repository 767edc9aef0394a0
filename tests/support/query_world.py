"""A query client on a manual clock, and a server whose answers the test controls."""

from __future__ import annotations

import asyncio
from typing import Any

from halflife import QueryClient, Store
from halflife.testing import ManualClock


class Call:
    """One request that the server got."""

    def __init__(self, key: Any, ctx: Any) -> None:
        self.key = key
        self.ctx = ctx
        self.outcome = "running"


class Server:
    """Answers after `delay` seconds with `data[key]` as it is then, or raises `errors[key]`."""

    def __init__(self, clock: ManualClock, delay: float = 1.0) -> None:
        self.clock = clock
        self.delay = delay
        self.calls: list[Call] = []
        self.data: dict[Any, Any] = {}
        self.errors: dict[Any, Exception] = {}

    async def fetch(self, key: Any, ctx: Any) -> Any:
        """The fetcher."""
        call = Call(key, ctx)
        self.calls.append(call)
        try:
            await self.clock.sleep(self.delay)
        except asyncio.CancelledError:
            call.outcome = "cancelled"
            raise
        if key in self.errors:
            call.outcome = "failed"
            raise self.errors[key]
        call.outcome = "answered"
        return self.data.get(key, f"data of {key[-1]}")

    @property
    def asked(self) -> list[Any]:
        """The keys of all requests."""
        return [call.key for call in self.calls]

    @property
    def outcomes(self) -> list[str]:
        """How the requests ended."""
        return [call.outcome for call in self.calls]


class World:
    """A store, a client and a server on one clock."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.errors: list[BaseException] = []
        self.store = Store(clock=self.clock, on_error=self.errors.append)
        self.client = QueryClient(self.store, **options)
        self.server = Server(self.clock)

    def query(self, key: Any = ("user", 1), **options: Any) -> Any:
        """A query of the server."""
        return self.client.query(key, self.server.fetch, **options)

    def watch(self, atom: Any) -> list[Any]:
        """Observe an atom; the list gets each value."""
        seen: list[Any] = []
        self.store.subscribe(atom, seen.append)
        return seen

    async def pass_time(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything that follows from it happen."""
        await self.clock.advance(seconds)
        for _ in range(10):
            await asyncio.sleep(0)
