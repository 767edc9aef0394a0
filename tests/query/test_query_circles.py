"""Fetchers that await each other: what would wait for ever raises CycleError, and what only looks so does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from halflife import CycleError
from query_world import World

pytestmark = pytest.mark.asyncio


async def test_a_fetcher_that_awaits_its_own_key() -> None:
    world = World()

    async def fetch(key: Any) -> Any:
        return await world.client.fetch(key, fetch)

    task = asyncio.ensure_future(world.client.fetch("a", fetch, retry=False))
    await world.pass_time(1)
    with pytest.raises(CycleError, match=r"\('a',\) → \('a',\)"):
        task.result()


async def test_fetchers_that_await_each_other() -> None:
    world = World()

    async def fetch(key: Any) -> Any:
        await world.clock.sleep(1)
        return await world.client.fetch("b" if key == ("a",) else "a", fetch, retry=False)

    tasks = [asyncio.ensure_future(world.client.fetch(key, fetch, retry=False)) for key in ("a", "b")]
    await world.pass_time(5)
    for task in tasks:
        with pytest.raises(CycleError):
            task.result()


async def test_a_task_that_outlives_its_fetcher_may_await_the_key() -> None:
    world = World()
    later: list[asyncio.Task[Any]] = []

    async def follow(key: Any) -> Any:
        await world.clock.sleep(5)
        return await world.client.fetch(key, fetch, stale_time=0)

    async def fetch(key: Any) -> Any:
        if not later:
            later.append(asyncio.create_task(follow(key)))
        return "data"

    world.client.fetch("a", fetch)
    await world.pass_time(6)
    assert later[0].result() == "data"


async def test_a_fetcher_may_await_another_key() -> None:
    world = World()

    async def fetch_posts(key: Any) -> Any:
        return f"posts of {await world.client.fetch(('user', key[1]), world.server.fetch)}"

    tasks = [asyncio.ensure_future(world.client.fetch(("posts", 1), fetch_posts)) for _ in range(2)]
    await world.pass_time(1)
    assert [task.result() for task in tasks] == ["posts of data of 1"] * 2
    assert len(world.server.calls) == 1
