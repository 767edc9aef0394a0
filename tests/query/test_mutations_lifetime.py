"""What mutations leave behind: nothing, when their client, their store or their handles are dropped."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from fetch_server import quiet
from halflife import QueryClient, Store
from halflife.testing import ManualClock, assert_no_leaks
from mutation_server import World, append


def test_a_dropped_client_with_calls_in_every_state_leaves_nothing() -> None:
    clock = ManualClock()

    async def use() -> None:
        store = Store(clock=clock, on_error=lambda error: None)
        client = QueryClient(store)

        async def send(variables: str) -> None:
            if variables in ("kept", "refused"):
                raise TimeoutError if variables == "kept" else ValueError
            await asyncio.Event().wait()

        options: dict[str, Any] = {"key": ("todos",), "update": append, "included": lambda data, v: False}
        save = client.mutation(send, keep_on=TimeoutError, scope=lambda v: v, invalidates=["todos"], **options)
        paced = client.mutation(send, debounce=1.0, **options)
        store.subscribe(client.mutations, lambda states: None)
        for variables in ("kept", "refused", "running", "running"):
            save(variables)
        paced("collected")
        await quiet()
        store.set(client.online, False)
        save("paused")
        await quiet()
        assert len(store.get(client.mutations)) == 6
        await store.close()

    with assert_no_leaks(clock=clock):
        asyncio.run(use())


def test_a_store_that_is_dropped_unclosed_is_freed_with_its_mutations() -> None:
    async def use() -> None:
        store = Store(on_error=lambda error: None)
        client = QueryClient(store)

        async def send(variables: int) -> int:
            return variables

        add = client.mutation(send, key=("todos",), update=append, invalidates=["todos"])
        for number in range(5):
            await add(number)
        await store.settled()

    with assert_no_leaks():
        asyncio.run(use())


@pytest.mark.asyncio
async def test_a_call_that_has_ended_is_freed_with_its_handle() -> None:
    async with World() as world:
        await world.watch("todos")

        class Variables:
            pass

        save = world.client.mutation(world.backend.send, invalidates=["todos"])
        first = Variables()
        freed = weakref.ref(first)
        handle = save(first)
        await quiet()
        await world.backend.calls[0].answer("yes")
        assert await handle == "yes"
        del first, handle
        world.backend.calls.clear()
        later = save(Variables())  # The state shows this one now.
        await quiet()
        gc.collect()
        assert freed() is None
        later.cancel()


@pytest.mark.asyncio
async def test_many_calls_leave_no_entries_layers_or_requests() -> None:
    async with World() as world:
        await world.watch("todos")

        async def send(variables: int) -> None:
            if variables % 3 == 0:
                raise ValueError

        add = world.client.mutation(send, key=("todos",), update=append, scope="s", invalidates=["todos"])
        handles = [add(number) for number in range(300)]
        await world.store.settled()
        for handle in handles:
            assert handle.done()
        for state in world.store.get(world.client.mutations):
            world.client.dismiss(state)
        cache = world.client._mutations
        assert (len(cache._calls), len(cache.queue.requests), cache.queue._scopes, cache.owed._owed) == (0, 0, {}, {})
        entry = world.client._cache.all_entries()[0]
        assert (entry.policy.mutations, entry.asked_of_answers, cache.owed._held) == (0, {}, {})
        assert world.store.layers(entry.data).pending == 0
        assert world.backend.fetches[("todos",)] == 2  # One refetch after the last of the scope.
        for handle in handles[::3]:
            with pytest.raises(ValueError):
                handle.result()
