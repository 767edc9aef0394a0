"""A plain read that *returns a coroutine* has a run like an async read; reads inside the coroutine are the run's."""

import asyncio

import pytest

from halflife import CycleError, Store, atom, derived, unwrap


def awaiting(upstream, starts):
    async def body(get):
        starts.append("start")
        value = await get(upstream)
        starts.append(value)
        return value + 1

    return derived(lambda get: body(get))


@pytest.mark.asyncio
@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("passes", [0, 1, 3])
async def test_awaiting_a_pending_input_does_not_restart_the_run(observed, passes):
    with Store() as store:
        source, starts = atom(1), []

        @derived
        async def first(get):
            value = get(source)
            for _ in range(passes):
                await asyncio.sleep(0)
            return value

        plus = awaiting(first, starts)
        if observed:
            store.subscribe(plus, lambda value: None)
        assert await store.value(plus) == 2
        assert starts == ["start", 1]
        store.set(source, 5)
        assert await store.value(plus) == 6
        assert starts == ["start", 1, "start", 5]


@pytest.mark.asyncio
async def test_a_change_of_a_received_input_restarts_the_run():
    with Store() as store:
        one, other = atom(1), atom(10)
        gate = asyncio.Event()
        starts = []

        async def body(get):
            starts.append(get(one))
            await gate.wait()
            return starts[-1] + get(other)

        total = derived(lambda get: body(get))
        store.subscribe(total, lambda value: None)
        await asyncio.sleep(0)
        store.set(one, 2)
        await asyncio.sleep(0)
        gate.set()
        assert await store.value(total) == 12
        assert starts == [1, 2]
        store.set(other, 20)
        assert await store.value(total) == 22


@pytest.mark.asyncio
async def test_a_circle_of_them_is_an_error():
    with Store(on_error=lambda error: None) as store:
        atoms = []
        for number in range(3):

            async def body(get, following=(number + 1) % 3):
                await asyncio.sleep(0)
                return await get(atoms[following])

            atoms.append(derived(lambda get, body=body: body(get)))
        with pytest.raises(CycleError):
            await store.value(atoms[0])


@pytest.mark.asyncio
async def test_reads_in_a_task_that_the_coroutine_started_count():
    with Store() as store:
        source, started = atom(1), []

        async def body(get):
            await asyncio.sleep(0)
            return get(source)

        def read(get):
            started.append(1)
            return asyncio.ensure_future(body(get))

        shown = derived(read)
        store.subscribe(unwrap(shown), lambda value: None)
        assert await store.value(shown) == 1
        store.set(source, 2)
        assert await store.value(shown) == 2
        assert len(started) == 2


@pytest.mark.asyncio
async def test_a_chain_of_them_starts_each_once():
    with Store() as store:
        source, starts = atom(1), []
        top = derived(lambda get: get(source))
        for _ in range(30):
            top = awaiting_any(top, starts)
        assert await store.value(top) == 31
        assert len(starts) == 30


def awaiting_any(upstream, starts):
    async def body(get):
        starts.append(1)
        value = get(upstream)
        return (value if isinstance(value, int) else await value) + 1

    return derived(lambda get: body(get))
