"""Paths of patches are exact; only a path read from JSON matches a key by its text."""

# ruff: noqa: S301 - what the test itself has pickled

import copy
import pickle
from datetime import date
from enum import Enum
from functools import partial
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import named
from halflife import Patch, PatchError, apply_patches, from_json_patch, produce_with_patches, to_json_patch


class Color(Enum):
    red = 1


# Keys that differ in a dict but have equal texts or types.
KEYS: list[Any] = [0, "0", 1, "1", -1, "-1", "-", "", 1.5, "1.5", b"0", None, "None", "null", True, "True"]
KEYS += [(0,), ("0",), Color.red, "red", date(2026, 1, 1), "2026-01-01", 10**30, str(10**30), frozenset({0}), "\ud800"]
PAIRS = [pair for pair in combinations(KEYS, 2) if len(set(pair)) == 2]

EDITS = {
    "set": lambda d, one, other: d.__setitem__(one, "new"),
    "update": lambda d, one, other: d.update({one: "new"}),
    "delete": lambda d, one, other: d.__delitem__(one),
    "delete and set": lambda d, one, other: (d.pop(one), d.__setitem__(one, "new")),
    "nested": lambda d, one, other: d[one].append(2),
    "move": lambda d, one, other: d.__setitem__(other, d.pop(one)),
    "both": lambda d, one, other: d.update({one: 1, other: 2}),
}


def edit_and_return_nothing(edit, one, other, draft):
    EDITS[edit](draft, one, other)


@pytest.mark.parametrize("edit", EDITS)
def test_a_key_is_never_taken_for_another_with_the_same_text(edit):
    for one, other in [*PAIRS, *((other, one) for one, other in PAIRS)]:
        for base in ({one: [1]}, {one: [1], other: [1]}, {other: [1], one: [1]}):
            before = copy.deepcopy(base)
            try:
                new, patches, inverse = produce_with_patches(base, partial(edit_and_return_nothing, edit, one, other))
            except KeyError:
                continue
            where = f"{edit}: {one!r} beside {other!r}: {patches}"
            assert list(apply_patches(base, patches).items()) == list(new.items()), where
            assert apply_patches(new, inverse) == base == before, where
            assert [type(key) for key in apply_patches(base, patches)] == [type(key) for key in new], where


def test_an_absent_key_is_added_beside_a_key_with_the_same_text():
    new, patches, _ = produce_with_patches({0: "a"}, lambda d: d.update({"0": "b"}))
    assert new == {0: "a", "0": "b"}
    assert apply_patches({0: "a"}, patches) == new


@given(
    st.dictionaries(st.sampled_from(KEYS), st.integers(0, 3)),
    st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 3) | st.none()), max_size=6),
)
def test_patches_of_dicts_with_keys_of_all_types_go_both_ways(base, edits):
    def recipe(draft):
        for key, value in edits:
            if value is None:
                draft.pop(key, None)
            else:
                draft[key] = value

    new, patches, inverse = produce_with_patches(base, recipe)
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base


def edit_members(draft):
    draft.add("0")
    draft.remove("1")
    draft.add(1)


def test_members_of_sets_are_exact():
    new, patches, inverse = produce_with_patches({0, "1"}, edit_members)
    assert apply_patches({0, "1"}, patches) == new == {0, "0", 1}
    assert apply_patches(new, inverse) == {0, "1"}


@pytest.mark.parametrize(
    ("base", "patch"),
    [
        ([1, 2], Patch("replace", ("0",), 9)),
        ([1, 2], Patch("remove", ("1",))),
        ({"a": [1]}, Patch("add", ("a", "0"), 9)),
        ({0: 1}, Patch("replace", ("0",), 9)),
        ({0: 1}, Patch("test", ("0",), 1)),
        ({"0": 1}, Patch("remove", (0,))),
        ({1}, Patch("remove", ("1",))),
        ({0: 1}, Patch("move", ("a",), from_=("0",))),
    ],
    ids=named,
)
def test_a_text_names_no_position_and_no_number(base, patch):
    with pytest.raises(PatchError):
        apply_patches(base, [patch])


