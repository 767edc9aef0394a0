"""Infinite queries that are fetched again: page by page, with the cursors that the new answers give."""

import asyncio
import logging
import math

import pytest

from feed_server import loaded, world
from halflife import Page, QueryClient, Retry, Store
from halflife.testing import ManualClock


@pytest.mark.asyncio
async def test_a_refetch_asks_for_the_kept_pages_in_order_and_swaps_them_in_at_once() -> None:
    with world() as (clock, store, _, server, feed):
        await loaded(clock, feed, 3)
        server.items = [item * 10 for item in server.items]
        server.taken()
        seen = []
        with store.subscribe(feed.items, lambda items: seen.append((clock.now(), items))):
            feed.refetch()
            assert store.get(feed).is_refetching
            assert not store.get(feed.is_loading_more)
            await clock.advance(10)
        assert seen == [(6, [0, 10, 20, 30, 40, 50])]
        assert server.calls == [None, 2, 4]


@pytest.mark.asyncio
async def test_cursors_are_those_of_the_new_answers() -> None:
    following = {None: "a", "a": "b", "b": None}
    calls = []

    async def fetch(cursor):
        calls.append(cursor)
        return [cursor], following[cursor]

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        await feed.load_more()
        await feed.load_more()
        following = {None: "c", "c": "d", "d": "e"}
        await feed.refetch()
        assert calls == [None, "a", "b", None, "c", "d"]
        assert store.get(feed.items) == [None, "c", "d"]
        assert store.get(feed.has_more)


@pytest.mark.asyncio
async def test_a_refetch_ends_where_the_cursors_end() -> None:
    with world() as (clock, store, _, server, feed):
        await loaded(clock, feed, 4)
        server.items = [0, 1, 2]
        server.taken()
        feed.refetch()
        await clock.advance(10)
        assert (server.calls, store.get(feed.items), store.get(feed.has_more)) == ([None, 2], [0, 1, 2], False)


@pytest.mark.asyncio
async def test_a_refetch_of_the_first_page_drops_the_others() -> None:
    with world(refetch_pages="first") as (clock, store, client, server, feed):
        await loaded(clock, feed, 3)
        server.taken()
        await asyncio.gather(client.invalidate(("feed",)), _moved(clock, 5))
        assert (server.calls, store.get(feed.items), store.get(feed.has_more)) == ([None], [0, 1], True)


async def _moved(clock, seconds):
    await clock.advance(seconds)


@pytest.mark.asyncio
async def test_an_equal_refetch_keeps_all_objects_and_the_data_is_not_notified() -> None:
    async def fetch(cursor):
        start = cursor or 0
        return Page([{"id": start}, {"id": start + 1}], start + 2, start - 2 if start else None)

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        await feed.load_more()
        pages, items, seen = store.get(feed.data), store.get(feed.items), []
        with store.subscribe(feed.data, seen.append), store.subscribe(feed.items, seen.append):
            await feed.refetch()
        assert seen == []
        assert store.get(feed.data) is pages
        assert store.get(feed.items) is items


@pytest.mark.asyncio
async def test_equal_parts_of_a_refetch_keep_their_identity() -> None:
    versions = {0: 1, 2: 1}

    async def fetch(cursor):
        start = cursor or 0
        return [{"id": start, "version": versions[start]}, {"id": start + 1}], start + 2

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        await feed.load_more()
        before = store.get(feed.data)
        versions[2] = 2
        await feed.refetch()
        after = store.get(feed.data)
        assert after[0] is before[0]
        assert after[1].items == [{"id": 2, "version": 2}, {"id": 3}]
        assert after[1].items[1] is before[1].items[1]


@pytest.mark.asyncio
async def test_without_structural_sharing_the_answers_are_kept_as_they_came() -> None:
    answers = []

    async def fetch(cursor):
        answers.append(Page([[cursor]], None))
        return answers[-1]

    with world(fetch=fetch, structural_sharing=False) as (clock, store, _, _, feed):
        await clock.advance(0)
        await feed.refetch()
        assert store.get(feed.items)[0] is answers[1].items[0]


# --- errors


