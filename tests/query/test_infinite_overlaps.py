"""Infinite queries when everything overlaps: no edit, no request and no invalidation is lost, whatever the order.

Edits rewrite an item of their own by its id, and the server has them before they are committed. So at each moment it is
known what each item must show, although pages come and go.
"""

import asyncio

from hypothesis import example, given
from hypothesis import strategies as st

from feed_server import FeedServer
from halflife import Page, QueryClient, Store
from halflife.testing import ManualClock

SMALL = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["more", "more", "previous", "refetch", "invalidate", "cancel", "reset", "fail"])),
    st.tuples(st.sampled_from(["go_offline", "go_online", "set_data", "fetch_all", "focus"])),
    st.tuples(st.just("insert"), SMALL),
    st.tuples(st.just("delete"), SMALL),
    st.tuples(st.sampled_from(["edit", "edit", "commit", "commit", "roll_back", "save", "refuse"]), SMALL),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0])),
)


class Program:
    """One feed with its server, and what must be seen of it."""

    def __init__(self, max_pages, retry):
        self.clock = ManualClock()
        self.numbers = iter(range(10_000))
        self.server = FeedServer(self.clock, [self.item() for _ in range(9)])
        self.store = Store(clock=self.clock)
        self.client = QueryClient(self.store)
        self.feed = self.client.infinite(
            ("feed",),
            self.fetch,
            max_pages=max_pages,
            retry=retry,
            item_key=lambda item: item["id"],
            stale_time=5,
        )
        self.failures = 0
        #: The edits that are pending: the layer, the id of the item, its text.
        self.pending = []
        #: What an item must show, and what it must not show any more, by its id.
        self.committed, self.rolled_back = {}, {}
        #: The edits of mutations that run or wait, and what must have gone when all has ended.
        self.saving, self.refused = {}, {}
        self.mutation = self.client.mutation(
            self.send,
            key=("feed",),
            update=lambda pages, edit: self.rewrite(pages, *edit[:2]),
            invalidates=[("feed",)],
            scope="feed",
        )

    def item(self):
        return {"id": next(self.numbers), "text": "old"}

    async def fetch(self, cursor, ctx):
        fails, self.failures = self.failures > 0, max(0, self.failures - 1)
        page = await self.server.fetch(cursor, ctx)
        if fails:
            raise OSError("down")
        return page

    async def send(self, edit):
        wanted, text, is_refused = edit
        await self.clock.sleep(0.75)
        del self.saving[wanted]
        if is_refused:
            self.refused[wanted] = text
            raise PermissionError("no")
        self.accept(wanted, text)

    def accept(self, wanted, text):
        """The server has the edit."""
        items = self.server.items
        items[:] = [{**item, "text": text} if item["id"] == wanted else item for item in items]
        self.committed[wanted] = text

    @staticmethod
    def rewrite(pages, wanted, text):
        for page in pages:
            for item in page.items:
                if item["id"] == wanted:
                    item["text"] = text

    # --- steps

    def more(self):
        self.feed.load_more()

    def previous(self):
        self.feed.load_previous()

    def refetch(self):
        self.feed.refetch()

    def fetch_all(self):
        self.feed.fetch_all()

    def invalidate(self):
        self.client.invalidate(("feed",))

    def cancel(self):
        self.client.cancel(("feed",))

    def reset(self):
        self.client.reset(("feed",))

    def focus(self):
        self.store.set(self.client.focused, False)
        self.store.set(self.client.focused, True)

    def fail(self):
        self.failures += 1

    def go_offline(self):
        self.store.set(self.client.online, False)

    def go_online(self):
        self.store.set(self.client.online, True)

    def set_data(self):
        self.client.set_data(("feed",), [self.server.page(None)])
        assert [page.next_cursor for page in self.store.get(self.feed.pages)] == [self.server.page(None).next_cursor]

    def insert(self, place):
        self.server.items.insert(min(place, len(self.server.items)), self.item())

    def delete(self, place):
        if place < len(self.server.items):
            del self.server.items[place]

    def new_edit(self, place):
        """The id of an item that nobody has edited, and its new text."""
        known = self.committed.keys() | self.rolled_back.keys() | self.saving.keys() | self.refused.keys()
        known |= {wanted for _, wanted, _ in self.pending}
        free = [item["id"] for item in self.server.items if item["id"] not in known]
        return (free[place % len(free)], f"text {next(self.numbers)}") if free else None

    def edit(self, place):
        edit = self.new_edit(place)
        if edit is not None:
            self.pending.append((self.client.edit(("feed",), lambda pages: self.rewrite(pages, *edit)), *edit))

    def save(self, place, *, is_refused=False):
        edit = self.new_edit(place)
        if edit is not None:
            self.saving[edit[0]] = edit[1]
            self.mutation((*edit, is_refused))

    def refuse(self, place):
        self.save(place, is_refused=True)

    def commit(self, place):
        if self.pending:
            layer, wanted, text = self.pending.pop(place % len(self.pending))
            self.accept(wanted, text)
            layer.commit()

    def roll_back(self, place):
        if self.pending:
            layer, wanted, text = self.pending.pop(place % len(self.pending))
            self.rolled_back[wanted] = text
            layer.rollback()

    # --- what holds

    def look(self, _):
        """Called with each notification."""
        result = self.store.get(self.feed)
        must = {**self.committed, **self.saving, **{wanted: text for _, wanted, text in self.pending}}
        for item in result.items:
            if item["id"] in must:
                assert item["text"] == must[item["id"]]
            assert item["text"] != self.rolled_back.get(item["id"])
        assert len({item["id"] for item in result.items}) == len(result.items)
        if result.is_loading_more or result.is_loading_previous:
            assert result.fetch_status != "idle"

    async def play(self, steps):
        with self.store, self.store.subscribe(self.feed, self.look):
            for kind, *arguments in steps:
                if kind == "wait":
                    await self.clock.advance(arguments[0])
                else:
                    getattr(self, kind)(*arguments)
                self.look(None)
                assert not self.store._invariant()
            await self.settle()

    async def settle(self):
        """When all has ended, a refetch asks for the kept pages and nothing else, and shows them with the edits."""
        self.failures = 0
        self.go_online()
        await self.clock.advance(100)
        result = self.store.get(self.feed)
        assert (result.fetch_status, result.is_loading_more, result.is_loading_previous) == ("idle", False, False)
        assert self.store.get(self.client.is_fetching) == 0
        count = max(1, len(result.pages))
        self.server.taken()
        again = self.feed.refetch()
        await self.clock.advance(100)
        result = await again
        assert not self.saving
        assert self.refused.items().isdisjoint((item["id"], item["text"]) for item in result.items)
        first = self.server.calls[0]
        expected = [self.server.page(first)]
        while len(expected) < count and expected[-1].next_cursor is not None:
            expected.append(self.server.page(expected[-1].next_cursor))
        assert self.server.calls == [first, *(page.next_cursor for page in expected[:-1])]
        texts = {wanted: text for _, wanted, text in self.pending}
        assert [page.items for page in result.pages] == [
            [{**item, "text": texts.get(item["id"], item["text"])} for item in page.items] for page in expected
        ]
        assert isinstance(result.pages[0], Page)
        assert (result.status, result.is_stale) == ("success", result.last_updated + 5 <= self.store.clock.time())


@given(st.sampled_from([None, 1, 2, 3]), st.integers(0, 1), st.lists(STEPS, max_size=30))
@example(2, 0, [("wait", 1.0), ("more",), ("wait", 0.5), ("edit", 0), ("commit", 0), ("wait", 3.0), ("previous",)])
def test_nothing_is_lost_when_everything_overlaps(max_pages, retry, steps) -> None:
    asyncio.run(Program(max_pages, retry).play(steps))
