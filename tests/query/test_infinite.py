"""Infinite queries: pages that are loaded one after the other, and what their atoms show."""

import asyncio

import pytest

from feed_server import loaded, world
from halflife import (
    HasData,
    InfiniteResult,
    NoEventLoopError,
    Page,
    QueryClient,
    QueryResult,
    Retry,
    Store,
    initial_from,
    lens,
    loadable,
    pending_at,
    query_options,
    split,
)
from halflife.testing import ManualClock

# --- loading


@pytest.mark.asyncio
async def test_the_first_page_is_asked_for_without_a_cursor() -> None:
    with world() as (clock, store, _, server, feed):
        assert store.get(feed).status == "loading"
        assert (store.get(feed.items), store.get(feed.pages), store.get(feed.has_more)) == ([], [], False)
        await clock.advance(1)
        result = store.get(feed)
        assert isinstance(result, InfiniteResult)
        assert isinstance(result, QueryResult)
        assert result.status == "success"
        assert result.data == [Page([0, 1], 2, None, 8)]
        assert (result.items, result.pages) == ([0, 1], result.data)
        assert (result.has_more, result.has_previous, result.is_loading_more) == (True, False, False)
        assert server.calls == [None]


@pytest.mark.asyncio
async def test_load_more_adds_a_page_and_its_atoms_follow() -> None:
    with world() as (clock, store, _, server, feed):
        await clock.advance(1)
        seen = []
        with store.subscribe(feed, lambda result: seen.append((result.is_loading_more, result.items))):
            feed.load_more()
            assert store.get(feed.is_loading_more)
            assert store.get(feed).is_fetching
            assert not store.get(feed).is_refetching
            await clock.advance(1)
        assert seen == [(True, [0, 1]), (False, [0, 1, 2, 3])]
        assert store.get(feed.items) == [0, 1, 2, 3]
        assert store.get(feed.pages) == [Page([0, 1], 2, None, 8), Page([2, 3], 4, 0, 8)]
        assert server.calls == [None, 2]


@pytest.mark.asyncio
async def test_calls_of_load_more_join_and_all_get_the_result() -> None:
    with world() as (clock, _, _, server, feed):
        await clock.advance(1)
        both = asyncio.gather(feed.load_more(), feed.load_more())
        feed.load_more()
        await clock.advance(5)
        one, other = await both
        assert one.items == other.items == [0, 1, 2, 3]
        assert server.calls == [None, 2]


@pytest.mark.asyncio
async def test_load_more_during_the_first_load_joins_it() -> None:
    with world() as (clock, store, _, server, feed):
        result = feed.load_more()
        await clock.advance(5)
        assert (await result).items == store.get(feed.items) == [0, 1]
        assert server.calls == [None]


@pytest.mark.asyncio
async def test_load_more_of_a_feed_that_nobody_observes_loads_the_first_page_and_then_the_next() -> None:
    with world(observed=False) as (clock, store, _, server, feed):
        first = feed.load_more()
        await clock.advance(1)
        assert (await first).items == [0, 1]
        more = feed.load_more()
        await clock.advance(1)
        assert (await more).items == [0, 1, 2, 3]
        assert server.calls == [None, 2]
        assert not store.get(feed).is_fetching


@pytest.mark.asyncio
async def test_without_a_further_page_nothing_is_asked_for() -> None:
    with world(range(3)) as (clock, store, _, server, feed):
        await loaded(clock, feed, 2)
        assert (store.get(feed.items), store.get(feed.has_more)) == ([0, 1, 2], False)
        result = await feed.load_more()
        assert result.items == [0, 1, 2]
        assert not store.get(feed).is_fetching
        assert server.calls == [None, 2]


@pytest.mark.asyncio
async def test_none_is_the_end_and_zero_and_the_empty_text_are_cursors() -> None:
    cursors = [None, 0, "", False, 0.0]

    async def fetch(cursor):
        place = next(index for index, one in enumerate(cursors) if type(one) is type(cursor) and one == cursor)
        return [repr(cursor)], cursors[place + 1] if place < 4 else None

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        for _ in range(6):
            await feed.load_more()
        assert store.get(feed.items) == ["None", "0", "''", "False", "0.0"]
        assert not store.get(feed.has_more)


