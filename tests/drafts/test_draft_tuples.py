"""Tuples with containers in them: read as tuples of drafts, and rebuilt by an edit inside."""

import copy
import gc
import random
import weakref
from collections import deque, namedtuple
from typing import Any

import pytest

from conftest import FIRST_SEED, MULTIPLIER
from halflife import (
    Layers,
    Patch,
    PatchError,
    RecipeError,
    RevokedDraftError,
    Store,
    apply_patches,
    current,
    draft,
    draft_atom,
    finish,
    from_json_patch,
    is_draft,
    lens,
    produce,
    produce_with_patches,
    to_json_patch,
)

Point = namedtuple("Point", "x tags")  # noqa: PYI024 - untyped on purpose


def make() -> dict[str, Any]:
    return {"t": ([1], 2, ({"a": [3]}, (4,)), Point(1, ([5],))), "plain": (1, (2, "x"))}


def edit(value: Any) -> None:
    value["t"][0].append(9)
    value["t"][2][0]["a"].append(9)
    value["t"][3].tags[0].append(9)


def test_an_edit_below_makes_a_new_tuple_and_nothing_else() -> None:
    base = make()
    expected = make()
    edit(expected)
    new, patches, inverse = produce_with_patches(base, edit)
    assert new == expected
    assert base == make()
    assert type(new["t"]) is type(new["t"][2]) is tuple
    assert type(new["t"][3]) is Point
    assert new["plain"] is base["plain"]
    assert new["t"][2][1] is base["t"][2][1]
    assert {patch.path for patch in patches} == {("t", 0, 1), ("t", 2, 0, "a", 1), ("t", 3, "tags", 0, 1)}
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
    assert apply_patches(base, from_json_patch(to_json_patch(patches))) == new


def test_a_tuple_reads_as_a_tuple_of_drafts_and_one_without_containers_as_itself() -> None:
    base = make()

    def recipe(value: Any) -> None:
        assert value["plain"] is base["plain"]
        assert type(value["t"]) is tuple
        assert value["t"] is value["t"]
        assert not is_draft(value["t"])
        assert [is_draft(item) for item in value["t"]] == [True, False, False, True]
        assert value["t"][2][1] is base["t"][2][1]
        assert next(iter(value.values())) is value["t"]
        first, two, (inner, _), point = value["t"]
        assert (current(first), two, current(inner), current(point)) == ([1], 2, {"a": [3]}, base["t"][3])
        match value["t"]:
            case ([1], 2, *_):
                pass
            case _:
                pytest.fail("no pattern matches")
        with pytest.raises(TypeError):
            value["t"][1] = 5

    assert produce(base, recipe) is base


def test_setting_the_tuple_that_was_read_is_no_edit() -> None:
    base = {"t": ([1],), "list": [([2],), ([1],)]}
    assert produce(base, lambda value: value.update(t=value["t"])) is base
    new, patches, inverse = produce_with_patches(base, lambda value: value["list"].sort())
    assert new == {"t": ([1],), "list": [([1],), ([2],)]}
    assert new["list"][0] is base["list"][1]
    assert [patch.op for patch in patches] == [patch.op for patch in inverse] == ["move"]
    assert apply_patches(new, inverse) == base


def test_the_same_tuple_at_two_places_shows_later_edits_at_both() -> None:
    def recipe(value: Any) -> None:
        value["b"] = value["a"]
        value["c"] = [value["a"], (value["a"], 1)]
        value["a"][0].append(2)

    new = produce({"a": ([1],)}, recipe)
    assert new == {"a": ([1, 2],), "b": ([1, 2],), "c": [([1, 2],), (([1, 2],), 1)]}


def test_a_tuple_put_in_by_the_recipe_is_never_edited_itself() -> None:
    mine = ([1], {"x": 1})

    def recipe(value: Any) -> None:
        value["new"] = mine
        value["new"][0].append(2)
        value["new"][1]["x"] = value["old"]

    new = produce({"old": ([5],)}, recipe)
    assert new == {"old": ([5],), "new": ([1, 2], {"x": ([5],)})}
    assert mine == ([1], {"x": 1})


def test_a_tuple_may_be_the_root() -> None:
    base = ([1], (2, {"a": []}))

    def recipe(value: Any) -> None:
        value[0].append(2)
        value[1][1]["a"].append(3)

    new, patches, inverse = produce_with_patches(base, recipe)
    assert new == ([1, 2], (2, {"a": [3]}))
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
    assert produce(base, lambda value: value) is base
    assert produce(base, lambda value: (1,)) == (1,)
    with pytest.raises(RecipeError):
        produce(base, lambda value: value[0].pop())
    assert produce((1, 2), lambda value: (*value, 3)) == (1, 2, 3)


def test_layers_over_a_tuple_as_the_root() -> None:
    for replay in ("selective", "always"):
        layers = Layers(([1], {"a": 1}), replay=replay)
        first = layers.apply(lambda value: value[0].append(2))
        layers.apply(lambda value: value[1].update(a=value[1]["a"] + 1))
        assert layers.visible == ([1, 2], {"a": 2})
        first.rollback()
        assert layers.visible == ([1], {"a": 2})
        layers.set_base(([5], {"a": 7}))
        assert layers.visible == ([5], {"a": 8})
        layers.commit_all()
        assert layers.base == ([5], {"a": 8})


def test_layers_that_edit_other_items_of_a_tuple_are_not_called_again() -> None:
    layers = Layers({"t": ({"n": 0}, {"n": 0})})
    calls: list[int] = []

    def at(index: int) -> Any:
        def recipe(value: Any) -> None:
            calls.append(index)
            value["t"][index]["n"] += 1

        return recipe

    first = layers.apply(at(0))
    layers.apply(at(1))
    calls.clear()
    first.rollback()
    assert (layers.visible, calls) == ({"t": ({"n": 0}, {"n": 1})}, [])


