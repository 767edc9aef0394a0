"""Drafts against plain mutation: a recipe changes a draft as it changes a copy, and its patches are complete."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FIRST_SEED, MULTIPLIER
from halflife import (
    Patch,
    apply_patches,
    current,
    draft,
    finish,
    from_json_patch,
    is_draft,
    original,
    produce,
    produce_with_patches,
    to_json_patch,
)
from layer_machine import SHAPE, compare_objects, containers
from layer_operations import draw_working
from layer_oracle import NaiveLayer, NaiveLog, edits
from layer_recipes import KNOTS, Choose, Recipe, Silent, draw_recipe, draw_value
from layer_values import is_container, plain_copy, same, with_fields

CASES = max(1, round(2000 * MULTIPLIER))
PARTS = [range(FIRST_SEED + part, FIRST_SEED + CASES, 4) for part in range(4)]
SEEDS = pytest.mark.parametrize("seeds", [pytest.param(part, marks=pytest.mark.torture) for part in PARTS], ids=str)


def draw_long_recipe(choose: Choose, shape: str) -> Recipe:
    """Several ordinary recipes in one, as far as they make no value that contains itself."""
    steps = draw_recipe(choose, shape).steps
    for _ in range(choose([0, 1, 2])):
        if len(steps) < 3:
            steps = draw_recipe(choose, shape, steps).steps
    return Silent(steps)


class Case:
    """A value, a recipe, and what the recipe makes of a copy of the value."""

    def __init__(self, seed: int) -> None:
        choose = random.Random(seed).choice
        shape = choose(SHAPE)
        self.base = draw_value(choose, shape)
        self.before = plain_copy(self.base)
        self.recipe = draw_working(choose, shape, self.base, draw_long_recipe)
        self.where = f"HALFLIFE_TEST_SEED={seed}: {self.recipe} of {self.base}"
        self.error: type[Exception] | None = None
        try:
            self.expected = NaiveLayer(NaiveLog(None), 0, [edits(self.recipe)], "").apply_to(self.base)
        except Exception as error:
            self.error = type(error)

    def untouched(self) -> None:
        assert same(self.base, self.before), self.where


def in_order(value: Any) -> Any:
    """The value with its dicts sorted, because patches do not carry the order of keys."""
    if type(value) is dict:
        return {key: in_order(value[key]) for key in sorted(value, key=repr)}
    if type(value) is list:
        return [in_order(item) for item in value]
    if is_container(value) and type(value) is not set:
        return with_fields(value, {name: in_order(item) for name, item in vars(value).items()})
    return value


def alike(one: Any, other: Any) -> bool:
    return same(in_order(one), in_order(other))


def is_json(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(is_json, value.values()))
    if type(value) is list:
        return all(map(is_json, value))
    return value is None or type(value) in {str, int, float, bool}


@SEEDS
def test_a_recipe_makes_of_a_draft_what_it_makes_of_a_copy(seeds: range) -> None:
    for seed in seeds:
        case = Case(seed)
        if case.error is not None:
            with pytest.raises(case.error):
                produce(case.base, case.recipe)
            case.untouched()
            continue
        new = produce(case.base, case.recipe)
        assert same(new, case.expected), f"{case.where}: {new}, not {case.expected}"
        compare_objects(new, case.expected, containers(case.base), case.where)
        case.untouched()


@SEEDS
def test_patches_lead_there_and_back(seeds: range) -> None:
    for seed in seeds:
        case = Case(seed)
        if case.error is not None:
            with pytest.raises(case.error):
                produce_with_patches(case.base, case.recipe)
            case.untouched()
            continue
        new, patches, inverse = produce_with_patches(case.base, case.recipe)
        assert same(new, case.expected), case.where
        told = repr((patches, inverse))
        assert "draft" not in told, case.where
        there, back = apply_patches(case.base, patches), apply_patches(new, inverse)
        assert alike(there, new), f"{case.where}: {patches} lead to {there}"
        assert alike(back, case.before), f"{case.where}: {inverse} lead back to {back}"
        assert repr((patches, inverse)) == told, case.where
        assert same(new, case.expected), case.where
        case.untouched()
        if new is case.base:
            assert patches == inverse == [], case.where
        else:
            assert patches or not alike(new, case.base) or not same(new, case.base), case.where
        if is_json(case.before) and is_json(new):
            read = from_json_patch(json.dumps(to_json_patch(patches)))
            assert alike(apply_patches(case.base, read), new), f"{case.where}: {read}"


@SEEDS
def test_patches_of_patched_values_share_what_they_do_not_touch(seeds: range) -> None:
    for seed in seeds:
        case = Case(seed)
        if case.error is None:
            _, patches, inverse = produce_with_patches(case.base, case.recipe)
            there = apply_patches(case.base, patches)
            back = apply_patches(there, inverse)
            assert alike(back, case.before), case.where
            written = {patch.path[:depth] for patch in patches for depth in range(len(patch.path) + 1)}
            for name in case.base if type(case.base) is dict else ():
                if (name,) not in written and not any(patch.from_ and patch.from_[0] == name for patch in patches):
                    assert there[name] is case.base[name], f"{case.where}: {name} was not touched by {patches}"
            case.untouched()


@SEEDS
def test_an_open_draft_shows_its_value_after_each_edit(seeds: range) -> None:
    for seed in seeds:
        case = Case(seed)
        if case.error is None:
            open_draft = draft(case.base)
            case.recipe(open_draft)
            assert is_draft(open_draft)
            assert original(open_draft) is case.base
            assert same(current(open_draft), case.expected), case.where
            new, patches, inverse = finish(open_draft, patches=True)
            assert same(new, case.expected), case.where
            assert alike(apply_patches(case.base, patches), new)
            assert alike(apply_patches(new, inverse), case.before)
            case.untouched()


@given(st.integers(0, 2**40))
def test_two_recipes_in_one_equal_two_in_a_row(seed: int) -> None:
    choose = random.Random(seed).choice
    shape = choose(SHAPE)
    base = draw_value(choose, shape)
    first = draw_working(choose, shape, base, draw_recipe)
    second = draw_working(choose, shape, base, draw_recipe)
    try:
        in_a_row = produce(produce(base, Silent(first.steps)), Silent(second.steps))
    except Exception:
        return

    def both(root: Any) -> None:
        first(root)
        second(root)

    if not any(
        step.edit in KNOTS for step in first.steps
    ):  # one object in two positions becomes two objects after a recipe
        assert same(produce(base, both), in_a_row)


# --- the patches of lists


LIST_EDITS = st.lists(
    st.tuples(st.sampled_from(["insert", "pop", "move", "append"]), st.integers(0, 40), st.integers(0, 40)), max_size=6
)


@given(st.integers(0, 12), LIST_EDITS)
def test_a_list_has_no_more_patches_than_there_were_edits(length: int, script: list[Any]) -> None:
    base = [{"id": number} for number in range(length)]
    done = 0

    def recipe(rows: Any) -> None:
        nonlocal done
        for number, (name, i, j) in enumerate(script):
            if name == "append":
                rows.append({"new": number})
            elif name == "insert":
                rows.insert(i % (len(rows) + 1), {"new": number})
            elif not rows:
                continue
            elif name == "pop":
                rows.pop(i % len(rows))
            else:
                rows.insert(j % len(rows), rows.pop(i % len(rows)))
            done += 1

    new, patches, inverse = produce_with_patches(base, recipe)
    assert len(patches) <= done
    assert len(inverse) <= done
    assert {patch.op for patch in patches + inverse} <= {"add", "remove", "move", "replace"}
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base


@given(st.integers(1, 30), st.integers(0, 30))
def test_one_insert_is_one_add_and_its_inverse_one_remove(length: int, place: int) -> None:
    base = [{"id": number} for number in range(length)]
    place %= length + 1
    _, patches, inverse = produce_with_patches(base, lambda rows: rows.insert(place, "new"))
    assert patches == [Patch("add", (place,), "new")]
    assert inverse == [Patch("remove", (place,))]


@given(st.integers(1, 30), st.integers(0, 30))
def test_one_pop_is_one_remove_and_its_inverse_one_add(length: int, place: int) -> None:
    base = [{"id": number} for number in range(length)]
    place %= length
    _, patches, inverse = produce_with_patches(base, lambda rows: rows.__delitem__(place))
    assert patches == [Patch("remove", (place,))]
    assert inverse == [Patch("add", (place,), {"id": place})]


@given(st.integers(2, 30), st.integers(0, 30), st.integers(0, 30))
def test_one_move_is_one_move(length: int, start: int, end: int) -> None:
    base = [{"id": number} for number in range(length)]
    start, end = start % length, end % length
    new, patches, inverse = produce_with_patches(base, lambda rows: rows.insert(end, rows.pop(start)))
    if start == end:
        assert (new, patches, inverse) == (base, [], [])
        return
    assert [patch.op for patch in patches] == [patch.op for patch in inverse] == ["move"]
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base


def test_an_insert_before_thousands_is_one_add() -> None:
    base = [{"id": number} for number in range(5000)]
    new, patches, inverse = produce_with_patches(base, lambda rows: rows.insert(0, {"id": -1}))
    assert patches == [Patch("add", (0,), {"id": -1})]
    assert inverse == [Patch("remove", (0,))]
    assert all(one is other for one, other in zip(new[1:], base, strict=True))
