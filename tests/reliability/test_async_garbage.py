"""*Garbage of async code*: every cycle through runs, tasks, waiters and streams is collectable."""

import asyncio
import gc
import weakref

import pytest

from halflife import Store, action, atom, derived, loadable, resource


class Sentinel:
    """A member of a reference cycle, watched by a weak reference."""


def collected(build) -> bool:
    """Whether the result of `build` and its sentinel can be collected."""
    sentinel = Sentinel()
    gone = weakref.ref(sentinel)
    kept = asyncio.run(build(sentinel))
    del sentinel
    gc.collect()
    del kept
    gc.collect()
    return gone() is None


async def settled_async_value(sentinel):
    store = Store()

    async def read(get):
        return sentinel, store, user

    user = derived(read)
    value = store.get(user)
    await value
    return value


async def run_in_flight(sentinel):
    store = Store()

    async def read(get):
        await asyncio.Event().wait()
        return sentinel, store

    store.get(derived(read))
    await asyncio.sleep(0)
    await store.close()
    return store


async def failed_run(sentinel):
    reported = []
    store = Store(on_error=reported.append)

    async def read(get):
        local = (sentinel, store)
        raise ValueError(local)

    user = derived(read)
    store.subscribe(user, print)
    await store.settled()
    assert len(reported) == 1
    reported.clear()
    return store


async def superseded_run(sentinel):
    store, count = Store(), atom(1)

    async def read(get, signal):
        signal.add_callback(lambda: (signal, sentinel))
        if get(count) == 1:
            await asyncio.Event().wait()
        return get(count), sentinel

    user = derived(read)
    store.subscribe(user, lambda value: (store, value))
    await asyncio.sleep(0)
    store.set(count, 2)
    await store.settled()
    return store


async def cancelled_waiter(sentinel):
    store = Store()

    async def read(get):
        await asyncio.Event().wait()

    user = derived(read)

    async def wait():
        local = (sentinel, store)
        await store.get(user)
        return local

    waiter = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    await store.close()
    return store


async def action_and_its_handle(sentinel):
    store = Store()

    @action
    async def save(get, set):
        await asyncio.sleep(0)
        return sentinel, store, handles

    handles = [store.set(save)]
    await handles[0]
    return handles


async def stream_and_its_store(sentinel):
    store = Store()

    async def read(get):
        yield sentinel
        yield sentinel, store

    ticks = derived(read)
    store.subscribe(loadable(ticks), lambda state: (store, ticks))
    await store.settled()
    return store


async def resource_and_its_source(sentinel):
    store, source = Store(), atom(1)

    async def fetch(value, info):
        return sentinel, store, data, info

    data = resource(source, fetch)
    await store.get(data)
    for part in (data.state, data.latest):
        store.get(part)
    return store


@pytest.mark.parametrize(
    "build",
    [
        settled_async_value,
        run_in_flight,
        failed_run,
        superseded_run,
        cancelled_waiter,
        action_and_its_handle,
        stream_and_its_store,
        resource_and_its_source,
    ],
    ids=lambda build: build.__name__,
)
def test_a_cycle_through_a_run_is_collected(build) -> None:
    assert collected(build)


def waiting(wait, ended):
    """A weak reference to a store with an async atom whose run waits; nothing else refers to both."""

    async def read(get):
        try:
            await wait()
        finally:
            ended.append(True)

    store = Store()
    store.get(derived(read))
    return weakref.ref(store)


@pytest.mark.asyncio
async def test_a_dropped_store_whose_run_can_still_end_lives_until_then() -> None:
    ended, answer = [], asyncio.get_running_loop().create_future()
    store = waiting(lambda: asyncio.shield(answer), ended)
    await asyncio.sleep(0)
    gc.collect()
    assert store() is not None
    answer.set_result(1)
    for _ in range(4):
        await asyncio.sleep(0)
    gc.collect()
    assert (store(), ended) == (None, [True])


@pytest.mark.asyncio
async def test_a_dropped_store_is_collected_with_a_run_that_nothing_can_wake() -> None:
    ended = []
    store = waiting(lambda: asyncio.get_running_loop().create_future(), ended)
    await asyncio.sleep(0)
    gc.collect()
    assert (store(), ended) == (None, [True])
