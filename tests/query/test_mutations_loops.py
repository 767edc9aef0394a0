"""Mutations of a client that lives on when its store goes to another event loop."""

import asyncio
from typing import Any

from fetch_server import quiet
from halflife import QueryClient, Store
from halflife.testing import ManualClock


def test_paused_calls_live_on_when_the_store_goes_to_another_loop() -> None:
    sent: list[int] = []

    async def send(variables: int) -> int:
        sent.append(variables)
        if variables == 0:
            await asyncio.Event().wait()
        return variables

    store = Store()
    client = QueryClient(store)
    save = client.mutation(send, scope="s")
    handles: list[Any] = []

    async def first() -> None:
        handles.append(save(0))
        await quiet()
        store.set(client.online, False)
        handles.append(save(1))
        await quiet()

    async def second() -> None:
        store.set(client.online, True)
        handles.append(save(2))
        assert await handles[1] == 1
        assert await handles[2] == 2

    asyncio.run(first())
    asyncio.run(second())
    assert (sent, handles[0].status) == ([0, 1, 2], "cancelled")
    store.close()


def test_calls_that_are_put_together_are_sent_on_the_next_loop() -> None:
    clock = ManualClock()
    store = Store(clock=clock)
    client = QueryClient(store)
    sent: list[int] = []

    async def send(variables: int) -> None:
        sent.append(variables)

    save = client.mutation(send, debounce=1.0)
    handles: list[Any] = []

    async def first() -> None:
        handles.append(save(1))
        await quiet()

    async def second() -> None:
        handles.append(save(2))
        await clock.advance(1.0)
        await quiet()
        await handles[0]
        await handles[1]

    asyncio.run(first())
    asyncio.run(second())
    assert sent == [2]
    store.close()
