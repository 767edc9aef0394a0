"""A *feed server* answers for one page of a list at a time, after a while on the clock of the test."""

from contextlib import contextmanager

from halflife import Page, QueryClient, Store
from halflife.testing import ManualClock


class FeedServer:
    """A list of items; the cursor of a page is the position of its first item, and None that of the first page."""

    def __init__(self, clock, items, size=2, latency=1.0):
        self.clock = clock
        self.items = list(items)
        self.size = size
        #: Seconds that each request takes. The answer is what the list was when the request arrived.
        self.latency = latency
        #: The cursors that were asked for, in order.
        self.calls = []
        #: The cursors of requests that were cancelled.
        self.cancelled = []
        #: Errors by cursor; each is raised once.
        self.errors = {}

    def page(self, cursor):
        start = cursor or 0
        end = start + self.size
        return Page(
            self.items[start:end],
            end if end < len(self.items) else None,
            max(0, start - self.size) if start > 0 else None,
            len(self.items),
        )

    async def fetch(self, cursor, ctx):
        self.calls.append(cursor)
        answer = self.page(cursor)
        try:
            await self.clock.sleep(self.latency)
        except BaseException:
            self.cancelled.append(cursor)
            raise
        errors = self.errors.get(cursor)
        if errors:
            raise errors.pop(0)
        return answer

    async def forward(self, cursor, ctx):
        """The same from a server that tells no cursor of the page before, and no total."""
        page = await self.fetch(cursor, ctx)
        return page.items, page.next_cursor

    def taken(self):
        """The cursors that were asked for since the last call of this."""
        calls, self.calls = self.calls, []
        return calls


@contextmanager
def world(items=range(8), fetch=None, observed=True, retry=0, **options):
    """A client of a feed server, and an infinite query of its list."""
    clock = ManualClock()
    server = FeedServer(clock, items)
    with Store(clock=clock) as store:
        client = QueryClient(store)
        feed = client.infinite(("feed",), fetch or server.fetch, retry=retry, **options)
        if not observed:
            yield clock, store, client, server, feed
            return
        with store.subscribe(feed, lambda _: None):
            yield clock, store, client, server, feed


async def loaded(clock, feed, pages):
    """Wait for the first load, and load more until there are so many pages."""
    await clock.advance(1)
    for _ in range(pages - 1):
        feed.load_more()
        await clock.advance(1)
