"""Queries without an event loop, and on several loops one after another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from halflife import NoEventLoopError, QueryClient, QueryDefaults, Store
from halflife.testing import ManualClock


class TestWithoutALoop:
    def test_a_read_that_would_start_a_fetch_raises(self) -> None:
        with Store() as store:
            client = QueryClient(store)
            user = client.query("a", lambda key: 1)
            with pytest.raises(NoEventLoopError):
                store.get(user)
            client.set_data("a", 5)
            assert store.get(user).data == 5
            assert store.get(user.data) == 5

    def test_the_cache_works(self) -> None:
        with Store() as store:
            client = QueryClient(store)
            client.set_data(("a", 1), [1])
            client.edit(("a", 1), lambda draft: draft.append(2))
            assert client.get_data(("a", 1)) == [1, 2]
            client.invalidate("a")
            client.remove("a")
            assert client.get_data(("a", 1)) is None

    def test_a_client_is_used_from_several_loops(self) -> None:
        store = Store(clock=ManualClock())
        client = QueryClient(store)
        calls = []

        async def fetch(key: Any) -> Any:
            calls.append(key)
            await store.clock.sleep(1)
            return len(calls)

        user = client.query("a", fetch)

        async def abandon() -> None:
            store.subscribe(user, lambda _: None)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        async def finish() -> Any:
            store.get(user)
            await asyncio.sleep(0)
            await store.clock.advance(1)  # type: ignore[attr-defined]
            return store.get(user).data

        async def fetch_more() -> Any:
            pending = client.fetch("b", fetch)
            task = asyncio.ensure_future(pending)
            await asyncio.sleep(0)
            await store.clock.advance(1)  # type: ignore[attr-defined]
            return await task

        asyncio.run(abandon())
        assert calls == [("a",)]
        assert asyncio.run(finish()) == 2
        assert asyncio.run(fetch_more()) == 3
        store.close()


def test_another_thread_fetches_by_call() -> None:
    async def main() -> list[object]:
        async with Store() as store:
            client = QueryClient(store)
            got: list[object] = []

            async def fetch(key: Any) -> Any:
                return key[0]

            def ask() -> None:
                got.append(store.call(client.fetch, "a", fetch).result(10))
                got.append(store.call(client.query("a", fetch).refetch).result(10).data)

            await asyncio.to_thread(ask)
            return got

    assert asyncio.run(main()) == ["a", "a"]


def test_the_cache_size_holds_without_a_loop() -> None:
    with Store(clock=ManualClock()) as store:
        client = QueryClient(store, defaults=QueryDefaults(cache_size=10))
        for number in range(100):
            client.set_data(("n", number), number)
        kept = [number for number in range(100) if client.get_data(("n", number)) is not None]
        assert kept == list(range(90, 100))
