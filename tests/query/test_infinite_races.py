"""Infinite queries while several things go on: refetches, pages, edits, invalidations, data set by hand."""

import asyncio

import pytest

from feed_server import loaded, world
from halflife import Page, Retry


def add(item, page=0):
    """A recipe that appends an item to a page."""

    def recipe(pages):
        pages[page].items.append(item)

    return recipe


# --- pages and refetches


@pytest.mark.asyncio
async def test_a_page_asked_for_during_a_refetch_is_loaded_at_its_end_with_the_new_cursor() -> None:
    with world() as (clock, store, _, server, feed):
        await loaded(clock, feed, 2)
        server.taken()
        server.size = 3
        refetching = feed.refetch()
        more = feed.load_more()
        assert store.get(feed.is_loading_more)
        await clock.advance(2)
        assert store.get(feed.items) == [0, 1, 2, 3, 4, 5]
        assert store.get(feed.is_loading_more)
        await clock.advance(1)
        assert (await more).items == (await refetching).items == list(range(8))
        assert (server.calls, server.cancelled) == ([None, 3, 6], [])


@pytest.mark.asyncio
async def test_a_refetch_that_starts_while_a_page_is_loaded_takes_that_over() -> None:
    with world() as (clock, store, client, server, feed):
        await loaded(clock, feed, 2)
        server.taken()
        more = feed.load_more()
        await clock.advance(0.5)
        client.invalidate(("feed",))
        assert store.get(feed.is_loading_more)
        assert store.get(feed).is_refetching
        await clock.advance(3)
        assert (await more).items == [0, 1, 2, 3, 4, 5]
        assert (server.calls, server.cancelled) == ([4, None, 2, 4], [4])
        assert not store.get(feed).is_stale


@pytest.mark.asyncio
async def test_refetch_does_not_join_the_loading_of_a_page() -> None:
    with world() as (clock, store, _, server, feed):
        await clock.advance(1)
        server.taken()
        feed.load_more()
        results = asyncio.gather(feed.refetch(), feed.refetch())
        await clock.advance(5)
        assert [result.items for result in await results] == [[0, 1, 2, 3]] * 2
        assert server.calls == [None, 2]  # The first request had not been sent yet.
        assert not store.get(feed).is_fetching


@pytest.mark.asyncio
async def test_a_page_that_fails_after_a_refetch_leaves_what_was_fetched_again() -> None:
    with world() as (clock, store, _, server, feed):
        await clock.advance(1)
        server.items = ["a", "b", "c"]
        server.errors[2] = [OSError("down")]
        feed.refetch()
        more = feed.load_more()
        await clock.advance(5)
        result = await more
        assert (result.status, result.items, result.has_more) == ("error", ["a", "b"], True)
        assert not result.is_loading_more
        await clock.advance(5)
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == ["a", "b", "c"]


@pytest.mark.asyncio
async def test_a_wish_for_a_page_ends_with_the_cancellation_of_its_fetch() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        more = feed.load_more()
        await clock.advance(0.5)
        client.cancel(("feed",))
        assert (await more).items == [0, 1]
        assert not store.get(feed.is_loading_more)
        server.taken()
        feed.refetch()
        await clock.advance(5)
        assert (server.calls, store.get(feed.items)) == ([None], [0, 1])


@pytest.mark.asyncio
async def test_cancelling_takes_back_a_page_that_was_shown_before_the_fetch_had_ended() -> None:
    with world() as (clock, store, client, _, feed):
        await loaded(clock, feed, 2)
        pages = store.get(feed.data)
        feed.refetch()
        feed.load_more()
        feed.load_previous()
        await clock.advance(2.5)
        client.cancel(("feed",))
        assert store.get(feed.data) == pages
        assert store.get(feed).fetch_status == "idle"


@pytest.mark.asyncio
async def test_focus_and_a_new_observer_fetch_stale_pages_again_while_one_more_is_loaded() -> None:
    with world(stale_time=5) as (clock, store, client, server, feed):
        await clock.advance(8)
        server.taken()
        feed.load_more()
        await clock.advance(0.5)
        store.set(client.focused, False)
        store.set(client.focused, True)
        await clock.advance(5)
        assert (server.taken(), server.cancelled) == ([2, None, 2], [2])
        await clock.advance(5)
        feed.load_more()
        await clock.advance(0.5)
        with store.subscribe(client.infinite(("feed",), server.fetch, stale_time=5), lambda _: None):
            await clock.advance(5)
        assert (server.taken(), store.get(feed.items)) == ([4, None, 2, 4], [0, 1, 2, 3, 4, 5])


