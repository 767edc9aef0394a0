"""A server for tests of mutations: a table of lists by key. The test says when each request is answered, and how."""

import asyncio
from collections import Counter
from typing import Any, Self

from fetch_server import quiet
from halflife import QueryClient, Store
from halflife.query.mutation_context import MutationContext
from halflife.testing import ManualClock


class Call:
    """One request of a mutation that the server has got."""

    def __init__(self, variables: Any, context: MutationContext) -> None:
        self.variables = variables
        self.context = context
        self.is_cancelled = False
        self._answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def result(self) -> Any:
        try:
            return await self._answer
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise

    async def answer(self, result: Any = None) -> None:
        """The server answers: a result, or an error."""
        if isinstance(result, BaseException):
            self._answer.set_exception(result)
        else:
            self._answer.set_result(result)
        await quiet()


class Backend:
    """The server."""

    def __init__(self) -> None:
        self.table: dict[Any, list[Any]] = {}
        #: How often each key was fetched.
        self.fetches: Counter[Any] = Counter()
        self.calls: list[Call] = []
        #: While True, fetches wait for `release`.
        self.is_slow = False
        self._waiting: list[asyncio.Future[None]] = []

    async def fetch(self, key: tuple[Any, ...]) -> list[Any]:
        """The fetcher of all keys. The answer is as the table was when the request came."""
        self.fetches[key] += 1
        answer = list(self.table.get(key, []))
        if self.is_slow:
            gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(gate)
            await gate
        return answer

    async def release(self) -> None:
        """All fetches that wait get their answers."""
        waiting, self._waiting = self._waiting, []
        for gate in waiting:
            if not gate.done():
                gate.set_result(None)
        await quiet()

    async def send(self, variables: Any, context: MutationContext) -> Any:
        """The function of mutations."""
        call = Call(variables, context)
        self.calls.append(call)
        return await call.result()

    @property
    def sent(self) -> list[Any]:
        """The variables of all requests, in order."""
        return [call.variables for call in self.calls]


class World:
    """A store on a manual clock with a client and a server; the errors that were reported."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.reported: list[BaseException] = []
        self.store = Store(clock=self.clock, on_error=self.reported.append)
        self.client = QueryClient(self.store, **options)
        self.backend = Backend()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()

    async def watch(self, *key: Any, data: list[Any] | None = None) -> list[Any]:
        """Observe a key, with the data that the server has for it; what a subscriber saw, from then on."""
        self.backend.table[key] = list(data or [])
        query = self.client.query(key, self.backend.fetch)
        seen: list[Any] = []
        self.store.subscribe(query, lambda _: None)
        self.store.subscribe(query.data, lambda data: seen.append(data))
        await quiet()
        seen.clear()
        return seen

    def data(self, *key: Any) -> Any:
        """The visible data of a key."""
        return self.client.get_data(key)

    def states(self) -> list[tuple[str, Any]]:
        """The status and the variables of all calls that run, wait or failed."""
        return [(state.status, state.variables) for state in self.store.get(self.client.mutations)]

    def running(self) -> int:
        return self.store.get(self.client.is_mutating)


def append(draft: Any, variables: Any) -> None:
    """An edit: the variables become the last item."""
    draft.append(variables)
