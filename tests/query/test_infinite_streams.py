"""Going through all items of an infinite query: as a stream, and all at once."""

import asyncio

import pytest

from feed_server import world
from halflife import RunCancelledError


@pytest.mark.asyncio
async def test_stream_goes_through_all_items_and_loads_pages_as_they_are_needed() -> None:
    with world(observed=False) as (clock, _, _, server, feed):
        server.latency = 0
        items = []
        async for item in feed.stream():
            items.append((item, len(server.calls)))
            if item == 4:
                break
        assert items == [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3)]
        assert [item async for item in feed.stream()] == list(range(8))
        await clock.advance(0)
        assert server.calls == [None, 2, 4, 6]


@pytest.mark.asyncio
async def test_stream_and_fetch_all_raise_the_error_of_a_page() -> None:
    with world() as (clock, store, _, server, feed):
        server.latency = 0
        server.errors[4] = [OSError("one"), OSError("two")]
        with pytest.raises(OSError, match="one"):
            [item async for item in feed.stream()]
        with pytest.raises(OSError, match="two"):
            await feed.fetch_all()
        assert store.get(feed.items) == [0, 1, 2, 3]
        assert await feed.fetch_all() == list(range(8))
        await clock.advance(0)


@pytest.mark.asyncio
async def test_stream_gives_an_item_once_that_moves_to_another_page() -> None:
    with world(item_key=lambda item: item) as (_, _, _, server, feed):
        server.latency = 0
        stream = feed.stream()
        items = [await anext(stream), await anext(stream)]
        server.items.insert(0, "new")
        items += [item async for item in stream]
        assert items == list(range(8))


@pytest.mark.asyncio
async def test_fetch_all_loads_all_pages_and_tells_how_far_it_is() -> None:
    with world() as (clock, store, _, server, feed):
        await clock.advance(1)
        loading = feed.fetch_all()
        assert feed.fetch_all() is loading
        seen = []
        with store.subscribe(loading.progress, lambda progress: seen.append(tuple(progress))):
            await clock.advance(10)
            assert await loading == list(range(8))
        assert seen == [(2, 4, 8), (3, 6, 8), (4, 8, 8)]
        assert store.get(feed.progress) == store.get(loading.progress) == (4, 8, 8)
        assert server.calls == [None, 2, 4, 6]
        assert await feed.fetch_all() == await loading
        assert len(server.calls) == 4


@pytest.mark.asyncio
async def test_the_progress_goes_over_pages_that_are_not_kept() -> None:
    with world(max_pages=2) as (clock, store, _, server, feed):
        loading = feed.fetch_all()
        await clock.advance(10)
        assert await loading == list(range(8))
        assert store.get(loading.progress) == (4, 8, 8)
        assert store.get(feed.items) == [4, 5, 6, 7]
        assert server.calls == [None, 2, 4, 6]


@pytest.mark.asyncio
async def test_the_total_is_none_if_the_server_does_not_tell() -> None:
    with world(range(3)) as (clock, store, client, server, _):
        feed = client.infinite(("other",), server.forward)
        loading = feed.fetch_all()
        await clock.advance(5)
        assert await loading == [0, 1, 2]
        assert store.get(loading.progress) == (2, 3, None)


@pytest.mark.asyncio
async def test_cancelling_between_pages_asks_for_no_further_page() -> None:
    with world() as (clock, store, client, server, feed):
        loading = feed.fetch_all()
        await clock.advance(1.5)
        client.cancel(("feed",))
        await clock.advance(10)
        with pytest.raises(RunCancelledError):
            await loading
        assert (server.calls, server.cancelled) == ([None, 2], [2])
        assert (store.get(feed).status, store.get(feed.items)) == ("success", [0, 1])


@pytest.mark.asyncio
async def test_fetch_all_stops_when_the_last_who_awaits_it_is_cancelled() -> None:
    with world() as (clock, store, _, server, feed):
        loading = feed.fetch_all()

        async def wait():
            return await loading

        tasks = [asyncio.ensure_future(wait()), asyncio.ensure_future(wait())]
        await clock.advance(1.5)
        tasks[0].cancel()
        await clock.advance(1)
        assert server.taken() == [None, 2, 4]
        tasks[1].cancel()
        await clock.advance(10)
        assert (server.taken(), store.get(feed.items)) == ([], [0, 1, 2, 3, 4, 5])
        with pytest.raises(RunCancelledError):
            await loading


@pytest.mark.asyncio
async def test_the_atom_lives_as_long_as_what_it_has_started() -> None:
    with world(observed=False) as (_, _, client, server, _):
        server.latency = 0
        assert [item async for item in client.infinite(("a",), server.fetch).stream()] == list(range(8))
        assert await client.infinite(("b",), server.fetch).fetch_all() == list(range(8))
        assert (await client.infinite(("c",), server.fetch).load_more()).items == [0, 1]
