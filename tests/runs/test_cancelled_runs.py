"""Runs that are cancelled every time: each waiter gets the error, and no run starts again by itself."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from halflife import (
    AsyncValue,
    Atom,
    RunCancelledError,
    Store,
    atom,
    derived,
    editable,
    initial_from,
    loadable,
    resource,
    select,
    unwrap,
)


async def cancels_itself() -> None:
    raise asyncio.CancelledError("of its own")


async def is_cancelled_later() -> None:
    await asyncio.sleep(0)
    raise asyncio.CancelledError("of its own")


async def awaits_a_cancelled_task() -> None:
    task = asyncio.ensure_future(asyncio.sleep(3600))
    asyncio.get_running_loop().call_soon(task.cancel)
    await task


async def is_cancelled_from_outside() -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().call_soon(task.cancel)
    await asyncio.get_running_loop().create_future()


WAYS = [cancels_itself, is_cancelled_later, awaits_a_cancelled_task, is_cancelled_from_outside]


class Fetch:
    """An async atom whose runs are all cancelled."""

    def __init__(self, way: Callable[[], Awaitable[None]]) -> None:
        self.runs = 0
        self.trigger = atom(0)

        async def read(get: Any) -> list[int]:
            get(self.trigger)
            self.runs += 1
            await way()
            return [1]

        self.atom: Atom[Any] = derived(read)


def derived_twice(below: Any) -> Any:
    once = derived(lambda get: get(below))
    return derived(lambda get: get(once))


def awaited(below: Any) -> Any:
    @derived
    async def above(get):
        return await get(below)

    return above


def handed_on(below: Any) -> Any:
    @derived
    async def above(get):
        return get(below)

    return above


def awaited_by_a_coroutine(below: Any) -> Any:
    async def wait(value):
        return await value

    return derived(lambda get: wait(get(below)))


def awaited_by_a_child_task(below: Any) -> Any:
    async def wait(value):
        return (await asyncio.gather(wait_alone(value)))[0]

    async def wait_alone(value):
        return await value

    return derived(lambda get: wait(get(below)))


def got_twice(below: Any) -> Any:
    other = derived(lambda get: get(below))

    @derived
    async def above(get):
        with suppress(RunCancelledError):
            await get(below)
        await asyncio.sleep(0)
        return await get(other)

    return above


LOOKS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda below: below,
    "select": lambda below: select(below, lambda value: value[0]),
    "nested select": lambda below: select(select(below, lambda value: value[0]), str),
    "editable": editable,
    "initial": lambda below: initial_from(below, [0]),
    "derived": lambda below: derived(lambda get: get(below)),
    "derived twice": derived_twice,
    "awaited": awaited,
    "handed on": handed_on,
    "awaited by a coroutine": awaited_by_a_coroutine,
    "awaited by a child task": awaited_by_a_child_task,
    "got twice": got_twice,
    "resource": lambda below: resource(below, lambda value, info: value),
}


async def passes() -> None:
    for _ in range(40):
        await asyncio.sleep(0)


async def ended(waiting: Awaitable[Any]) -> Any:
    """The error or value with which a wait ends; fail if the wait does not end."""
    task = asyncio.ensure_future(waiting)
    for _ in range(100):
        if task.done():
            return task.exception() or task.result()
        await asyncio.sleep(0)
    task.cancel()
    pytest.fail("it waits for ever")


async def by_get(store: Store, seen: Any) -> Any:
    value: Any = store.get(seen)
    while isinstance(value, AsyncValue):
        value = await value
    return value


async def by_changes(store: Store, seen: Any) -> Any:
    async for _ in store.changes(seen):
        pass


WAITS: dict[str, Callable[[Store, Any], Awaitable[Any]]] = {
    "value": lambda store, seen: store.value(seen),
    "get": by_get,
    "until": lambda store, seen: store.until(seen, lambda value: False),
    "changes": by_changes,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("look", [look for look in LOOKS if look != "initial"])
@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_each_wait_ends_with_the_error(way: Any, observed: bool, look: str) -> None:
    for wait in WAITS.values():
        fetch = Fetch(way)
        seen = LOOKS[look](fetch.atom)
        async with Store(on_error=lambda error: None) as store:
            if observed:
                store.subscribe(seen, lambda value: None, on_error=lambda error: None)
                await passes()
            for _ in range(2):
                runs = fetch.runs
                assert isinstance(await ended(wait(store, seen)), RunCancelledError)
                await passes()
                # One run, or two if a dependent reads the atom again after its first read failed.
                assert runs < fetch.runs <= runs + 2
            await ended(store.settled())


@pytest.mark.asyncio
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("way", WAYS)
async def test_a_cancelled_run_starts_again_for_a_read_or_a_change_and_never_by_itself(way: Any, look: str) -> None:
    fetch = Fetch(way)
    seen = LOOKS[look](fetch.atom)
    views = [seen, loadable(seen), unwrap(seen, None), loadable(seen, keep_previous=True)]
    async with Store(on_error=lambda error: None) as store:
        for view in views:
            store.subscribe(view, lambda value: None, on_error=lambda error: None, immediate=True)
        await passes()
        await ended(store.settled())
        assert fetch.runs > 0
        for turn in itertools.count(1):
            runs = fetch.runs
            await passes()
            assert fetch.runs == runs
            if turn == 3:
                break
            store.set(fetch.trigger, turn)
            await passes()
            await ended(store.settled())
            assert runs < fetch.runs <= runs + 2


@pytest.mark.asyncio
@pytest.mark.parametrize("look", [look for look in LOOKS if look != "initial"])
async def test_a_successful_run_after_cancellations_serves_everybody(look: str) -> None:
    fails = [True]

    async def way() -> None:
        await asyncio.sleep(0)
        if fails[0]:
            raise asyncio.CancelledError

    fetch = Fetch(way)
    seen = LOOKS[look](fetch.atom)
    async with Store(on_error=lambda error: None) as store:
        shown: list[Any] = []
        store.subscribe(unwrap(seen, None), shown.append, on_error=shown.append)
        await passes()
        fails[0] = False
        expected = {"select": 1, "nested select": "1"}.get(look, [1])
        assert await ended(store.value(seen)) == expected
        assert shown[-1] == expected


@pytest.mark.asyncio
@pytest.mark.parametrize("look", ["itself", "editable", "derived", "derived twice", "awaited by a coroutine"])
async def test_a_new_dependent_of_a_cancelled_atom_starts_a_run(look: str) -> None:
    fails = [True]

    async def way() -> None:
        await asyncio.sleep(0)
        if fails[0]:
            raise asyncio.CancelledError

    fetch = Fetch(way)
    async with Store(on_error=lambda error: None) as store:
        store.subscribe(fetch.atom, lambda value: None, on_error=lambda error: None)
        assert isinstance(await ended(store.value(fetch.atom)), RunCancelledError)
        fails[0] = False
        assert await ended(store.value(LOOKS[look](fetch.atom))) == [1]


@pytest.mark.asyncio
@pytest.mark.parametrize("look", [look for look in LOOKS if look != "initial"])
async def test_a_waiter_that_is_cancelled_disturbs_nobody(look: str) -> None:
    gate = asyncio.Event()

    async def way() -> None:
        await gate.wait()

    fetch = Fetch(way)
    seen = LOOKS[look](fetch.atom)
    async with Store(on_error=lambda error: None) as store:
        others = [asyncio.ensure_future(wait(store, seen)) for name, wait in WAITS.items() if name in ("value", "get")]
        waits = [asyncio.ensure_future(wait(store, seen)) for wait in WAITS.values()]
        await passes()
        for waiting in waits:
            waiting.cancel()
        assert all(
            isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*waits, return_exceptions=True)
        )
        gate.set()
        expected = {"select": 1, "nested select": "1"}.get(look, [1])
        assert [await ended(other) for other in others] == [expected] * 2
        assert fetch.runs == 1
