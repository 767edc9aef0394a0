"""Infinite queries against a naive model: random loads, edits, and lists that move between two requests."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed_model import FeedModel
from feed_server import FeedServer
from halflife import QueryClient, Store
from halflife.testing import ManualClock

SMALL = st.integers(0, 4)

CHANGES = st.one_of(
    st.tuples(st.just("insert"), SMALL),
    st.tuples(st.just("delete"), SMALL),
    st.tuples(st.just("rewrite"), SMALL),
    st.tuples(st.just("nothing")),
)
STEPS = st.one_of(
    st.tuples(
        st.just("load"),
        st.lists(st.sampled_from(["next", "next", "previous", "refetch"]), min_size=1, max_size=4),
        CHANGES,
    ),
    st.tuples(st.just("change"), CHANGES),
    st.tuples(st.just("rewrite"), SMALL, SMALL),
    st.tuples(st.just("append"), SMALL),
    st.tuples(st.just("commit")),
    st.tuples(st.just("rollback"), SMALL),
)


class Program:
    """One feed, its server and its model, and the steps of an example."""

    def __init__(self, *, max_pages, refetch_pages, keyed, forward):
        self.clock = ManualClock()
        self.numbers = iter(range(10_000))
        self.server = FeedServer(self.clock, [self.item() for _ in range(5)])
        self.store = Store(clock=self.clock)
        self.client = QueryClient(self.store)
        self.feed = self.client.infinite(
            ("feed",),
            self.server.forward if forward else self.server.fetch,
            max_pages=max_pages,
            refetch_pages=refetch_pages,
            item_key=(lambda item: item["id"]) if keyed else None,
            retry=0,
        )
        self.model = FeedModel(self.page_forward if forward else self.server.page, max_pages, refetch_pages, keyed)
        self.layers = []

    def page_forward(self, cursor):
        page = self.server.page(cursor)
        return type(page)(page.items, page.next_cursor)

    def item(self):
        return {"id": next(self.numbers), "text": "old"}

    def text(self):
        return f"text {next(self.numbers)}"

    def change(self, kind, place=0):
        """The list of the server moves."""
        items = self.server.items
        if kind == "insert":
            items.insert(min(place, len(items)), self.item())
        elif kind == "delete" and place < len(items):
            del items[place]
        elif kind == "rewrite" and place < len(items):
            items[place] = {**items[place], "text": self.text()}

    async def load(self, intents, change):
        before = list(self.server.items)
        self.server.calls = []
        self.model.calls = []
        calls = {"next": self.feed.load_more, "previous": self.feed.load_previous, "refetch": self.feed.refetch}
        for intent in intents:
            calls[intent]()
        await self.clock.advance(0.5)
        self.change(*change)
        after = list(self.server.items)
        await self.clock.advance(40)
        self.server.items = before
        self.model.load(intents, lambda: setattr(self.server, "items", after))
        self.server.items = after
        assert self.server.calls == self.model.calls

    def edit(self, recipe):
        """Apply a recipe, which is given the items of each page."""
        self.layers.append(self.client.edit(("feed",), lambda pages: recipe([page.items for page in pages])))
        self.model.edits.append(recipe)

    def rewrite(self, page, place):
        text = self.text()

        def recipe(pages):
            if page < len(pages) and place < len(pages[page]):
                pages[page][place]["text"] = text

        self.edit(recipe)

    def append(self, page):
        item = self.item()

        def recipe(pages):
            if page < len(pages):
                pages[page].append(dict(item))

        self.edit(recipe)

    def commit(self):
        # Only the oldest: a confirmed edit above a pending one outlives a refetch, as in the tests of layers.
        if self.layers and self.model.pages:
            self.layers.pop(0).commit()
            self.model.commit_oldest()

    def rollback(self, place):
        if place < len(self.layers):
            self.layers.pop(place).rollback()
            del self.model.edits[place]

    def check(self):
        result = self.store.get(self.feed)
        assert result.items == self.store.get(self.feed.items) == self.model.items()
        assert [page.items for page in result.pages] == [page["items"] for page in self.model.visible()]
        assert result.has_more == (bool(self.model.pages) and self.model.can("next"))
        assert result.has_previous == self.model.can("previous")
        assert (result.status, result.fetch_status) == ("success", "idle")
        assert (result.is_loading_more, result.is_loading_previous) == (False, False)
        assert not self.store._invariant()

    async def play(self, steps):
        self.server.items = self.server.items[:]
        with self.store, self.store.subscribe(self.feed, lambda _: None):
            await self.clock.advance(1)
            self.model.load(["next"], lambda: None)
            self.check()
            for kind, *arguments in steps:
                if kind == "load":
                    await self.load(*arguments)
                elif kind == "change":
                    self.change(*arguments[0])
                else:
                    getattr(self, kind)(*arguments)
                self.check()


@pytest.mark.parametrize("forward", [False, True])
@given(
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from(["all", "first"]),
    st.booleans(),
    st.lists(STEPS, max_size=12),
)
def test_a_feed_is_what_the_naive_model_says(forward, max_pages, refetch_pages, keyed, steps) -> None:
    program = Program(max_pages=max_pages, refetch_pages=refetch_pages, keyed=keyed, forward=forward)
    asyncio.run(program.play(steps))