@pytest.mark.asyncio
async def test_after_an_error_in_the_middle_the_old_pages_stay_and_an_attempt_goes_on_at_the_page_that_failed() -> None:
    with world(retry=Retry(max_retries=5, initial_delay=1, factor=1)) as (clock, store, _, server, feed):
        await loaded(clock, feed, 4)
        server.items = [item * 10 for item in server.items]
        server.errors[4] = [OSError("one"), OSError("two"), OSError("three")]
        server.taken()
        feed.refetch()
        await clock.advance(3)
        assert (store.get(feed).failure_count, store.get(feed.items)) == (1, list(range(8)))
        await clock.advance(7)
        assert server.calls == [None, 2, 4, 4, 4, 4, 6]
        assert store.get(feed.items) == [0, 10, 20, 30, 40, 50, 60, 70]


@pytest.mark.asyncio
async def test_a_refetch_that_fails_for_good_leaves_the_old_pages() -> None:
    with world() as (clock, store, _, server, feed):
        await loaded(clock, feed, 3)
        pages = store.get(feed.data)
        server.errors[2] = [OSError("down")]
        server.taken()
        result = feed.refetch()
        await clock.advance(10)
        assert ((await result).status, (await feed.load_previous()).is_error) == ("error", True)
        assert store.get(feed.data) is pages
        assert server.taken() == [None, 2]
        feed.refetch()
        await clock.advance(10)
        assert server.calls == [None, 2, 4]  # Another fetch begins at the first page.


@pytest.mark.asyncio
async def test_a_cancelled_refetch_leaves_the_data_and_is_no_error() -> None:
    with world() as (clock, store, client, server, feed):
        await loaded(clock, feed, 3)
        pages = store.get(feed.data)
        server.taken()
        feed.refetch()
        await clock.advance(1.5)
        client.cancel(("feed",))
        await clock.advance(10)
        result = store.get(feed)
        assert (result.status, result.error, result.fetch_status) == ("success", None, "idle")
        assert store.get(feed.data) is pages
        assert (server.calls, server.cancelled) == ([None, 2], [2])


@pytest.mark.asyncio
async def test_unchanged_pages_are_kept() -> None:
    with world() as (clock, store, _, server, _):
        client = QueryClient(store)

        async def fetch(cursor, ctx):
            page = await server.fetch(cursor, ctx)
            tags = ctx.memory.setdefault("tags", {})
            if tags.get(cursor) == page.items:
                return ctx.unchanged
            tags[cursor] = page.items
            return page

        feed = client.infinite(("other",), fetch)
        with store.subscribe(feed, lambda _: None):
            await loaded(clock, feed, 3)
            before = store.get(feed.data)
            server.items[2] = "new"
            feed.refetch()
            await clock.advance(3)
            after = store.get(feed.data)
            assert store.get(feed.items) == [0, 1, "new", 3, 4, 5]
            assert (after[0], after[2]) == (before[0], before[2])


# --- max_pages


@pytest.mark.asyncio
async def test_max_pages_drops_from_the_other_end_and_both_ends_can_be_loaded_again() -> None:
    with world(max_pages=2) as (clock, store, _, server, feed):
        await loaded(clock, feed, 3)
        assert (store.get(feed.items), store.get(feed.has_previous)) == ([2, 3, 4, 5], True)
        feed.load_previous()
        await clock.advance(1)
        assert (store.get(feed.items), store.get(feed.has_more)) == ([0, 1, 2, 3], True)
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == [2, 3, 4, 5]
        server.taken()
        feed.refetch()
        await clock.advance(10)
        assert (server.calls, store.get(feed.items)) == ([2, 4], [2, 3, 4, 5])


