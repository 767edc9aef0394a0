"""One-line and HTML representations are short and safe, and never raise."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from halflife import AbortSignal, ResourceInfo, Store, atom, derived, draft_atom
from halflife._support import reprs
from public_objects import definitions, fetch, never, under_way, values

HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)' title=\"&\">"


class Raising:
    def __repr__(self):
        raise ValueError("no repr for you")


class Shows:
    """A value with a given `repr`."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def source(initial, name="user_id"):
    return SimpleNamespace(name=name, kind="source", is_async=False, initial=initial)


def has_data(data, *, refreshing=False):
    return SimpleNamespace(state="hasData", data=data, refreshing=refreshing)


def has_error(error, *previous):
    return SimpleNamespace(
        state="hasError",
        error=error,
        has_previous=bool(previous),
        previous=previous[0] if previous else None,
    )


def loading(*previous):
    return SimpleNamespace(
        state="loading",
        has_previous=bool(previous),
        previous=previous[0] if previous else None,
    )


class AsyncValue:
    def __init__(self, state, result):
        self.state = state
        self._result = result

    def result(self):
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result


def every_view_of(value):
    """All text and HTML in which a user's value appears."""
    return [
        reprs.abbreviated(value),
        reprs.atom_repr(source(value)),
        reprs.atom_html(source(value)),
        reprs.loadable_repr(has_data(value)),
        reprs.loadable_html(has_data(value)),
        reprs.loadable_repr(has_error(KeyError(value), value)),
        reprs.loadable_html(has_error(KeyError(value), value)),
        reprs.loadable_repr(loading(value)),
        reprs.loadable_html(loading(value)),
        reprs.async_value_repr(AsyncValue("hasData", value)),
        reprs.async_value_html(AsyncValue("hasError", KeyError(value))),
    ]