def test_paths_from_json_look_for_the_key_that_is_there():
    def applied(base, **operation):
        return apply_patches(base, from_json_patch([operation]))

    assert applied({0: "a"}, op="replace", path="/0", value="b") == {0: "b"}
    assert applied({"0": "a"}, op="replace", path="/0", value="b") == {"0": "b"}
    assert applied({"0": "a", 0: "c"}, op="replace", path="/0", value="b") == {"0": "b", 0: "c"}
    assert applied({}, op="add", path="/0", value="b") == {"0": "b"}
    assert applied([1], op="add", path="/0", value="b") == ["b", 1]
    assert applied([1], op="add", path="/-", value="b") == [1, "b"]
    assert applied({7: [1]}, op="move", **{"from": "/7/0"}, path="/x") == {7: [], "x": 1}


def test_copies_and_pickles_of_a_json_patch_still_match_by_text():
    patches = from_json_patch([{"op": "replace", "path": "/0", "value": "b"}])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert apply_patches(["a"], pickle.loads(pickle.dumps(patches, protocol))) == ["b"]
    assert apply_patches(["a"], copy.deepcopy(patches)) == ["b"]
    assert apply_patches(["a"], from_json_patch(to_json_patch(patches))) == ["b"]
    exact = pickle.loads(pickle.dumps([Patch("replace", ("0",), "b")]))
    with pytest.raises(PatchError):
        apply_patches(["a"], exact)


@pytest.mark.parametrize("key", [-1, True, None, 1.5, b"x", (1,), Color.red], ids=named)
def test_a_key_that_json_cannot_have_is_refused_in_a_path(key):
    with pytest.raises(PatchError, match="JSON"):
        to_json_patch([Patch("add", ("a", key), 1)])
    with pytest.raises(PatchError, match="JSON"):
        to_json_patch([Patch("move", ("a",), from_=(key,))])


WRAPPED = [lambda value: value, lambda value: [value], lambda value: {"a": [value]}, lambda value: ({"b": value},)]


@pytest.mark.parametrize("key", [0, -1, True, None, 1.5, b"x", (1,), Color.red], ids=named)
@pytest.mark.parametrize("wrap", WRAPPED, ids=range(4))
def test_a_key_that_json_cannot_have_is_refused_in_a_value(key, wrap):
    with pytest.raises(PatchError, match=r"key .* JSON"):
        to_json_patch([Patch("add", ("a",), wrap({key: 1}))])


def test_cyclic_and_deep_values_are_walked():
    knot: list[Any] = []
    knot.append(knot)
    assert to_json_patch([Patch("add", ("a",), knot)])[0]["value"] is knot
    deep: Any = {0: 1}
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(PatchError, match="key 0"):
        to_json_patch([Patch("add", ("a",), deep)])
    while isinstance(deep, list):
        deep = deep.pop()


def test_json_text_nested_too_deep_is_a_patch_error():
    text = '[{"op": "add", "path": "", "value": ' + "[" * 100_000 + "]" * 100_000 + "}]"
    with pytest.raises(PatchError, match="nested too deep"):
        from_json_patch(text)


@pytest.mark.parametrize("text", ["\ud800", "a/\udfff~", "ä\U0001f600"], ids=ascii)
def test_any_text_can_be_a_key_on_the_way_to_json_and_back(text):
    operations = to_json_patch([Patch("add", (text,), 1)])
    assert apply_patches({}, from_json_patch(operations)) == {text: 1}
    with pytest.raises(PatchError, match="nothing at that path"):
        apply_patches({}, [Patch("remove", (text,))])
    assert apply_patches({text: [1]}, from_json_patch([{"op": "remove", "path": operations[0]["path"] + "/0"}])) == {
        text: []
    }
