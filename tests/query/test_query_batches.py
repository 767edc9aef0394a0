"""A batch that fails around operations of a client: the cache and what queries show go back together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from halflife import QueryClient, Store
from halflife.testing import ManualClock
from query_world import World

KEY = ("user", 1)

OPERATIONS = {
    "set_data": lambda world, query, layer: world.client.set_data(KEY, {"n": 2}),
    "edit": lambda world, query, layer: world.client.edit(KEY, lambda draft: draft.update(n=3)),
    "invalidate": lambda world, query, layer: world.client.invalidate(KEY),
    "invalidate without a refetch": lambda world, query, layer: world.client.invalidate(KEY, refetch="none"),
    "remove": lambda world, query, layer: world.client.remove(KEY),
    "reset": lambda world, query, layer: world.client.reset(KEY),
    "clear": lambda world, query, layer: world.client.clear(),
    "cancel": lambda world, query, layer: world.client.cancel(KEY),
    "update": lambda world, query, layer: world.store.update(query.data, lambda draft: draft.update(n=4)),
    "refetch": lambda world, query, layer: query.refetch(),
    "commit": lambda world, query, layer: layer.commit(),
    "roll back": lambda world, query, layer: layer.rollback(),
    "set the base": lambda world, query, layer: world.store.layers(query.data).set_base({"n": 5}),
}


async def begun(*, is_observed: bool, has_data: bool, edited: bool) -> tuple[World, Any, Any]:
    world = World()
    world.server.data[KEY] = {"n": 0}
    if has_data:
        world.client.set_data(KEY, {"n": 1})
    query = world.query()
    if is_observed:
        world.watch(query)
    layer = world.client.edit(KEY, lambda draft: draft.update(edited=True)) if edited else None
    await world.pass_time(0)
    return world, query, layer


def check(world: World, query: Any) -> None:
    """What the client knows of the key is what the query shows."""
    entry = world.client._cache.find(query._query._key)
    assert entry is not None
    result = world.store.get(query)
    assert (result.fetch_status == "fetching") == bool(entry.in_flight)
    assert world.store.get(world.client.is_fetching) == int(bool(entry.in_flight))
    assert entry.has_data == (entry.confirmed() is not None)
    assert (result.last_updated is not None) == entry.has_data


@pytest.mark.asyncio
@pytest.mark.parametrize("has_data", [False, True])
@pytest.mark.parametrize("name", OPERATIONS)
async def test_nothing_of_a_batch_that_fails_is_left(name: str, has_data: bool) -> None:
    world, query, layer = await begun(is_observed=True, has_data=has_data, edited=True)
    before, pending = world.store.get(query), world.store.layers(query.data).pending
    with pytest.raises(KeyError), world.store.batch():
        OPERATIONS[name](world, query, layer)
        raise KeyError
    assert (world.store.get(query).data, world.client.get_data(KEY)) == (before.data, before.data)
    assert world.store.get(query).is_stale == before.is_stale
    assert world.store.layers(query.data).pending == pending
    await world.pass_time(0)
    check(world, query)
    await world.pass_time(1)
    check(world, query)
    result = world.store.get(query)
    assert (result.status, result.fetch_status) == ("success", "idle")
    assert result.data["edited"]
    world.client.set_data(KEY, {"n": 9})
    assert world.store.get(query).data == {"n": 9, "edited": True}
    assert world.errors == []


@pytest.mark.asyncio
@pytest.mark.parametrize("has_data", [False, True])
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ("commit", "roll back")])
async def test_a_key_that_nobody_observes(name: str, has_data: bool) -> None:
    world, query, layer = await begun(is_observed=False, has_data=has_data, edited=False)
    before = world.client.get_data(KEY)
    with pytest.raises(KeyError), world.store.batch():
        OPERATIONS[name](world, query, layer)
        raise KeyError
    assert world.client.get_data(KEY) == before
    answer, _ = await asyncio.gather(world.client.fetch(KEY, world.server.fetch), world.pass_time(1))
    assert answer == (before or {"n": 0})
    world.store.subscribe(query, lambda _: None)
    check(world, query)
    await world.pass_time(1)
    check(world, query)


@pytest.mark.asyncio
async def test_an_answer_counts_if_the_data_set_by_hand_was_taken_back() -> None:
    world, query, _ = await begun(is_observed=True, has_data=False, edited=False)
    with pytest.raises(KeyError), world.store.batch():
        world.client.set_data(KEY, {"n": 2})
        raise KeyError
    await world.pass_time(1)
    assert world.store.get(query).data == {"n": 0}
    assert len(world.server.calls) == 1


@pytest.mark.asyncio
async def test_an_answer_is_dropped_if_data_was_set_by_hand_before_the_batch() -> None:
    world, query, _ = await begun(is_observed=True, has_data=False, edited=False)
    world.client.set_data(KEY, {"n": 2})
    for _ in range(2):
        with pytest.raises(KeyError), world.store.batch():
            world.client.remove(("other",))
            world.client.set_data(KEY, {"n": 3})
            raise KeyError
    await world.pass_time(1)
    assert world.store.get(query).data == {"n": 2}


@pytest.mark.asyncio
async def test_only_the_inner_batch_fails() -> None:
    world, query, _ = await begun(is_observed=True, has_data=True, edited=False)
    with world.store.batch():
        world.client.set_data(KEY, {"n": 2})
        with pytest.raises(KeyError), world.store.batch():
            world.client.remove(KEY)
            assert world.client.get_data(KEY) is None
            raise KeyError
        assert world.client.get_data(KEY) == {"n": 2}
    assert world.store.get(query).data == {"n": 2}
    check(world, query)
    await world.pass_time(1)
    check(world, query)
    assert (world.store.get(query).data, world.server.calls) == ({"n": 2}, [])


@pytest.mark.asyncio
async def test_a_refetch_that_was_owed_before_the_batch_is_not_lost() -> None:
    world, query, _ = await begun(is_observed=True, has_data=True, edited=False)

    async def send(draft: Any) -> None:
        await world.clock.sleep(5)

    saga = world.store.mutate(query.data, lambda draft: draft.update(n=7), send)
    world.client.invalidate(KEY)
    with pytest.raises(KeyError), world.store.batch():
        world.client.remove(KEY)
        raise KeyError
    await world.pass_time(5)
    await saga
    assert len(world.server.calls) == 1
    await world.pass_time(1)
    assert world.store.get(query).data == {"n": 0}


@pytest.mark.asyncio
async def test_the_tags_are_taken_back_too() -> None:
    world = World()
    world.client.set_defaults("user", tags=(lambda data: ("team", data["team"]),))
    world.client.set_data(KEY, {"team": 1})
    with pytest.raises(KeyError), world.store.batch():
        world.client.set_data(KEY, {"team": 2})
        raise KeyError
    world.client.invalidate(tag=("team", 2), refetch="none")
    assert not _is_stale(world)
    world.client.invalidate(tag=("team", 1), refetch="none")
    assert _is_stale(world)


def _is_stale(world: World) -> bool:
    found: list[bool] = []
    world.client.cancel(where=lambda info: found.append(info.is_stale))
    return found == [True]


def test_without_an_event_loop() -> None:
    client = QueryClient(Store(clock=ManualClock()))
    client.set_data("k", 1)
    with pytest.raises(KeyError), client.store.batch():
        client.set_data("k", 2)
        client.set_data("other", 2)
        raise KeyError
    assert (client.get_data("k"), client.get_data("other")) == (1, None)
    asyncio.run(_fetches(client))


async def _fetches(client: QueryClient) -> None:
    async def fetch(key: Any) -> Any:
        return key

    assert await client.fetch("k", fetch) == 1
    assert await client.fetch("other", fetch) == ("other",)


@pytest.mark.asyncio
async def test_an_entry_that_a_batch_has_emptied_is_forgotten_after_it() -> None:
    world = World()
    world.client.set_data("k", 1)
    with world.store.batch():
        world.client.remove("k")
    await world.pass_time(0)
    assert "0 keys" in repr(world.client)