@pytest.mark.asyncio
async def test_pages_that_were_dropped_can_be_loaded_again_from_a_server_that_only_goes_forward() -> None:
    with world() as (clock, store, client, server, _):
        server.items = list(range(20))
        feed = client.infinite(("forward",), server.forward, max_pages=2)
        with store.subscribe(feed, lambda _: None):
            await loaded(clock, feed, 5)
            assert store.get(feed.items) == [6, 7, 8, 9]
            server.taken()
            for expected in ([4, 5, 6, 7], [2, 3, 4, 5], [0, 1, 2, 3]):
                assert store.get(feed.has_previous)
                feed.load_previous()
                await clock.advance(1)
                assert store.get(feed.items) == expected
            assert not store.get(feed.has_previous)
            assert server.taken() == [4, 2, None]
            feed.load_more()
            await clock.advance(1)
            assert (store.get(feed.items), store.get(feed.has_previous)) == ([2, 3, 4, 5], True)
            feed.refetch()
            await clock.advance(2)
            assert store.get(feed.has_previous)
            assert server.calls == [4, 2, 4]


@pytest.mark.asyncio
async def test_a_refetch_asks_for_no_more_pages_than_are_to_be_kept() -> None:
    with world(max_pages=2) as (clock, store, client, server, feed):
        await clock.advance(1)
        client.set_data(("feed",), [Page([8], 2), Page([9], 4), Page([10], 6)])
        feed.refetch()
        await clock.advance(5)
        assert (server.calls, store.get(feed.items)) == ([None, None, 2], [0, 1, 2, 3])


@pytest.mark.asyncio
async def test_one_page_may_be_the_most() -> None:
    with world(max_pages=1) as (clock, store, _, server, feed):
        await loaded(clock, feed, 4)
        assert (store.get(feed.items), store.get(feed.has_more)) == ([6, 7], False)
        feed.refetch()
        await clock.advance(1)
        assert server.calls == [None, 2, 4, 6, 6]


# --- cursors that come again


@pytest.mark.asyncio
@pytest.mark.parametrize("most", [None, 1, 2])
async def test_a_cursor_that_comes_a_second_time_ends_the_feed_with_one_warning(caplog, most) -> None:
    following = {None: "a", "a": "b", "b": "a"}
    calls = []

    async def fetch(cursor):
        calls.append(cursor)
        return [cursor], following[cursor]

    with world(fetch=fetch, max_pages=most) as (clock, store, _, _, feed), caplog.at_level(logging.WARNING):
        await clock.advance(0)
        assert await feed.fetch_all() == [None, "a", "b"]
        assert not store.get(feed.has_more)
        await feed.refetch()
        await feed.load_more()
        assert calls[:3] == [None, "a", "b"]
        assert len(calls) == 3 + (most or 3)
    (record,) = caplog.records
    assert record.getMessage() == (
        "the feed ('feed',) ends at the cursor 'a', because the server has given it before; without that, the same"
        " pages would be loaded again and again"
    )


@pytest.mark.asyncio
async def test_a_page_that_names_itself_ends_the_feed_at_either_end() -> None:
    async def fetch(cursor):
        return Page([cursor], {"at": 1}, {"before": 1})

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        await feed.load_more()
        await feed.load_previous()
        assert store.get(feed.items) == [{"before": 1}, None, {"at": 1}]
        assert (store.get(feed.has_more), store.get(feed.has_previous)) == (False, False)


@pytest.mark.asyncio
async def test_data_that_becomes_stale_is_fetched_again_by_the_next_observer_with_all_its_pages() -> None:
    clock, calls = ManualClock(), []

    async def fetch(cursor):
        calls.append(cursor)
        return [cursor], (cursor or 0) + 1

    with Store(clock=clock) as store:
        client = QueryClient(store)
        feed = client.infinite(("feed",), fetch, stale_time=10, ttl=math.inf)
        with store.subscribe(feed, lambda _: None):
            await clock.advance(0)
            await feed.load_more()
        await clock.advance(9)
        with store.subscribe(feed, lambda _: None):
            await clock.advance(0)
        assert calls == [None, 1]
        await clock.advance(1)
        with store.subscribe(feed, lambda _: None):
            await clock.advance(0)
        assert calls == [None, 1, None, 1]


@pytest.mark.asyncio
async def test_pages_that_are_restored_are_all_fetched_again() -> None:
    with world(observed=False) as (clock, store, client, server, feed):
        client.set_data(("feed",), [Page([8], 2), Page([9], 4)])
        feed.refetch()
        await clock.advance(5)
        assert (server.calls, store.get(feed.items)) == ([None, 2], [0, 1, 2, 3])