@pytest.mark.asyncio
async def test_load_previous_adds_a_page_in_front() -> None:
    async def fetch(cursor):
        day = 10 if cursor is None else cursor
        return {"items": [day], "next_cursor": day + 1, "prev_cursor": day - 1 if day > 9 else None}

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        assert store.get(feed.has_previous)
        result = feed.load_previous()
        assert store.get(feed).is_loading_previous
        assert not store.get(feed.is_loading_more)
        assert (await result).items == [9, 10]
        assert not store.get(feed.has_previous)
        assert (await feed.load_previous()).items == [9, 10]
        assert (await feed.load_more()).items == [9, 10, 11]


@pytest.mark.asyncio
async def test_both_sides_at_once_are_loaded_one_after_the_other_and_the_first_is_shown_at_once() -> None:
    calls = []
    with world() as (clock, store, _, _, _):
        client = QueryClient(store)

        async def fetch(cursor):
            calls.append(cursor)
            await clock.sleep(1)
            day = cursor or 0
            return Page([day], day + 1, day - 1)

        feed = client.infinite(("days",), fetch)
        with store.subscribe(feed, lambda _: None):
            await clock.advance(1)
            results = asyncio.gather(feed.load_more(), feed.load_previous(), feed.load_more())
            await clock.advance(1)
            assert store.get(feed.items) == [0, 1]
            assert store.get(feed).is_fetching
            await clock.advance(1)
            assert [result.items for result in await results] == [[-1, 0, 1]] * 3
    assert calls == [None, 1, -1]


@pytest.mark.asyncio
async def test_a_page_that_fails_leaves_the_pages_and_load_more_tries_again() -> None:
    with world() as (clock, store, _, server, feed):
        await clock.advance(1)
        server.errors[2] = [OSError("down")]
        failed = feed.load_more()
        await clock.advance(1)
        result = await failed
        assert (result.status, str(result.error), result.items) == ("error", "down", [0, 1])
        assert (result.has_more, result.is_loading_more) == (True, False)
        feed.load_more()
        assert store.get(feed).status == "error"
        await clock.advance(1)
        assert (store.get(feed).status, store.get(feed.items)) == ("success", [0, 1, 2, 3])
        assert server.calls == [None, 2, 2]


@pytest.mark.asyncio
async def test_a_retry_of_load_more_asks_for_the_page_again_and_shows_the_failures() -> None:
    with world(retry=Retry(max_retries=2, initial_delay=10)) as (clock, store, _, server, feed):
        await clock.advance(1)
        server.errors[2] = [OSError("down")]
        feed.load_more()
        await clock.advance(1)
        result = store.get(feed)
        assert (result.failure_count, result.is_loading_more) == (1, True)
        await clock.advance(11)
        assert store.get(feed.items) == [0, 1, 2, 3]
        assert server.calls == [None, 2, 2]


@pytest.mark.asyncio
async def test_a_page_that_is_added_does_not_make_the_old_ones_younger() -> None:
    with world(stale_time=10) as (clock, store, client, server, feed):
        await clock.advance(1)
        updated = store.get(feed).last_updated
        await clock.advance(8)
        feed.load_more()
        await clock.advance(1)
        assert not store.get(feed).is_stale
        assert store.get(feed).last_updated == updated
        await clock.advance(1)
        assert store.get(feed).is_stale
        client.invalidate(("feed",), refetch="none")
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed).is_stale
        feed.refetch()
        await clock.advance(4)
        assert not store.get(feed).is_stale
        assert server.calls == [None, 2, 4, None, 2, 4]


@pytest.mark.asyncio
async def test_load_more_waits_while_offline() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        store.set(client.online, False)
        result = await feed.load_more()
        assert result.is_paused
        assert store.get(feed.is_loading_more)
        store.set(client.online, True)
        await clock.advance(1)
        assert store.get(feed.items) == [0, 1, 2, 3]
        assert server.calls == [None, 2]


# --- as a query


@pytest.mark.asyncio
async def test_data_and_loaded_are_those_of_a_query() -> None:
    with world(observed=False) as (clock, store, client, _, feed):
        assert store.get(feed.data) is None
        waiting = asyncio.ensure_future(asyncio.wait_for(store.value(feed.loaded), 10))
        await clock.advance(1)
        assert await waiting == store.get(feed.data) == client.get_data(("feed",)) == [Page([0, 1], 2, None, 8)]
        assert store.get(loadable(feed.loaded)) == HasData([Page([0, 1], 2, None, 8)])


@pytest.mark.asyncio
async def test_select_changes_the_data_and_nothing_else() -> None:
    with world(select=lambda pages: sum(len(page.items) for page in pages)) as (clock, store, _, _, feed):
        await loaded(clock, feed, 2)
        result = store.get(feed)
        assert (result.data, result.items, len(result.pages), result.has_more) == (4, [0, 1, 2, 3], 2, True)
    with world(observed=False) as (clock, store, client, server, _):
        client.set_defaults(("all",), select=len)
        feed = client.infinite(("all", 1), server.fetch)
        feed.load_more()
        await clock.advance(1)
        assert (store.get(feed).data, store.get(feed.items)) == (1, [0, 1])