def test_a_lens_may_look_into_a_tuple() -> None:
    with Store() as store:
        root = draft_atom({"t": ({"n": 1}, [])}, name="root")
        part = lens(root, lambda value: value["t"][0])
        store.update(part, lambda value: value.update(n=2))
        assert store.get(root) == {"t": ({"n": 2}, [])}
        inner = lens(root, lambda value: value["t"][0]["n"])
        store.set(inner, 5)
        assert store.get(root) == {"t": ({"n": 5}, [])}


def test_patches_do_not_edit_a_tuple_itself() -> None:
    for patch in (Patch("replace", ("t", 0), 1), Patch("add", ("t", 0), 1), Patch("remove", ("t", 0))):
        with pytest.raises(PatchError, match="a tuple cannot be edited"):
            apply_patches({"t": ([1],)}, [patch])
    assert apply_patches({"t": ([1],)}, [Patch("copy", ("u",), from_=("t", 0))]) == {"t": ([1],), "u": [1]}
    assert apply_patches({"t": ([1], 2)}, [Patch("test", ("t", 1), 2), Patch("test", ("t",), ([1], 2))])
    with pytest.raises(PatchError):
        apply_patches({"t": ([1],)}, [Patch("replace", ("t", 7, 0), 1)])


def test_drafts_in_a_tuple_end_with_their_recipe() -> None:
    kept: list[Any] = []
    produce(make(), lambda value: kept.append(value["t"]))
    with pytest.raises(RevokedDraftError):
        kept[0][0].append(1)
    with pytest.raises(RevokedDraftError):
        produce({}, lambda value: value.update(a=kept))


def test_a_session_with_tuples_is_garbage_when_nobody_holds_it() -> None:
    class Own:
        pass

    own = Own()
    alive = weakref.ref(own)
    edited = draft({"t": ([own], ({"a": 1}, own))})
    edited["t"][0].append(edited["t"])
    del edited, own
    gc.collect()
    assert alive() is None
    edited = draft(make())
    edit(edited)
    expected = make()
    edit(expected)
    assert finish(edited) == expected
    with pytest.raises(TypeError, match="tuple"):
        draft(([1],))


def test_deep_tuples_and_repeated_items_are_no_problem() -> None:
    deep: Any = ([1],)
    for _ in range(100_000):
        deep = (deep, 1)
    new = produce({"t": deep}, lambda value: value["t"])
    del new
    shared: Any = (1,)
    for _ in range(60):
        shared = (shared, shared)
    base = {"t": shared}
    assert produce(base, lambda value: value.update(u=value["t"]))["u"] is shared
    while isinstance(deep, tuple):
        deep = deep[0]


# --- random edits against a copy

CASES = max(1, round(300 * MULTIPLIER))


def draw(choose: Any, depth: int) -> Any:
    kind = choose(["tuple", "tuple", "list", "dict", "deque", "number"])
    if not depth or kind == "number":
        return choose(range(3))
    parts = [draw(choose, depth - 1) for _ in range(choose(range(1, 4)))]
    if kind == "tuple":
        return tuple(parts)
    if kind == "list":
        return parts
    if kind == "deque":
        return deque(parts)
    return dict(zip("abc", parts, strict=False))


def walk(value: Any, steps: list[float], number: int) -> None:
    """Make one edit in a value: the steps choose the position, the number chooses the edit."""
    for step in steps:
        if isinstance(value, (int, str)) or not len(value):
            return
        keys = list(value) if hasattr(value, "keys") else range(len(value))
        if number % 5 and step > 0.8 and not isinstance(value, tuple):
            break
        value = value[keys[int(step * len(keys))]]
    if isinstance(value, (int, tuple)):
        return
    if hasattr(value, "keys"):
        value[str(number % 4)] = (number, [number])
        if number % 3 == 0:
            value.pop("a", None)
    elif number % 2:
        value.append(([number], number))
    elif len(value):
        value.insert(0, value[-1])


@pytest.mark.parametrize("root", ["dict", "tuple"])
def test_random_edits_match_those_of_a_copy(root: str) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + CASES):
        chance = random.Random(seed)
        base: Any = {key: draw(chance.choice, 4) for key in "abc"}
        base = base if root == "dict" else tuple(base.values())
        edits = [([chance.random() for _ in range(5)], chance.randrange(100)) for _ in range(chance.randrange(1, 5))]

        def recipe(value: Any, edits: Any = edits) -> None:
            for steps, number in edits:
                walk(value, steps, number)

        expected, before = copy.deepcopy(base), copy.deepcopy(base)
        recipe(expected)
        new, patches, inverse = produce_with_patches(base, recipe)
        assert new == expected, f"HALFLIFE_TEST_SEED={seed}"
        assert base == before, f"HALFLIFE_TEST_SEED={seed}"
        assert apply_patches(base, patches) == new, f"HALFLIFE_TEST_SEED={seed}"
        assert apply_patches(new, inverse) == base, f"HALFLIFE_TEST_SEED={seed}"
        both = [Layers(base), Layers(base, replay="always")]
        for layers in both:
            layer = [layers.apply(lambda value, edit=edit: walk(value, *edit)) for edit in edits]
            assert layers.visible == new, f"HALFLIFE_TEST_SEED={seed}"
            layer[0].rollback()
        rest = copy.deepcopy(base)
        for edit_ in edits[1:]:
            walk(rest, *edit_)
        assert both[0].visible == both[1].visible == rest, f"HALFLIFE_TEST_SEED={seed}"