class Tags(HTMLParser):
    """Collects the tags of a piece of HTML and checks that they are closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], set(), set(), ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        ("San  Diego", "'San  Diego'"),
        (b"\x00", "b'\\x00'"),
        ([], "[]"),
        ((), "()"),
        ((1,), "(1,)"),
        (set(), "set()"),
        (frozenset(), "frozenset()"),
        (frozenset({1}), "frozenset({1})"),
        ({}, "{}"),
        ({"a": [1, {"b": (2, 3)}]}, "{'a': [1, {'b': (...)}]}"),
        (list(range(10)), "[0, 1, 2, 3, 4, ...]"),
        (dict.fromkeys(range(10)), "{0: None, 1: None, 2: None, 3: None, 4: None, ...}"),
        ("x" * 100, f"'{'x' * 57}'..."),
        (10**100, "<int of 333 bits>"),
        ([-(10**5000)], "[<int of 16610 bits>]"),
        (Shows("two\n  lines"), "two lines"),
        (Shows("bell\x07 and \x1b[31mred"), "bell\\x07 and \\x1b[31mred"),
        (Raising(), "<Raising whose repr raised ValueError>"),
        ([Raising()], "[<Raising whose repr raised ValueError>]"),
    ],
)
def test_a_value_is_shown_in_few_words(value, shown):
    assert reprs.abbreviated(value) == shown


def test_a_value_that_contains_itself_ends():
    endless: list[object] = []
    endless.append(endless)
    assert reprs.abbreviated(endless) == "[[[[...]]]]"


def test_a_subclass_of_a_container_shows_itself_in_its_own_way():
    class Inventory(dict):
        def __repr__(self):
            return "Inventory!"

        def items(self):
            raise AssertionError("its items are nobody's business")

    assert reprs.abbreviated(Inventory(a=1)) == "Inventory!"


def test_only_the_beginning_of_a_container_is_looked_at():
    described = []

    class Counted:
        def __repr__(self):
            described.append(self)
            return "."

    assert reprs.abbreviated([Counted() for _ in range(1000)]) == "[., ., ., ., ., ...]"
    assert len(described) == 5


def test_a_repr_that_changes_its_container_does_no_harm():
    members: dict[object, object] = {}

    class Adds:
        def __repr__(self):
            members[object()] = None
            return "adds"

    members.update({Adds(): 1, Adds(): 2})
    assert reprs.abbreviated(members) == "{adds: 1, adds: 2}"


def test_a_keyboard_interrupt_is_not_swallowed():
    class Interrupted:
        def __repr__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reprs.abbreviated(Interrupted())


@pytest.mark.parametrize(
    ("atom", "shown"),
    [
        (source(1), "<source atom 'user_id', initially 1>"),
        (source(Raising(), "odd name"), "<source atom 'odd name', initially <Raising whose repr raised ValueError>>"),
        (SimpleNamespace(name="user", kind="derived", is_async=True), "<async derived atom 'user'>"),
        (SimpleNamespace(name="rename", kind="action", is_async=False), "<action 'rename'>"),
        (SimpleNamespace(name="now", kind="lazy", is_async=False), "<lazy atom 'now'>"),
    ],
)  # fmt: skip
def test_the_repr_of_an_atom_has_its_kind_name_and_initial_value(atom, shown):
    assert reprs.atom_repr(atom) == shown


@pytest.mark.parametrize(
    ("loadable", "shown"),
    [
        (loading(), "Loading()"),
        (loading(None), "Loading(previous=None)"),
        (has_data([1, 2]), "HasData([1, 2])"),
        (has_data([1, 2], refreshing=True), "HasData([1, 2], refreshing=True)"),
        (has_error(ValueError("gone")), "HasError(ValueError('gone'))"),
        (has_error(ValueError("gone"), 7), "HasError(ValueError('gone'), previous=7)"),
    ],
)
def test_the_repr_of_a_loadable_is_its_constructor_call(loadable, shown):
    assert reprs.loadable_repr(loadable) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (AsyncValue("loading", None), "<AsyncValue loading>"),
        (AsyncValue("superseded", None), "<AsyncValue superseded>"),
        (AsyncValue("hasData", {"id": 1}), "<AsyncValue hasData: {'id': 1}>"),
        (AsyncValue("hasError", KeyError("id")), "<AsyncValue hasError: KeyError('id')>"),
    ],
)
def test_an_async_value_says_how_its_run_went(value, shown):
    assert reprs.async_value_repr(value) == shown


def test_a_store_counts_its_atoms():
    assert reprs.store_repr("app", (3, 2, 1), closed=False) == "<Store 'app': 3 atoms, 2 observed, 1 pending>"
    assert reprs.store_repr(None, (1, 0, 0), closed=False) == "<Store: 1 atom, 0 observed, 0 pending>"
    assert reprs.store_repr("app", (3, 2, 1), closed=True) == "<Store 'app': closed>"


@pytest.mark.parametrize(
    "value",
    [
        HOSTILE,
        Shows(HOSTILE),
        {HOSTILE: HOSTILE},
        [Shows("a\nb" * 10_000)],
        "y" * 1_000_000,
        Shows("\x1b]0;title\x07"),
        Raising(),
        list(range(1_000_000)),
    ],
    ids=["text", "repr", "dict", "lines", "long", "escape", "raising", "list"],
)
def test_every_view_of_any_value_is_one_short_line_without_control_characters(value):
    for view in every_view_of(value):
        assert len(view) < 1_000
        assert view.isprintable()


@pytest.mark.parametrize("hostile", [HOSTILE, Shows(HOSTILE), {HOSTILE: [HOSTILE]}])
def test_no_value_can_inject_html(hostile):
    for view in every_view_of(hostile):
        if view.startswith("<span"):
            found = Tags(view)
            assert found.tags <= {"span", "b"}
            assert found.attributes == {"style"}
            assert "<script>" in found.text


def test_no_name_can_inject_html():
    for html in (
        reprs.atom_html(source(1, HOSTILE)),
        reprs.store_html(HOSTILE, (1, 1, 0), closed=False),
    ):
        found = Tags(html)
        assert found.tags == {"span", "b"}
        assert found.attributes == {"style"}
        assert "<script>" in found.text


def test_html_has_the_text_of_the_line():
    assert Tags(reprs.atom_html(source(1))).text == "source atom user_id initially 1"
    assert Tags(reprs.store_html("app", (2, 1, 0), closed=False)).text == "store app 2 atoms, 1 observed, 0 pending"
    assert Tags(reprs.store_html(None, (2, 1, 0), closed=True)).text == "store closed"
    assert Tags(reprs.loadable_html(has_data(1, refreshing=True))).text == "hasData 1 refreshing=True"
    assert Tags(reprs.loadable_html(has_error(KeyError("x"), 1))).text == "hasError KeyError('x') previous=1"
    assert Tags(reprs.async_value_html(AsyncValue("loading", None))).text == "loading"
    assert Tags(reprs.async_value_html(AsyncValue("hasData", 1))).text == "hasData 1"


@pytest.mark.asyncio
async def test_no_repr_raises_anywhere() -> None:
    """Also in another thread, inside a read or a batch, and with a closed store."""
    store = Store()
    store.history(10)
    parts = {**await under_way(store), **definitions(), **values()}
    parts |= {"value": store.get(derived(fetch)), "pending value": store.get(derived(never))}
    parts |= {"graph": store.graph(), "events": store.history()}

    def shown() -> None:
        for one in parts.values():
            for show in (repr, str, *(getattr(one, name) for name in ("_repr_html_",) if name in dir(type(one)))):
                assert isinstance(show(one) if show in {repr, str} else show(), str)

    shown()
    store.get(derived(lambda get: shown()))
    with store.batch():
        shown()
    await asyncio.to_thread(shown)
    await store.close()
    shown()
    await asyncio.to_thread(shown)


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [Raising(), nested(100_000), "x" * 1_000_000], ids=["raising", "deep", "long"])
def test_objects_that_hold_a_users_value_show_it_in_short(value) -> None:
    shown = atom(value, name="shown")
    with Store() as store:
        store.history(10)
        store.set(shown, value)
        store.set(atom(0), value)
        info = ResourceInfo(refetching=value, previous=value, signal=AbortSignal())
        held = [store.graph(), *store.graph().nodes, *store.history(), info, store.saga(draft_atom({}))]
        assert all(len(repr(one)) < 400 for one in held)
        assert len(repr(store.history())) < 4_000
