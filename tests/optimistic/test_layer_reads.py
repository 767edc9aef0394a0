"""Dependencies of layers without an explicit read: objects written back unchanged, and tuples."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from halflife import Layers


@dataclass
class Pair:
    first: object
    second: object


def number_to_five(root: Any) -> None:
    root["c"]["n"] = 5


def first_to_five(root: Any) -> None:
    root["c"].first["n"] = 5


def item_to_five(root: Any) -> None:
    root["c"][0]["n"] = 5


def add_member(root: Any) -> None:
    root["c"].add(5)


OBJECTS = [
    pytest.param(lambda: {"n": 1}, number_to_five, id="dict"),
    pytest.param(lambda: [{"n": 1}], item_to_five, id="list"),
    pytest.param(lambda: ({"n": 1}, 2), item_to_five, id="tuple"),
    pytest.param(lambda: Pair({"n": 1}, 2), first_to_five, id="record"),
    pytest.param(lambda: {1, 2}, add_member, id="set"),
]


@pytest.mark.parametrize("replay", ["selective", "always"])
@pytest.mark.parametrize("refetched", [False, True])
@pytest.mark.parametrize(("make", "edit"), OBJECTS)
def test_an_object_written_back_unchanged_is_written_again_over_another_base(
    make: Callable[[], Any], edit: Callable[[Any], None], refetched: bool, replay: Any
) -> None:
    base = {"c": make()}
    edited = copy.deepcopy(base)
    edit(edited)
    layers = Layers(base, replay=replay)
    layers.apply(lambda draft: draft.update(c=base["c"]))
    if refetched:
        layers.set_base(edited)
    else:
        layers.edit_base(edit)
    assert layers.base == edited
    assert layers.visible == {"c": make()}


@pytest.mark.parametrize("replay", ["selective", "always"])
@pytest.mark.parametrize(("make", "edit"), OBJECTS)
def test_an_object_made_by_an_older_edit_and_written_back_survives_its_rollback(
    make: Callable[[], Any], edit: Callable[[Any], None], replay: Any
) -> None:
    base = {"c": make()}
    edited = copy.deepcopy(base)
    edit(edited)
    layers = Layers(base, replay=replay)
    older = layers.apply(edit)
    seen = layers.visible["c"]
    layers.apply(lambda draft: draft.update(c=seen))
    older.rollback()
    assert layers.visible == edited


@pytest.mark.parametrize("refetched", [False, True])
@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((1, 2), (1, 3)),
        ((1, 2), (1, 2, 3)),
        (((1, 2), []), ((1, 3), [])),
        ((1, []), (1, [], 2)),
        ((1, []), (1, 2)),
        ((1, 2), (1, [])),
    ],
)
@pytest.mark.parametrize(
    "read", [lambda tuple_: tuple_, len, repr, lambda tuple_: tuple_[0]], ids=["whole", "len", "repr", "0"]
)
def test_a_layer_that_read_a_tuple_runs_again_when_the_base_holds_another(
    read: Callable[[Any], Any], before: Any, now: Any, refetched: bool
) -> None:
    def recipe(draft: Any) -> None:
        draft["e"] = read(draft["t"])

    expected = {"t": now, "e": 0}
    layers = Layers({"t": before, "e": 0})
    layers.apply(recipe)
    if refetched:
        layers.set_base({"t": now, "e": 0})
    else:
        layers.edit_base(lambda draft: draft.update(t=now))
    fresh = Layers(expected)
    fresh.apply(recipe)
    assert layers.visible == fresh.visible
