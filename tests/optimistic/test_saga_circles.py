"""Sagas that wait for each other in a circle: the wait that closes the circle raises, and the others go on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fetch_server import quiet
from halflife import CycleError, Store, action, draft_atom
from saga_server import add, todos_atom

pytestmark = pytest.mark.asyncio

CIRCLE = "wait for ever"


async def nothing(value: Any) -> None:
    """An effect that returns at once."""


async def await_it(store: Store, handle: Any) -> None:
    await handle


async def await_in_a_task(store: Store, handle: Any) -> None:
    await asyncio.create_task(await_it(store, handle))


async def await_among_others(store: Store, handle: Any) -> None:
    await asyncio.gather(handle, quiet())


async def await_for_some_time(store: Store, handle: Any) -> None:
    await asyncio.wait_for(handle, 60)


async def await_in_an_action(store: Store, handle: Any) -> None:
    @action
    async def act(get: Any, set: Any) -> None:
        await handle

    await store.set(act)


async def await_in_another_saga(store: Store, handle: Any) -> None:
    await store.mutate(todos_atom(), None, lambda _: await_it(store, handle))


WAYS = [
    await_it,
    await_in_a_task,
    await_among_others,
    await_for_some_time,
    await_in_an_action,
    await_in_another_saga,
]
Way = Callable[[Store, Any], Awaitable[None]]


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("way", WAYS)
async def test_scopes_that_wait_for_each_other_in_a_ring(way: Way, count: int) -> None:
    todos = todos_atom()
    async with Store() as store:
        begun = asyncio.Barrier(count)

        async def wait_for_the_next(place: int) -> None:
            await begun.wait()  # each saga now holds its scope
            handle = store.mutate(todos, add(f"inner {place}"), nothing, scope=str((place + 1) % count))
            await way(store, handle)

        handles = [
            store.mutate(
                todos, add(f"outer {place}"), lambda _, place=place: wait_for_the_next(place), scope=str(place)
            )
            for place in range(count)
        ]
        results = await asyncio.wait_for(asyncio.gather(*handles, return_exceptions=True), 5)
        errors = [result for result in results if result is not None]
        assert [type(error) for error in errors] == [CycleError]
        message = str(errors[0])
        assert CIRCLE in message
        assert "todos" in message
        failed = next(place for place, result in enumerate(results) if result is not None)
        await quiet()
        assert store.layers(todos).pending == 0
        kept = {*(f"outer {place}" for place in range(count)), *(f"inner {place}" for place in range(count))}
        assert set(store.get(todos)["order"]) == kept - {f"outer {failed}"}


@pytest.mark.parametrize("scope", [None, "one"])
@pytest.mark.parametrize("way", WAYS)
async def test_an_effect_that_awaits_its_own_handle(way: Way, scope: str | None) -> None:
    todos = todos_atom()
    async with Store() as store:
        handles: list[Any] = []
        handles.append(store.mutate(todos, add("a"), lambda _: way(store, handles[0]), scope=scope))
        with pytest.raises(CycleError, match=CIRCLE):
            await asyncio.wait_for(handles[0], 5)
        assert (handles[0].status, store.get(todos)["order"]) == ("error", [])


@pytest.mark.parametrize("scopes", [(None, None), ("one", "two"), ("one", None)])
async def test_effects_that_await_each_others_handles(scopes: tuple[str | None, str | None]) -> None:
    todos = todos_atom()
    async with Store() as store:
        handles: list[Any] = []
        for place, scope in enumerate(scopes):

            def effect(value: Any, place: int = place) -> Any:
                return await_it(store, handles[1 - place])

            handles.append(store.mutate(todos, add(str(place)), effect, scope=scope))
        results = await asyncio.wait_for(asyncio.gather(*handles, return_exceptions=True), 5)
        assert all(isinstance(result, CycleError) and CIRCLE in str(result) for result in results)
        assert store.get(todos)["order"] == []


async def test_between_two_stores() -> None:
    todos = todos_atom()
    async with Store() as one, Store() as other:
        begun = asyncio.Barrier(2)

        async def cross(store: Store) -> None:
            await begun.wait()
            await store.mutate(todos, None, nothing, scope="s")

        handles = [
            one.mutate(todos, None, lambda _: cross(other), scope="s"),
            other.mutate(todos, None, lambda _: cross(one), scope="s"),
        ]
        results = await asyncio.wait_for(asyncio.gather(*handles, return_exceptions=True), 5)
        assert sorted(map(type, results), key=str) == sorted([type(None), CycleError], key=str)


async def test_sagas_that_nobody_awaits_or_that_wait_in_one_direction_are_no_circle() -> None:
    todos = draft_atom({"order": [], "items": {}})
    async with Store() as store:
        begun = asyncio.Barrier(2)
        later: list[Any] = []

        async def leave_one(scope: str) -> str:
            await begun.wait()
            later.append(store.mutate(todos, None, nothing, scope=scope))
            return "left"

        async def go_down(depth: int) -> int:
            if depth == 20:
                return depth
            return await store.mutate(todos, None, lambda _: go_down(depth + 1), scope=f"level {depth}")

        handles = [
            store.mutate(todos, None, lambda _: leave_one("two"), scope="one"),
            store.mutate(todos, None, lambda _: leave_one("one"), scope="two"),
        ]
        assert await asyncio.wait_for(asyncio.gather(*handles), 5) == ["left", "left"]
        await asyncio.wait_for(asyncio.gather(*later), 5)
        assert await asyncio.wait_for(go_down(0), 5) == 20
        both = [store.mutate(todos, None, lambda _: go_down(3), scope="level 0") for _ in range(3)]
        assert await asyncio.wait_for(asyncio.gather(*both), 5) == [20, 20, 20]
