"""How long infinite and paged queries live: what they hold, other event loops, and stores that are closed."""

import asyncio
import gc
import weakref

import pytest

from feed_server import FeedServer, world
from halflife import QueryClient, RunCancelledError, Store, StoreClosedError
from halflife.testing import ManualClock


@pytest.mark.asyncio
async def test_a_client_that_is_dropped_with_feeds_and_what_they_have_started_leaves_nothing() -> None:
    clock = ManualClock()
    store = Store(clock=clock)
    client = QueryClient(store)
    server = FeedServer(clock, range(20))
    feed = client.infinite(("feed",), server.fetch, item_key=lambda item: item, max_pages=3)
    paged = client.paged(("paged",), server.fetch, prefetch_next=True)
    with store.subscribe(feed, lambda _: None), store.subscribe(paged.result, lambda _: None):
        await clock.advance(1)
        client.edit(("feed",), lambda pages: pages[0].items.append("mine"))
        feed.fetch_all()
        paged.next()
        await clock.advance(2.5)
        feed.load_previous()
        feed.refetch()
        await clock.advance(0.5)
    gone = [weakref.ref(one) for one in (client, feed, paged, feed.items, feed._feed, paged._pages, store)]
    store.close()
    await clock.advance(0)
    del client, feed, paged, store
    gc.collect()
    assert [one() for one in gone] == [None] * len(gone)


@pytest.mark.asyncio
async def test_a_feed_that_is_dropped_leaves_its_pages_to_the_cache_and_nothing_else() -> None:
    with world(observed=False) as (clock, _, client, server, _):
        feed = client.infinite(("dropped",), server.fetch)
        feed.load_more()
        await clock.advance(1)
        gone = weakref.ref(feed)
        del feed
        gc.collect()
        assert gone() is None
        assert client.get_data(("dropped",))[0].items == [0, 1]


def test_a_client_at_module_level_goes_on_in_another_event_loop() -> None:
    clock = ManualClock()
    with Store(clock=clock) as store:
        client = QueryClient(store)
        server = FeedServer(clock, range(8))
        feed = client.infinite(("feed",), server.fetch)
        paged = client.paged(("paged",), server.fetch)

        async def first():
            with store.subscribe(feed, lambda _: None):
                await clock.advance(1)
                feed.load_more()
                paged.next()
                loading = feed.fetch_all()
                await clock.advance(0.5)
                return loading

        loading = asyncio.run(first())
        assert store.get(feed.items) == [0, 1]

        async def second():
            with pytest.raises(RunCancelledError):
                await loading
            assert not store.get(feed.is_loading_more)
            again = feed.fetch_all()
            await clock.advance(10)
            assert await again == list(range(8))
            following = paged.goto(2)
            await clock.advance(1)
            assert (await following).status == "success"

        asyncio.run(second())


@pytest.mark.asyncio
async def test_closing_the_store_ends_who_waits_for_a_page() -> None:
    with world() as (clock, store, _, _, feed):
        await clock.advance(1)

        async def read():
            return [item async for item in feed.stream()]

        async def read_at_once():
            return await feed.fetch_all()

        waiting = [asyncio.ensure_future(read()), asyncio.ensure_future(read_at_once())]
        more = feed.load_more()
        await clock.advance(0.5)
        store.close()
        results = await asyncio.gather(*waiting, more, return_exceptions=True)
        assert all(isinstance(one, (StoreClosedError, RunCancelledError)) for one in results)
