"""Debug mode reports impure recipes and values that were changed in place."""

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import pytest

from halflife import Layers, RecipeError, Store, draft_atom, lens
from halflife._optimistic import debugging
from halflife._optimistic.debugging import difference


@pytest.fixture
def store(monkeypatch: Any) -> Iterator[Store]:
    monkeypatch.setattr(debugging, "ENABLED", True)
    with Store() as store:
        yield store
    debugging._handed_out.clear()


def todos_atom() -> Any:
    return draft_atom({"order": [], "items": {"a": {"done": False}}}, name="todos")


def test_an_impure_recipe_is_named_wherever_it_is_used(store: Store) -> None:
    todos = todos_atom()
    ids = itertools.count()

    def add_todo(draft: Any) -> None:
        draft["order"].append(next(ids))

    for use in (
        lambda: store.update(todos, add_todo),
        lambda: store.layers(todos).apply(add_todo),
        lambda: store.layers(todos).edit_base(add_todo),
        lambda: store.mutate(todos, add_todo),
        lambda: Layers({"order": []}).apply(add_todo),
        lambda: store.update(lens(todos, lambda value: value), add_todo),
    ):
        with pytest.raises(RecipeError, match=r"recipe add_todo is not a pure function.*\['order'\]"):
            use()
    assert (store.get(todos)["order"], store.layers(todos).pending) == ([], 0)


def test_a_context_that_differs_is_impure_too(store: Store) -> None:
    with pytest.raises(RecipeError, match="not a pure function"):
        store.layers(todos_atom()).apply(lambda draft: random.random())


def test_a_pure_recipe_is_called_twice_and_does_what_it_does(store: Store) -> None:
    todos = todos_atom()
    calls: list[int] = []

    def recipe(draft: Any) -> str:
        calls.append(1)
        draft["order"].append("a")
        draft["items"]["b"] = draft["items"].pop("a")
        return "context"

    layer = store.layers(todos).apply(recipe)
    assert (layer.context, len(calls)) == ("context", 2)
    assert store.get(todos) == {"order": ["a"], "items": {"b": {"done": False}}}
    store.update(todos, lambda draft: {"order": ["new"], "items": {}})
    assert store.get(todos) == {"order": ["new"], "items": {}}
    store.update(lens(todos, lambda value: value["order"]), lambda draft: draft.append("x"))
    assert store.get(todos)["order"] == ["new", "x"]


def test_a_context_with_drafts_in_it_is_compared_before_the_drafts_end(store: Store) -> None:
    todos = todos_atom()
    layer = store.layers(todos).apply(lambda draft: {"item": draft["items"]["a"], "all": [draft["items"], {1}]})
    assert layer.context == {"item": {"done": False}, "all": [{"a": {"done": False}}, {1}]}


def test_values_that_are_no_containers_are_not_remembered(store: Store) -> None:
    count = draft_atom(1)
    store.update(count, lambda value: value + 1)
    store.update(draft_atom({"tags": {1, 2}}), lambda draft: draft["tags"].add(3))
    assert [type(value) for value, _ in debugging._handed_out.values()] == [dict, dict]


def test_the_error_of_a_recipe_reaches_the_caller(store: Store) -> None:
    todos = todos_atom()
    with pytest.raises(KeyError, match="zzz"):
        store.update(todos, lambda draft: draft["zzz"])


def test_a_value_changed_in_place_is_found_out_at_the_next_edit(store: Store) -> None:
    todos = todos_atom()
    store.update(todos, lambda draft: draft["order"].append("a"))
    store.get(todos)["items"]["a"]["done"] = True
    with pytest.raises(RecipeError, match=r"value of todos was changed in place.*\['items'\]\['a'\]\['done'\]"):
        store.update(todos, lambda draft: draft["order"].append("b"))
    store.update(todos, lambda draft: draft["order"].append("b"))  # reported only once


def test_a_change_in_place_of_the_first_value_or_of_one_with_layers_is_found_out(store: Store) -> None:
    todos = todos_atom()
    store.get(todos)["order"].append("in place")
    with pytest.raises(RecipeError, match="changed in place"):
        store.update(todos, lambda draft: None)
    layers = Layers({"order": []})
    layers.apply(lambda draft: draft["order"].append("a"))
    layers.visible["order"].append("in place")
    with pytest.raises(RecipeError, match=r"changed in place.*\['order'\]"):
        layers.apply(lambda draft: draft["order"].append("b"))
    other = todos_atom()
    store.layers(other).apply(lambda draft: draft["order"].append("a"))
    store.get(other)["order"].clear()
    with pytest.raises(RecipeError, match="changed in place"):
        store.layers(other).rollback_all()


def test_only_the_newest_values_are_remembered(store: Store) -> None:
    for number in range(300):
        store.update(todos_atom(), lambda draft, number=number: draft["order"].append(number))
    assert len(debugging._handed_out) == 256


@dataclass
class Point:
    x: int
    tags: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, " at ['a'][1]: 2 and 3"),
        ([1], [1, 2], ": [1] and [1, 2]"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ": {'a': 1, 'b': 2} and {'b': 2, 'a': 1}"),
        (1, True, ": 1 and True"),
        ([Point(1, ["a"])], [Point(1, ["b"])], " at [0].tags[0]: 'a' and 'b'"),
        ({1, 2}, {1, 3}, ": {1, 2} and {1, 3}"),
        ((1, (2,)), (1, (2,)), None),
        (float("nan"), float("nan"), None),
        ({"a": {1, 2}}, {"a": {2, 1}}, None),
    ],
)
def test_where_two_values_differ(one: Any, other: Any, where: str | None) -> None:
    assert difference(one, other) == where


def test_records_are_remembered_as_they_were(store: Store) -> None:
    point = draft_atom(Point(1), name="point")
    store.get(point).tags.append("in place")
    with pytest.raises(RecipeError, match=r"point was changed in place.*\.tags"):
        store.update(point, lambda draft: None)


@pytest.mark.parametrize(("value", "calls"), [("1", 2), ("0", 1), ("", 1)])
def test_the_environment_turns_it_on(value: str, calls: int) -> None:
    script = """
        from halflife import Store, draft_atom
        calls = []
        with Store() as store:
            store.update(draft_atom([]), lambda draft: calls.append(1))
        print(len(calls))
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)],
        env={**os.environ, "HALFLIFE_DEBUG": value},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(calls)
