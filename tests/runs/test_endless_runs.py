"""Runs that supersede themselves for ever raise; waits and sets inside runs that end are allowed."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from halflife import FlushLoopError, Store, action, atom, derived
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


async def ended(store: Store, waiting: Awaitable[Any]) -> BaseException | None:
    """The error of an awaitable that must end without help from outside."""
    task: asyncio.Future[Any] = asyncio.ensure_future(_awaited(waiting))
    for _ in range(100):
        await quiet()
    assert task.done(), "it waits for ever"
    assert store._pending_runs == 0
    return task.exception()


async def _awaited(waiting: Awaitable[Any]) -> Any:
    return await waiting


def sets(store: Store, source: Any, value: int) -> None:
    store.set(source, value)


def sets_in_a_batch(store: Store, source: Any, value: int) -> None:
    with store.batch():
        store.set(source, value)


def updates(store: Store, source: Any, value: int) -> None:
    store.update(source, lambda before: value)


async def sets_in_a_task(store: Store, source: Any, value: int) -> None:
    async def later() -> None:
        store.set(source, value)

    await asyncio.create_task(later())


async def sets_in_an_async_action(store: Store, source: Any, value: int) -> None:
    @action
    async def change(get, set):
        await asyncio.sleep(0)
        set(source, value)
        await asyncio.sleep(0)

    await store.set(change)


async def sets_after_a_step(store: Store, source: Any, value: int) -> None:
    await asyncio.sleep(0)
    store.set(source, value)


SETS = [sets, sets_in_a_batch, updates, sets_in_a_task, sets_in_an_async_action, sets_after_a_step]


@pytest.mark.parametrize("observed", [True, False])
@pytest.mark.parametrize("how", SETS)
async def test_an_async_read_that_sets_its_own_input_for_ever(how: Any, observed: bool) -> None:
    source, reported, runs = atom(0), [], []

    @derived
    async def restless(get):
        value = get(source)
        runs.append(value)
        set_it = how(store, source, value + 1)
        if set_it is not None:
            await set_it
        return value

    async with Store(on_error=reported.append) as store:
        if observed:
            store.subscribe(restless, lambda value: None)
        error = await ended(store, store.value(restless))
        assert isinstance(error, FlushLoopError)
        assert "restless" in str(error)
        assert len(runs) <= 1001
        assert (len(reported) == 1) == observed
        # As after any other error, a set from outside runs the read again.
        before = len(runs)
        store.set(source, 10_000)
        assert isinstance(await ended(store, store.value(restless)), FlushLoopError)
        assert runs[before] == 10_000


async def test_a_read_that_refreshes_itself_for_ever() -> None:
    @derived
    async def restless(get):
        await asyncio.sleep(0)
        return await store.refresh(restless)

    async with Store() as store:
        assert isinstance(await ended(store, store.value(restless)), FlushLoopError)


@pytest.mark.parametrize("how", SETS)
async def test_a_read_that_sets_its_own_input_for_a_while_settles(how: Any) -> None:
    source, runs = atom(0), []

    @derived
    async def growing(get):
        value = get(source)
        runs.append(value)
        if value < 900:
            set_it = how(store, source, value + 1)
            if set_it is not None:
                await set_it
        return value

    async with Store() as store:
        for _ in range(3):  # each set from outside resets the count of restarts
            store.set(source, 0)
            assert await store.value(growing) == 900
        assert runs == [*range(901)] * 3


async def test_sets_of_others_are_not_counted() -> None:
    source = atom(0)

    @derived
    async def busy(get):
        value = get(source)
        await asyncio.sleep(0)
        return value

    async with Store() as store:
        with store.subscribe(busy, lambda value: None):
            for number in range(3000):
                store.set(source, number)
                await asyncio.sleep(0)
            assert await store.value(busy) == 2999


class TestWhatEnds:
    async def test_settled_in_a_task_for_which_nobody_waits(self) -> None:
        steps: list[str] = []
        async with Store() as store:

            async def watch() -> None:
                await store.settled()
                steps.append("settled")

            @action
            async def start(get, set):
                keep.append(asyncio.create_task(watch()))
                for _ in range(5):
                    await asyncio.sleep(0)
                steps.append("ends")

            keep: list[Any] = []
            await store.set(start)
            await quiet()
            assert steps == ["ends", "settled"]

    async def test_waiting_for_other_work_is_no_circle(self) -> None:
        async with Store() as store:

            @derived
            async def below(get):
                await asyncio.sleep(0)
                return 1

            @action
            async def inner(get, set):
                return await get(below)

            @derived
            async def above(get):
                return await asyncio.gather(store.value(below), store.set(inner), get(below))

            assert await store.value(above) == [1, 1, 1]

    async def test_a_superseded_run_may_await_its_successor(self) -> None:
        number, gate, seen = atom(1), asyncio.Event(), []

        @derived(cancel="signal")
        async def user(get, signal):
            value = get(number)
            if value == 1:
                await gate.wait()
                seen.append(await store.get(user))
            return value

        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                store.set(number, 2)
                await quiet()
                gate.set()
                await quiet()
                assert seen == [2]

    async def test_cancelling_the_task_that_awaits_an_action_inside_cancels_the_action(self) -> None:
        seen: list[str] = []
        async with Store() as store:

            @action
            async def inner(get, set):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    seen.append("cancelled")
                    raise

            number = atom(1)

            @derived
            async def outer(get):
                if get(number) == 1:
                    await store.set(inner)
                return get(number)

            with store.subscribe(outer, lambda value: None):
                await quiet()
                store.set(number, 2)
                await quiet()
                assert seen == ["cancelled"]
                assert await store.value(outer) == 2

    async def test_ten_thousand_waits_inside_of_actions_are_looked_at_in_little_time(self) -> None:
        gate = asyncio.Event()

        @derived
        async def slow(get):
            await gate.wait()
            return 1

        @action
        async def wait(get, set):
            return await get(slow)

        async with Store() as store:
            handles = [store.set(wait) for _ in range(10_000)]
            await quiet()
            gate.set()
            assert await asyncio.gather(*handles) == [1] * 10_000
