"""The items of an infinite query whose list moves between two loads: each is shown once."""

import pytest

from feed_server import loaded, world
from halflife.query.page_items import PageItems
from halflife.query.pages import Answer, Page


def todo(number, text="old"):
    return {"id": number, "text": text}


def by_id(item):
    return item["id"]


def page(items, number=0, cursor=None):
    """A page as it was answered."""
    return Page(items, None, _answer=Answer(cursor, items, number))


def items_of(pages, item_key):
    """The items of pages, whether they come at once or one after the other."""
    items = PageItems(item_key)
    at_once = PageItems(item_key).of(pages)
    one_by_one = [items.of(pages[: count + 1]) for count in range(len(pages))]
    assert one_by_one[-1] == at_once
    return at_once


def edited(answered, items):
    """The same page after an edit."""
    return Page(items, None, _answer=answered._answer)


# --- the rule


def test_without_a_key_all_items_are_shown() -> None:
    assert items_of([page([1, 2]), page([2, 3])], None) == [1, 2, 2, 3]


def test_an_item_is_at_its_first_place_as_the_later_answer_has_it() -> None:
    pages = [page([todo(1), todo(2)]), page([todo(2, "new"), todo(3)])]
    assert items_of(pages, by_id) == [todo(1), todo(2, "new"), todo(3)]


def test_a_page_in_front_may_be_the_later_answer() -> None:
    pages = [page([todo(1), todo(2, "new")], number=1), page([todo(2), todo(3)])]
    assert items_of(pages, by_id) == [todo(1), todo(2, "new"), todo(3)]


@pytest.mark.parametrize("place", [0, 1])
def test_an_edited_copy_wins(place) -> None:
    answered = [page([todo(1), todo(2)]), page([todo(2, "new"), todo(3)])]
    changed = [todo(1), todo(2, "mine")] if place == 0 else [todo(2, "mine"), todo(3)]
    pages = [edited(one, changed) if index == place else one for index, one in enumerate(answered)]
    assert items_of(pages, by_id) == [todo(1), todo(2, "mine"), todo(3)]


def test_of_two_edited_copies_the_later_answer_wins() -> None:
    answered = [page([todo(1)]), page([todo(1)])]
    pages = [edited(answered[0], [todo(1, "one")]), edited(answered[1], [todo(1, "two")])]
    assert items_of(pages, by_id) == [todo(1, "two")]


def test_an_item_beside_an_edited_one_does_not_count_as_edited() -> None:
    first = page([todo(1), todo(2)])
    pages = [edited(first, [todo(1, "mine"), first.items[1]]), page([todo(2, "new")])]
    assert items_of(pages, by_id) == [todo(1, "mine"), todo(2, "new")]


def test_an_item_twice_on_one_page_is_shown_once() -> None:
    assert items_of([page([todo(1), todo(1, "new")])], by_id) == [todo(1, "new")]


def test_items_that_cannot_be_compared_count_as_changed() -> None:
    class Strange:
        def __eq__(self, other):
            raise ValueError("no")

        __hash__ = object.__hash__

    one, other = Strange(), Strange()
    answered = page([one])
    assert items_of([edited(answered, [other]), page([one])], lambda _: 1) == [other]


def test_a_key_that_is_unhashable_is_an_error_that_says_so() -> None:
    with pytest.raises(TypeError, match=r"item_key must return something hashable.*\{'id': 1.*returned list: \[1\]"):
        items_of([page([todo(1)])], lambda item: [item["id"]])


def test_the_list_that_was_given_does_not_change_with_further_pages() -> None:
    items, first = PageItems(by_id), page([todo(1), todo(2)])
    before = items.of([first])
    after = items.of([first, page([todo(2, "new"), todo(3)])])
    assert (before, after) == ([todo(1), todo(2)], [todo(1), todo(2, "new"), todo(3)])
    assert items.of([first]) == before


