"""Pages, and answers that are none."""

import dataclasses
import re

import pytest

from feed_server import world
from halflife import Page, produce
from halflife.query.pages import Answer, as_page, is_among


def test_a_page_is_a_frozen_record_of_four_fields() -> None:
    page = Page([1], 2)
    assert (page.items, page.next_cursor, page.prev_cursor, page.total) == ([1], 2, None, None)
    assert page == Page([1], 2, None, None) == Page([1], 2, _answer=Answer(None, [1], 0))
    assert repr(page) == "Page(items=[1], next_cursor=2, prev_cursor=None, total=None)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        page.total = 3  # type: ignore[misc]
    match page:
        case Page(items, following):
            assert (items, following) == ([1], 2)


def test_a_draft_of_a_page_keeps_how_it_was_answered() -> None:
    answer = Answer("a", [1], 0)
    before = [Page([1], 2, _answer=answer)]
    after = produce(before, lambda pages: pages[0].items.append(2))
    assert (after, after[0]._answer, before) == ([Page([1, 2], 2)], answer, [Page([1], 2)])


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        (Page((1, 2), 0, total=3), Page((1, 2), 0, total=3)),
        (([1], "a"), Page([1], "a")),
        ({"items": [1], "next_cursor": None}, Page([1], None)),
        ({"items": [], "next_cursor": 0, "prev_cursor": "", "total": 0, "more": 1}, Page([], 0, "", 0)),
    ],
)
def test_what_counts_as_a_page(answer, page) -> None:
    assert as_page(answer, "infinite", "('feed',)") == page


async def _coroutine():
    raise AssertionError("it is closed, not awaited")


WRONG = [
    (lambda: None, "returned NoneType: None; return a Page"),
    (lambda: [1, 2], "returned list: [1, 2]; return a Page"),
    (lambda: ([1], 2, 3), "returned tuple"),
    (lambda: "ab", "returned str: 'ab'"),
    (lambda: {"items": [1]}, "has no 'next_cursor'; return"),
    (lambda: {"next_cursor": 1}, "has no 'items'"),
    (dict, "has no 'items' and no 'next_cursor'"),
    (lambda: Page(None, 1), "items of the page"),
    (lambda: ("ab", 1), "must be a list, got str: 'ab'"),
    (lambda: {"items": {"a": 1}, "next_cursor": None}, "must be a list, got dict"),
    (lambda: Page([1], 1, total="3"), "total of the page"),
    (lambda: Page([1], 1, total=True), "must be an int or None, got bool: True"),
    (lambda: (item for item in [1]), "returned generator"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("answer", "message"), WRONG)
async def test_an_answer_of_the_wrong_shape_is_an_error_that_names_the_key_and_is_not_retried(answer, message) -> None:
    calls = []

    async def fetch(cursor):
        calls.append(cursor)
        return ([0], 1) if cursor is None else answer()

    with world(fetch=fetch, retry=3) as (clock, _, _, _, feed):
        await clock.advance(0)
        result = await feed.load_more()
        assert result.is_error
        assert type(result.error).__mro__[1] is TypeError
        assert "('feed',) at cursor 1" in str(result.error)
        assert message in str(result.error)
        assert (result.items, result.has_more, calls) == ([0], True, [None, 1])


@pytest.mark.asyncio
async def test_a_coroutine_that_a_fetch_returns_is_awaited_and_one_in_a_page_is_closed() -> None:
    async def fetch(cursor, ctx):
        return _coroutine()

    with world(fetch=fetch) as (clock, store, _, _, feed):
        await clock.advance(0)
        assert "returned coroutine" in str(store.get(feed).error)


@pytest.mark.asyncio
async def test_unchanged_without_a_page_is_an_error() -> None:
    async def fetch(cursor, ctx):
        return ctx.unchanged

    with world(fetch=fetch, retry=3) as (clock, store, _, _, feed):
        await clock.advance(0)
        assert re.search("at cursor None returned ctx.unchanged, and there is no such page", str(store.get(feed).error))


@pytest.mark.asyncio
@pytest.mark.parametrize("data", [5, "pages", {"items": []}, [5], [Page([1], 2), {"items": [2]}]])
async def test_data_set_by_hand_that_is_no_list_of_pages_is_an_error_that_a_refetch_heals(data) -> None:
    with world(observed=False) as (clock, store, client, _, feed):
        client.set_data(("feed",), data)
        with pytest.raises(TypeError, match=r"\('feed',\)"):
            store.get(feed)
        with pytest.raises(TypeError, match=r"\('feed',\)"):
            feed.load_more()
        feed.refetch()
        await clock.advance(1)
        assert store.get(feed.items) == [0, 1]


def test_wrong_arguments_are_refused_at_once() -> None:
    with world(observed=False) as (_, store, client, server, _):

        async def stream(cursor):
            yield cursor

        for arguments, options, message in [
            ((("a",), 5), {}, "infinite: fetch must be callable"),
            ((("a",), lambda: None), {}, "infinite: fetch is called with the cursor, the context"),
            ((("a",), stream), {}, "infinite: fetch must be a function of the cursor, the context without yield"),
            ((object(), server.fetch), {}, "infinite: key has a part of type object"),
            ((("a",), server.fetch), {"max_pages": 0}, "infinite: max_pages must be at least 1, got 0"),
            ((("a",), server.fetch), {"max_pages": 1.5}, "infinite: max_pages must be an int"),
            ((("a",), server.fetch), {"refetch_pages": "last"}, "infinite: refetch_pages must be"),
            ((("a",), server.fetch), {"item_key": "id"}, "infinite: item_key must be callable"),
            ((("a",), server.fetch), {"item_key": lambda: 1}, "infinite: item_key is called with the item"),
            ((("a",), server.fetch), {"reduce": lambda old, new: new}, "infinite: reduce is for"),
            ((("a",), server.fetch), {"dedupe": False}, "infinite: dedupe must be True"),
            ((("a",), server.fetch), {"thread": True}, "infinite: thread=True is for a plain fetch"),
            ((("a",), server.fetch), {"size": 3}, "infinite: there is no option 'size'"),
        ]:
            with pytest.raises((TypeError, ValueError), match=re.escape(message)):
                client.infinite(*arguments, **options)
        assert len(client._cache) == 0
        assert not store.closed


def test_cursors_of_other_types_are_other_cursors() -> None:
    assert is_among(1, [None, 1])
    assert not is_among(1, [True, 1.0, "1"])
    assert is_among({"at": [1]}, [{"at": [1]}])