@pytest.mark.asyncio
async def test_reconnecting_goes_on_with_the_page_and_fetches_stale_pages_again() -> None:
    with world(stale_time=5) as (clock, store, client, server, feed):
        await clock.advance(1)
        store.set(client.online, False)
        feed.load_more()
        await clock.advance(10)
        assert server.taken() == [None]
        store.set(client.online, True)
        await clock.advance(5)
        assert (server.taken(), store.get(feed.items)) == ([None, 2], [0, 1, 2, 3])
        assert not store.get(feed).is_stale


@pytest.mark.asyncio
async def test_polling_asks_for_all_kept_pages() -> None:
    with world(interval=10) as (clock, store, _, server, feed):
        await loaded(clock, feed, 2)
        server.taken()
        await clock.advance(12)
        assert (server.taken(), store.get(feed.items)) == ([None, 2], [0, 1, 2, 3])


# --- data set by hand


@pytest.mark.asyncio
async def test_data_set_by_hand_while_a_page_is_fetched_stays_and_the_fetch_is_shown() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        more = feed.load_more()
        await clock.advance(0.5)
        client.set_data(("feed",), [Page(["mine"], 2)])
        result = store.get(feed)
        assert (result.items, result.status, result.is_fetching, result.is_loading_more) == (
            ["mine"],
            "success",
            True,
            True,
        )
        await clock.advance(5)
        assert (await more).items == store.get(feed.items) == ["mine"]
        assert not store.get(feed).is_fetching
        assert server.calls == [None, 2]
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == ["mine", 2, 3]


@pytest.mark.asyncio
async def test_bare_pages_set_by_hand_are_pages() -> None:
    with world() as (clock, store, client, _, feed):
        await clock.advance(1)
        client.set_data(("feed",), [{"items": [7], "next_cursor": 2}, ([8], 4)])
        assert store.get(feed.pages) == [Page([7], 2), Page([8], 4)]
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == [7, 8, 4, 5]


@pytest.mark.asyncio
async def test_an_empty_list_of_pages_has_no_more_and_begins_anew() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        client.set_data(("feed",), [])
        assert (store.get(feed.has_more), store.get(feed.has_previous), store.get(feed.items)) == (False, False, [])
        feed.load_more()
        await clock.advance(5)
        assert (store.get(feed.items), server.calls) == ([0, 1], [None, None])


# --- invalidation


@pytest.mark.asyncio
async def test_an_invalidation_while_the_first_page_loads_fetches_again() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(0.5)
        server.items = ["a", "b", "c"]
        client.invalidate(("feed",))
        await clock.advance(5)
        assert (store.get(feed.items), server.calls) == (["a", "b"], [None, None])


@pytest.mark.asyncio
async def test_reset_and_remove_while_a_page_is_fetched() -> None:
    with world() as (clock, store, client, server, feed):
        await loaded(clock, feed, 3)
        server.taken()
        feed.load_more()
        await clock.advance(0.5)
        client.reset(("feed",))
        assert (store.get(feed).status, store.get(feed.items)) == ("loading", [])
        await clock.advance(5)
        assert (store.get(feed.items), server.taken(), server.cancelled) == ([0, 1], [6, None], [6])
        feed.load_more()
        await clock.advance(0.5)
        client.remove(("feed",))
        await clock.advance(5)
        assert (store.get(feed.items), server.taken()) == ([], [2])


# --- edits


@pytest.mark.asyncio
async def test_an_edit_gets_a_draft_of_the_list_of_pages_and_survives_pages_and_refetches() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        layer = client.edit(("feed",), add("mine"))
        other = store.layers(feed.data).apply(add("too"))
        assert store.get(feed.items) == [0, 1, "mine", "too"]
        assert isinstance(store.get(feed.data)[0], Page)
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == [0, 1, "mine", "too", 2, 3]
        server.items[0] = "zero"
        feed.refetch()
        await clock.advance(2)
        assert store.get(feed.items) == ["zero", 1, "mine", "too", 2, 3]
        layer.rollback()
        assert store.get(feed.items) == ["zero", 1, "too", 2, 3]
        other.rollback()
        assert server.taken() == [None, 2, None, 2]


