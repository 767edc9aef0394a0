"""Paged queries: one numbered page at a time."""

import asyncio
import re

import pytest

from halflife import Page, QueryClient, RunCancelledError, Store, query_options
from halflife.testing import ManualClock


class World:
    """A client of a server that has a number of items, and tells it or not."""

    def __init__(self, total=45, tells=True, **options):
        self.clock = ManualClock()
        self.store = Store(clock=self.clock)
        self.client = QueryClient(self.store)
        self.total, self.tells = total, tells
        self.calls, self.errors = [], {}
        self.paged = self.client.paged(("users",), self.fetch, page_size=10, **{"retry": 0, **options})

    async def fetch(self, page, page_size, ctx):
        self.calls.append(page)
        assert ctx.key[:1] == ("users",)
        await self.clock.sleep(1)
        if self.errors.get(page):
            raise self.errors[page].pop(0)
        items = list(range(self.total))[(page - 1) * page_size : page * page_size]
        return Page(items, None, total=self.total) if self.tells else items

    def get(self, name):
        return self.store.get(getattr(self.paged, name))

    @property
    def first(self):
        """The first item that is shown."""
        data = self.get("data")
        items = data.items if isinstance(data, Page) else data
        return items[0] if items else None

    def observed(self):
        return self.store.subscribe(self.paged.result, lambda _: None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.store.close()


@pytest.mark.asyncio
async def test_the_first_page_is_shown_and_the_number_of_pages_if_the_answer_tells() -> None:
    with World() as world, world.observed():
        assert (world.get("page"), world.get("data"), world.get("page_count")) == (1, None, None)
        assert world.get("result").status == "loading"
        await world.clock.advance(1)
        assert world.get("data") == Page(list(range(10)), None, total=45)
        assert (world.get("page_count"), world.calls) == (5, [1])
        assert world.get("result").data is world.get("data")


@pytest.mark.asyncio
async def test_any_data_may_be_a_page_and_then_there_is_no_count() -> None:
    with World(tells=False) as world, world.observed():
        await world.clock.advance(1)
        assert (world.get("data"), world.get("page_count")) == (list(range(10)), None)
        world.paged.goto(7)
        await world.clock.advance(1)
        assert (world.get("data"), world.get("page")) == ([], 7)


@pytest.mark.asyncio
async def test_next_prev_and_goto_show_the_page_before_until_the_new_one_has_loaded() -> None:
    with World() as world, world.observed():
        await world.clock.advance(1)
        seen = []
        with world.store.subscribe(
            world.paged.result, lambda result: seen.append((result.data.items[0], result.is_placeholder))
        ):
            following = world.paged.next()
            assert (world.get("page"), world.first, world.get("page_count")) == (2, 0, 5)
            await world.clock.advance(1)
            assert (await following).data.items[0] == 10
            world.paged.goto(5)
            await world.clock.advance(1)
            world.paged.prev()
            await world.clock.advance(1)
            world.paged.goto(2)
        assert seen == [(0, True), (10, False), (10, True), (40, False), (40, True), (30, False), (10, False)]
        assert world.calls == [1, 2, 5, 4]


@pytest.mark.asyncio
async def test_the_page_before_is_kept_if_the_next_one_fails() -> None:
    with World() as world, world.observed():
        await world.clock.advance(1)
        world.errors[2] = [OSError("down")]
        following = world.paged.next()
        await world.clock.advance(1)
        result = await following
        assert (result.status, str(result.error), result.is_placeholder) == ("error", "down", True)
        assert (world.get("page"), world.first, world.get("page_count")) == (2, 0, 5)
        world.paged.refetch()
        await world.clock.advance(1)
        assert (world.get("result").status, world.first) == ("success", 10)


@pytest.mark.asyncio
async def test_the_ends() -> None:
    with World(total=15) as world, world.observed():
        await world.clock.advance(1)
        assert (await world.paged.prev()).data.items[0] == world.get("page") - 1 == 0
        for wrong, error in [(0, ValueError), (-3, ValueError), (1.0, TypeError), (True, TypeError), ("2", TypeError)]:
            with pytest.raises(error, match="goto: n must be"):
                world.paged.goto(wrong)
            with pytest.raises(error, match="paged: page must be"):
                world.store.set(world.paged.page, wrong)
        assert world.get("page") == 1
        world.paged.next()
        world.paged.next()
        await world.clock.advance(1)
        world.paged.next()
        assert (world.get("page"), world.get("page_count"), world.calls) == (2, 2, [1, 2])


@pytest.mark.asyncio
async def test_setting_the_page_goes_there() -> None:
    with World() as world, world.observed():
        await world.clock.advance(1)
        world.store.set(world.paged.page, 3)
        await world.clock.advance(1)
        assert (world.get("page"), world.first) == (3, 20)


@pytest.mark.asyncio
async def test_without_an_observer_going_to_a_page_fetches_it_and_pages_are_cached() -> None:
    with World() as world:
        following = world.paged.goto(2)
        await world.clock.advance(1)
        assert (await following).data.items[0] == 10
        await asyncio.gather(world.paged.next(), _moved(world.clock))
        assert (await world.paged.prev()).data.items[0] == 10
        assert world.calls == [2, 3]


async def _moved(clock):
    await clock.advance(1)


def test_without_an_event_loop_the_page_is_set_and_nothing_is_fetched() -> None:
    with World() as world:
        world.paged.next()
        world.paged.goto(4)
        assert (world.get("page"), world.calls) == (4, [])


@pytest.mark.asyncio
async def test_invalidating_the_key_fetches_the_page_that_is_shown() -> None:
    with World() as world, world.observed():
        await world.clock.advance(1)
        world.paged.next()
        await world.clock.advance(1)
        world.client.invalidate(("users",))
        assert world.get("result").is_refetching
        await world.clock.advance(1)
        world.paged.prev()
        await world.clock.advance(1)
        assert world.calls == [1, 2, 2, 1]


@pytest.mark.asyncio
async def test_the_data_is_edited_like_that_of_a_query() -> None:
    with World() as world, world.observed():
        await world.clock.advance(1)
        layer = world.store.layers(world.paged.data).apply(lambda page: page.items.insert(0, "mine"))
        assert world.first == "mine"
        world.paged.next()
        await world.clock.advance(1)
        assert world.first == 10
        world.paged.prev()
        assert world.first == "mine"
        layer.rollback()
        assert world.first == 0


@pytest.mark.asyncio
async def test_cancelling_the_page_keeps_the_page_before() -> None:
    with World() as world, world.observed():
        await world.clock.advance(1)
        following = world.paged.next()
        await world.clock.advance(0.5)
        world.client.cancel(("users",))
        assert (await following).data.items[0] == 0
        assert world.get("result").fetch_status == "idle"
        with pytest.raises(RunCancelledError):
            fetching = world.client.fetch(("other",), lambda key: world.clock.sleep(1))
            world.client.cancel(("other",))
            await fetching


@pytest.mark.asyncio
async def test_a_key_may_depend_on_atoms_and_without_one_nothing_is_shown() -> None:
    with World() as world:
        search = world.client.focused  # Any atom.
        paged = world.client.paged(lambda get: ("users", 1) if get(search) else None, world.fetch)
        with world.store.subscribe(paged.result, lambda _: None):
            await world.clock.advance(1)
            assert len(world.store.get(paged.data).items) == 20
            world.store.set(search, False)
            assert (world.store.get(paged.data), world.store.get(paged.result).status) == (None, "idle")
            assert (await paged.next()).data is None


@pytest.mark.asyncio
async def test_query_options_stand_for_key_fetch_and_options() -> None:
    with World() as world:
        paged = world.client.paged(query_options(("options",), lambda page, size: [page, size]), page_size=3)
        assert (await paged.goto(2)).data == [2, 3]


@pytest.mark.asyncio
async def test_a_function_of_the_page_alone_and_one_in_a_thread() -> None:
    with World() as world:
        alone = world.client.paged(("alone",), lambda page: [page])
        assert (await alone.next()).data == [2]
        thread = world.client.paged(("thread",), lambda page, size: [page, size], 7, thread=True)
        assert (await thread.next()).data == [2, 7]


# --- the next page, before it is needed


@pytest.mark.asyncio
async def test_prefetch_next_fetches_the_next_page_behind_the_one_that_is_shown() -> None:
    with World(total=25, prefetch_next=True) as world, world.observed():
        await world.clock.advance(1.5)
        assert world.calls == [1, 2]
        await world.clock.advance(1)
        world.paged.next()
        assert (world.first, world.get("result").is_placeholder) == (10, False)
        await world.clock.advance(1)
        assert world.calls == [1, 2, 3]
        world.paged.next()
        await world.clock.advance(5)
        assert (world.first, world.calls) == (20, [1, 2, 3])


@pytest.mark.asyncio
async def test_without_a_count_the_prefetch_ends_at_a_page_that_is_not_full() -> None:
    with World(total=15, tells=False, prefetch_next=True) as world, world.observed():
        await world.clock.advance(5)
        world.paged.next()
        await world.clock.advance(5)
        assert world.calls == [1, 2]


@pytest.mark.asyncio
async def test_a_prefetched_page_that_nobody_goes_to_is_forgotten() -> None:
    with World(prefetch_next=True) as world, world.observed():
        await world.clock.advance(2)
        key = ("users", {"page": 2, "page_size": 10})
        assert world.client.get_data(key) is not None
        await world.clock.advance(30)
        assert world.client.get_data(key) is None


def test_wrong_arguments_are_refused_at_once() -> None:
    with World() as world:
        for options, message in [
            ({"page_size": 0}, "paged: page_size must be at least 1, got 0"),
            ({"page_size": "9"}, "paged: page_size must be an int"),
            ({"prefetch_next": 1}, "paged: prefetch_next must be True or False"),
            ({"fetch": 5}, "paged: fetch must be callable"),
            ({"fetch": lambda: 1}, "paged: fetch is called with the page, the page size, the context"),
            ({"thread": True}, "paged: thread=True is for a plain fetch"),
            ({"key": object()}, "paged: key has a part of type object"),
            ({"size": 9}, "paged: there is no option 'size'"),
        ]:
            with pytest.raises((TypeError, ValueError), match=re.escape(message)):
                world.client.paged(**{"key": ("a",), "fetch": world.fetch, **options})


@pytest.mark.asyncio
async def test_a_total_that_is_no_number_is_an_error_that_says_so() -> None:
    with World() as world:
        paged = world.client.paged(("wrong",), lambda page: Page([page], None, total="9"))
        await paged.goto(1)
        with pytest.raises(TypeError, match="paged: the total of a page must be an int or None, got '9'"):
            world.store.get(paged.page_count)
