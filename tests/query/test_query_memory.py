"""What a dropped client leaves, and what a cache of many keys costs."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from halflife import QueryClient, QueryDefaults, Store
from halflife.query.entries import Entry
from halflife.testing import ManualClock
from memory_growth import Growth
from query_world import World


@pytest.mark.asyncio
async def test_a_client_dropped_with_everything_in_flight_leaves_nothing() -> None:
    world = World()
    world.server.data[("k",)] = [0]
    other = QueryClient(world.store)
    world.watch(other.query("k"))
    client = QueryClient(world.store)
    query = client.query("k", world.server.fetch, interval=5)
    subscription = world.store.subscribe(query, lambda _: None)
    awaiter = asyncio.ensure_future(client.fetch("other", world.server.fetch))
    client.edit("k", lambda draft: draft.append(1))
    await world.pass_time(0)
    entry = client._cache.find(query._query._key)
    found = [weakref.ref(client), weakref.ref(query), weakref.ref(entry)]
    subscription()
    await world.pass_time(1)
    await awaiter
    del client, query, entry, subscription, awaiter
    assert world.errors == []
    world.server.calls.clear()
    await world.pass_time(1)
    for _ in range(3):
        gc.collect()
        await world.pass_time(0)
    assert [reference() for reference in found] == [None, None, None]


@pytest.mark.asyncio
async def test_invalidating_a_prefix_costs_what_it_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    client = World(defaults=QueryDefaults(cache_size=20_000)).client
    for number in range(10_000):
        client.set_data(("key", number, "part"), number)
    touched: list[Any] = []
    invalidate = Entry.invalidate
    monkeypatch.setattr(Entry, "invalidate", lambda self: touched.append(self.key) or invalidate(self))
    monkeypatch.setattr(type(client._cache), "all_entries", None)
    client.invalidate(("key", 7))
    assert len(touched) == 1


def test_keys_that_are_made_read_and_dropped_leave_nothing() -> None:
    with Store(clock=ManualClock()) as store:
        client = QueryClient(store, defaults=QueryDefaults(cache_size=100))
        growth, number = Growth(rounds=1000), 0
        while growth.goes_on():
            for _ in range(growth.rounds):
                number += 1
                client.set_data(("n", number), [number])
                store.get(client.query(("n", number)))

        assert growth.least.blocks < 0.1
        assert growth.least.allocated < 1.6
