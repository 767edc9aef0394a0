"""`apply_patches` of a draft edits the draft: all of the patches, or none."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halflife import (
    Layers,
    Patch,
    PatchError,
    RevokedDraftError,
    Store,
    apply_patches,
    current,
    draft,
    draft_atom,
    finish,
    from_json_patch,
    produce,
    produce_with_patches,
)

ADD = [Patch("add", ("l", 1), 2)]


@dataclass
class Point:
    x: int
    y: int


def test_in_a_recipe_the_patches_are_edits():
    base = {"l": [1], "big": [0] * 3}
    new, patches, inverse = produce_with_patches(base, lambda d: apply_patches(d, ADD))
    assert new == {"l": [1, 2], "big": [0, 0, 0]}
    assert new["big"] is base["big"]
    assert patches == [Patch("add", ("l", 1), 2)]
    assert apply_patches(new, inverse) == base


def test_apply_patches_returns_the_draft():
    d = draft({"l": [1]})
    assert apply_patches(d, ADD) is d
    assert finish(d) == {"l": [1, 2]}


def test_where_the_return_value_is_no_state_the_edits_count_too():
    layers = Layers({"l": [1]})
    pushed = from_json_patch('[{"op": "add", "path": "/l/-", "value": 2}]')
    layer = layers.apply(lambda d: apply_patches(d, pushed) and None)
    assert layers.visible == {"l": [1, 2]}
    layer.rollback()
    assert layers.visible == {"l": [1]}
    store = Store()
    todos = draft_atom({"l": [1]})
    store.update(todos, lambda d: apply_patches(d, ADD))
    assert store.get(todos) == {"l": [1, 2]}


def test_a_nested_draft_is_edited_in_place():
    base = {"a": {"l": [1]}, "b": {"l": [1]}}
    new = produce(base, lambda d: apply_patches(d["a"], ADD) and None)
    assert new == {"a": {"l": [1, 2]}, "b": {"l": [1]}}
    assert new["b"] is base["b"]


def test_edits_before_and_after_patches_stay():
    def recipe(d):
        d["l"].append(5)
        inner = d["l"]
        apply_patches(d, [Patch("add", ("l", 2), 6), Patch("move", ("m",), from_=("l",))])
        inner.append(7)
        d["n"] = 1

    assert produce({"l": [1]}, recipe) == {"m": [1, 5, 6, 7], "n": 1}


@pytest.mark.parametrize(
    ("base", "value"),
    [
        ({"a": 1, "b": [2]}, {"b": [3], "c": 4}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1, [2], 3], [[2], 9]),
        ([1], []),
        ({1, 2}, {2, 3}),
        (Point(1, 2), Point(1, 3)),
    ],
)
def test_the_whole_is_replaced_in_place(base, value):
    new = produce({"at": base}, lambda d: d.update(at=apply_patches(d["at"], [Patch("replace", (), value)])))
    assert new == {"at": value}
    if isinstance(value, dict):
        assert list(new["at"]) == list(value)
    assert produce(base, lambda d: apply_patches(d, [Patch("add", (), value)])) == value


def test_a_draft_cannot_become_a_value_of_another_type():
    for value in ([1], 5, None, "text", {1}):
        d = draft({"a": 1})
        with pytest.raises(PatchError, match="another type"):
            apply_patches(d, [Patch("add", ("b",), 2), Patch("replace", (), value)])
        assert current(d) == {"a": 1}


def test_if_one_patch_fails_none_is_applied():
    def recipe(d):
        with pytest.raises(PatchError, match="patch 2"):
            apply_patches(d, [Patch("add", ("b",), 1), Patch("remove", ("a",)), Patch("remove", ("z",))])
        d["c"] = 3

    base = {"a": 1}
    assert produce(base, recipe) == {"a": 1, "c": 3}
    layers = Layers(base)
    layers.apply(recipe)
    assert layers.visible == {"a": 1, "c": 3}


def test_a_layer_depends_only_on_what_its_patches_touch():
    calls = []

    def recipe(d):
        calls.append(1)
        apply_patches(d, [Patch("replace", ("a",), 2), Patch("test", ("l", 0), 1)])

    layers = Layers({"a": 1, "b": 1, "l": [1]})
    other = layers.apply(lambda d: d.update(b=2))
    layers.apply(recipe)
    other.rollback()
    assert (layers.visible, len(calls)) == ({"a": 2, "b": 1, "l": [1]}, 1)


def test_a_layer_whose_patches_did_not_fit_is_tried_again_when_they_may():
    layers = Layers({"a": 1})
    first = layers.apply(lambda d: d.update(n=1))
    second = layers.apply(lambda d: apply_patches(d, [Patch("remove", ("n",)), Patch("add", ("m",), 1)]) and None)
    assert layers.visible == {"a": 1, "m": 1}
    first.rollback()
    assert (layers.visible, second.status) == ({"a": 1}, "conflicted")
    layers.set_base({"a": 1, "n": 5})
    assert (layers.visible, second.status) == ({"a": 1, "m": 1}, "pending")


def test_a_draft_that_is_over_is_refused():
    d = draft({"l": [1]})
    finish(d)
    with pytest.raises(RevokedDraftError):
        apply_patches(d, ADD)


VALUES = st.recursive(
    st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES), st.dictionaries(st.sampled_from("abc"), VALUES))
def test_patches_do_to_a_draft_what_they_do_to_a_value(base, edits):
    def recipe(d):
        for key, value in edits.items():
            if isinstance(d.get(key), int):
                del d[key]
            d[key] = value

    new, patches, inverse = produce_with_patches(base, recipe)
    assert produce(base, lambda d: apply_patches(d, patches)) == new
    assert produce(new, lambda d: apply_patches(d, inverse)) == base
    layers = Layers(base)
    layers.apply(lambda d: apply_patches(d, patches) and None)
    assert layers.visible == new
    layers.rollback_all()
    assert layers.visible == base
