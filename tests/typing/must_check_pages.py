"""What users write with pages must type-check, and give these types. Never run: `make lint` reads it."""

from typing import TypedDict, assert_type

from halflife import InfiniteAtom, InfiniteResult, Page, Paged, QueryClient, QueryResult, Store, query_options


class Post(TypedDict):
    title: str


store = Store()
client = QueryClient(store)


async def fetch_posts(cursor: str | None, ctx: object) -> Page[Post]:
    return Page([Post(title=str(cursor))], None)


async def fetch_pair(cursor: str | None) -> tuple[list[int], str | None]:
    return [1], cursor


async def fetch_mapping(cursor: str | None) -> dict[str, object]:
    return {"items": [1], "next_cursor": cursor}


async def fetch_numbered(page: int, page_size: int) -> list[int]:
    return [page, page_size]


feed = client.infinite(("posts",), fetch_posts, max_pages=5, item_key=lambda post: post["title"], stale_time=10)
assert_type(feed, InfiniteAtom[Post])
assert_type(store.get(feed), InfiniteResult[list[Page[Post]]])
assert_type(store.get(feed.items), list[Post])
assert_type(store.get(feed.pages), list[Page[Post]])
assert_type(store.get(feed.data), list[Page[Post]] | None)
assert_type(store.get(feed.has_more), bool)
assert_type(store.get(feed.progress).total, int | None)
assert_type(client.infinite("pairs", fetch_pair), InfiniteAtom[int])
assert_type(client.infinite(query_options("posts", fetch_posts), max_pages=3), InfiniteAtom[Post])
client.infinite("mapping", fetch_mapping).load_more()


def rename(pages: list[Page[Post]] | None) -> None:
    if pages:
        pages[0].items[0]["title"] = "mine"
        pages[0].items.append(Post(title="new"))


store.layers(feed.data).apply(rename)


async def go_on() -> None:
    assert_type(await feed.load_more(), InfiniteResult[list[Page[Post]]])
    assert_type(await feed.fetch_all(), list[Post])
    async for post in feed.stream():
        assert_type(post, Post)
    assert_type(await numbers.next(), QueryResult[list[int]])


numbers = client.paged("numbers", fetch_numbered, page_size=50, prefetch_next=True)
assert_type(numbers, Paged[list[int]])
assert_type(store.get(numbers.data), list[int] | None)
assert_type(store.get(numbers.page_count), int | None)
store.set(numbers.page, 3)
numbers.goto(2)