def test_pages_that_follow_do_not_go_through_those_before_again() -> None:
    keys = []
    items, pages = PageItems(lambda item: keys.append(item) or item), [page([1, 2]), page([3]), page([2, 4])]
    for count in range(1, 4):
        items.of(pages[:count])
    assert keys == [1, 2, 3, 2, 4]
    assert items.of([pages[0], pages[2]]) == [1, 2, 4]


def test_after_an_error_of_the_key_the_items_are_right_again() -> None:
    allowed = {1}

    def key(item):
        if item not in allowed:
            raise LookupError(item)
        return item

    items, pages = PageItems(key), [page([1]), page([1, 2])]
    assert items.of(pages[:1]) == [1]
    with pytest.raises(LookupError):
        items.of(pages)
    allowed.add(2)
    assert items.of(pages) == [1, 2]


# --- on a server


@pytest.mark.asyncio
async def test_a_list_that_moves_between_two_loads_shows_no_item_twice() -> None:
    with world(item_key=lambda item: item) as (clock, store, _, server, feed):
        await clock.advance(1)
        server.items.insert(0, "new")
        feed.load_more()
        await clock.advance(1)
        assert [page.items for page in store.get(feed.pages)] == [[0, 1], [1, 2]]
        assert store.get(feed.items) == [0, 1, 2]
        feed.refetch()
        await clock.advance(2)
        assert store.get(feed.items) == ["new", 0, 1, 2]


@pytest.mark.asyncio
async def test_a_list_that_moves_during_a_refetch_which_ends_early_shows_no_item_twice() -> None:
    with world(item_key=by_id, items=[todo(number) for number in range(8)]) as (clock, store, _, server, feed):
        await loaded(clock, feed, 4)
        server.items = [todo(number) for number in range(3)]
        feed.refetch()
        await clock.advance(0.5)
        server.items = [todo("new"), todo(0), todo(1, "newer"), todo(2)]
        await clock.advance(5)
        assert [[item["id"] for item in page.items] for page in store.get(feed.pages)] == [[0, 1], [1, 2]]
        assert store.get(feed.items) == [todo(0), todo(1, "newer"), todo(2)]
        assert not store.get(feed.has_more)


@pytest.mark.asyncio
async def test_an_edit_is_not_flipped_back_by_the_copy_on_another_page() -> None:
    with world(item_key=by_id, items=[todo(number) for number in range(4)]) as (clock, store, client, server, feed):
        await clock.advance(1)
        server.items.insert(0, todo("new"))
        feed.load_more()
        await clock.advance(1)
        seen = []

        def see(items):
            seen.extend(item["text"] for item in items if item["id"] == 1)

        with store.subscribe(feed.items, see):
            layer = client.edit(("feed",), lambda pages: pages[0].items[1].update(text="mine"))
            assert store.get(feed.items)[1] == todo(1, "mine")
            layer.commit()
            assert store.get(feed.items)[1] == todo(1, "mine")
            feed.load_more()
            await clock.advance(1)
            server.items[2] = todo(1, "mine")
            feed.refetch()
            await clock.advance(5)
        assert seen == ["mine"] * len(seen) != []


@pytest.mark.asyncio
async def test_a_page_loaded_in_front_is_the_later_answer_until_the_next_refetch() -> None:
    with world(item_key=by_id, max_pages=2, items=[todo(number) for number in range(8)]) as given:
        clock, store, _, server, feed = given
        await loaded(clock, feed, 3)
        server.items = [todo(number, "new") for number in range(1, 8)]
        feed.load_previous()
        await clock.advance(1)
        assert store.get(feed.items) == [todo(1, "new"), todo(2, "new"), todo(3)]
        server.items[1] = todo(2, "newer")
        feed.load_more()
        await clock.advance(1)
        assert store.get(feed.items) == [todo(2), todo(3), todo(5, "new"), todo(6, "new")]
        server.items = [todo(number) for number in range(2, 8)]
        feed.load_previous()
        feed.refetch()
        await clock.advance(5)
        assert store.get(feed.items) == [todo(number) for number in range(2, 6)]
        assert server.taken()[-4:] == [4, 2, 4, 0]