@pytest.mark.asyncio
async def test_a_disabled_feed_asks_for_nothing_by_itself() -> None:
    with world(enabled=False) as (clock, store, _, server, feed):
        await clock.advance(5)
        assert (store.get(feed).status, server.calls) == ("idle", [])
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == [0, 1]


@pytest.mark.asyncio
async def test_a_feed_without_a_key_shows_nothing_and_loads_nothing() -> None:
    async def fetch(cursor):
        raise AssertionError(cursor)

    clock = ManualClock()
    with Store(clock=clock) as store:
        feed = QueryClient(store).infinite(lambda get: None, fetch)
        assert (store.get(feed).status, store.get(feed.items)) == ("idle", [])
        assert (await feed.load_more()).items == (await feed.refetch()).items == []
        assert await feed.fetch_all() == []


@pytest.mark.asyncio
async def test_what_works_with_queries_works_with_feeds() -> None:
    with world(name="posts") as (clock, store, _, _, feed):
        first = initial_from(feed)
        with store.subscribe(first, lambda _: None):
            await clock.advance(2)
        refreshing = store.refresh(feed)
        await clock.advance(1)
        assert (await refreshing).items == [0, 1]
        feed.load_more()
        await clock.advance(1)
        assert store.get(first) == [Page([0, 1], 2, None, 8)]
        rows = lens(feed.data, lambda pages: pages[0].items)
        store.update(rows, lambda items: items.append("mine"))
        assert store.get(feed.items) == [0, 1, "mine", 2, 3]
        store.layers(rows).apply(lambda items: items.pop(0))
        assert (store.get(pending_at(feed.data, 0)), store.get(pending_at(feed.data, 1))) == (True, False)
        assert [store.get(item) for item in store.get(split(rows))] == [1, "mine"]
        assert (feed.name, feed.items.name, feed.has_more.name) == ("posts", "posts.items", "posts.has_more")


@pytest.mark.asyncio
async def test_query_options_stand_for_key_fetch_and_options() -> None:
    with world() as (clock, store, client, server, _):
        feed = client.infinite(query_options(("other",), server.fetch, initial=[Page([7], 4)]))
        assert store.get(feed.items) == [7]
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == [7, 4, 5]


@pytest.mark.asyncio
async def test_two_atoms_of_one_key_share_pages_and_requests() -> None:
    with world() as (clock, store, client, server, feed):
        other = client.infinite(("feed",), server.fetch)
        await clock.advance(1)
        feed.load_more()
        other.load_more()
        assert store.get(other.is_loading_more)
        await clock.advance(1)
        assert store.get(other.items) == store.get(feed.items) == [0, 1, 2, 3]
        assert server.calls == [None, 2]


@pytest.mark.asyncio
async def test_initial_and_placeholder_pages() -> None:
    with world(initial=[Page([7], 2)], stale_time=100) as (clock, store, _, server, feed):
        await clock.advance(1)
        assert (store.get(feed.items), store.get(feed.has_more), server.calls) == ([7], True, [])
        feed.load_more()
        await clock.advance(1)
        assert (store.get(feed.items), server.calls) == ([7, 2, 3], [2])
    with world(placeholder=[Page(["…"], None)]) as (clock, store, _, _, feed):
        assert (store.get(feed).is_placeholder, store.get(feed.items)) == (True, ["…"])
        await clock.advance(1)
        assert (store.get(feed).is_placeholder, store.get(feed.items)) == (False, [0, 1])


@pytest.mark.asyncio
async def test_a_plain_fetch_runs_in_a_thread() -> None:
    def fetch(cursor, ctx):
        return [(cursor, ctx.key)], None

    with world(fetch=fetch, thread=True) as (_, _, _, _, feed):
        assert (await feed.refetch()).items == [(None, ("feed",))]


def test_without_an_event_loop_loading_raises_and_changes_nothing() -> None:
    with world(observed=False) as (_, store, client, _, feed):
        client.set_data(("feed",), [Page([1], 2)])
        for call in (feed.load_more, feed.refetch, feed.fetch_all):
            with pytest.raises(NoEventLoopError):
                call()
        assert (store.get(feed.items), store.get(feed).fetch_status) == ([1], "idle")