@pytest.mark.asyncio
async def test_an_edit_made_before_the_first_page_is_applied_to_it() -> None:
    with world() as (clock, store, client, _, feed):
        layer = client.edit(("feed",), add("mine"))
        assert (store.get(feed).status, store.get(feed.items)) == ("loading", [])
        await clock.advance(1)
        assert store.get(feed.items) == [0, 1, "mine"]
        layer.rollback()
        assert store.get(feed.items) == [0, 1]


@pytest.mark.asyncio
async def test_a_page_answered_from_before_a_confirmed_edit_is_asked_again() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        layer = client.edit(("feed",), lambda pages: pages[0].items.pop())
        server.taken()
        more = feed.load_more()
        await clock.advance(0.5)
        server.items.remove(1)
        layer.commit()
        assert store.get(feed.items) == [0]
        await clock.advance(10)
        assert (await more).items == store.get(feed.items) == [0, 2, 3, 4]
        assert (server.calls, server.cancelled) == ([2, None, 2], [2])


@pytest.mark.asyncio
async def test_a_refetch_that_is_owed_after_a_mutation_is_not_lost_by_a_page() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)
        gate = asyncio.Event()

        async def save(_):
            await gate.wait()

        saving = store.mutate(feed.data, add("mine"), save)
        server.taken()
        client.invalidate(("feed",))
        feed.load_more()
        await clock.advance(1)
        assert (server.taken(), store.get(feed.items)) == ([2], [0, 1, "mine", 2, 3])
        assert store.get(feed).is_stale
        server.items = [0, "mine", 1, 2]
        gate.set()
        await clock.advance(5)
        await saving
        assert (server.taken(), store.get(feed.items)) == ([None, 2], [0, "mine", 1, 2])


@pytest.mark.asyncio
async def test_an_edit_during_a_refetch_with_retries_stays() -> None:
    with world(retry=Retry(max_retries=1, initial_delay=1)) as (clock, store, client, server, feed):
        await loaded(clock, feed, 2)
        server.errors[2] = [OSError("down")]
        feed.refetch()
        await clock.advance(2.5)
        client.edit(("feed",), add("mine", page=1))
        await clock.advance(5)
        assert store.get(feed.items) == [0, 1, 2, 3, "mine"]


@pytest.mark.asyncio
async def test_a_mutation_of_a_feed_is_seen_all_the_time_while_pages_come_and_is_followed_by_one_refetch() -> None:
    with world(item_key=lambda item: item) as (clock, store, client, server, feed):
        await clock.advance(1)

        async def send(item):
            await clock.sleep(1.5)
            server.items.insert(0, item)

        save = client.mutation(
            send, key=("feed",), update=lambda pages, item: pages[0].items.insert(0, item), invalidates=[("feed",)]
        )
        seen = []
        with store.subscribe(feed.items, seen.append):
            server.taken()
            handle = save("mine")
            feed.load_more()
            await clock.advance(1)
            assert store.get(feed.items) == ["mine", 0, 1, 2, 3]
            feed.load_more()
            await clock.advance(10)
            await handle
        assert all(items[0] == "mine" for items in seen)
        assert store.get(feed.items) == ["mine", 0, 1, 2, 3, 4]
        # The page that was under way when the server agreed is asked for again, behind the others.
        assert (server.calls, server.cancelled) == ([2, 4, None, 2, 4], [4])
        assert not store.get(feed).is_stale


@pytest.mark.asyncio
async def test_a_mutation_that_is_refused_leaves_the_pages_that_came_in_the_meantime() -> None:
    with world() as (clock, store, client, server, feed):
        await clock.advance(1)

        async def refuse(_):
            await clock.sleep(1.5)
            raise PermissionError("no")

        save = client.mutation(refuse, key=("feed",), update=lambda pages, item: pages[0].items.append(item))
        handle = save("mine")
        feed.load_more()
        await clock.advance(5)
        with pytest.raises(PermissionError):
            await handle
        assert store.get(feed.items) == [0, 1, 2, 3]
        assert server.calls == [None, 2]
