"""A *draft* is edited in place of its base: results of recipes, shared parts, refused edits, and the draft's end."""

import asyncio
import copy
import functools

import pytest

from draft_twins import in_turn
from halflife import (
    HalflifeError,
    RecipeError,
    RevokedDraftError,
    current,
    draft,
    finish,
    is_draft,
    original,
    produce,
    produce_with_patches,
)


def nothing(d):
    """A recipe that edits nothing."""


async def waiting(d):
    """An async function is no recipe."""


async def streaming(d):
    yield d


class TakesTwo:
    def __init__(self, one, other):
        """A class whose constructor takes two arguments is no recipe."""


class AsyncCallable:
    async def __call__(self, d):
        """A callable object whose call is async is no recipe."""


# --- what a recipe returns


def test_none_or_the_draft_itself_mean_that_the_edits_count():
    assert produce({"a": 1}, lambda d: d.update(a=2)) == {"a": 2}

    def recipe(d):
        d["a"] = 2
        return d

    assert produce({"a": 1}, recipe) == {"a": 2}


def test_another_value_without_edits_replaces_the_whole():
    assert produce({"a": 1}, lambda d: [1]) == [1]
    assert produce({"a": 1}, lambda d: 5) == 5
    assert produce({"a": 1}, lambda d: False) is False


def test_a_recipe_that_edits_and_returns_another_value_is_refused():
    base = [1, 2]
    with pytest.raises(RecipeError, match=r"edits its draft and returns another value, 1.*d\.pop\(0\)"):
        produce(base, lambda d: d.pop(0))
    assert base == [1, 2]
    for recipe in (
        lambda d: d.append(3) or 5,
        lambda d: d.__setitem__(0, 1) or 5,  # an edit that changes nothing counts, too
        lambda d: [d.append(3), d.pop()],
    ):
        with pytest.raises(RecipeError):
            produce(base, recipe)


def test_a_child_or_a_value_with_drafts_in_it_may_be_returned():
    base = {"a": {"x": [1]}, "b": 2}
    assert produce(base, lambda d: d["a"]) is base["a"]
    new = produce(base, lambda d: {"swapped": [d["a"]], "tuple": (d["a"]["x"],)})
    assert new == {"swapped": [{"x": [1]}], "tuple": ([1],)}
    assert new["swapped"][0] is base["a"]
    assert new["tuple"][0] is base["a"]["x"]
    assert produce([3, 1, 2], sorted) == [1, 2, 3]


def test_over_a_leaf_the_returned_value_is_the_new_value():
    assert produce(1, lambda value: value + 1) == 2
    assert produce(1, lambda value: None) == 1
    assert produce((1, [2]), lambda value: (*value, 3)) == (1, [2], 3)
    assert produce(None, lambda value: value) is None
    assert produce_with_patches(1, lambda value: 1)[1:] == ([], [])
    new, patches, inverse = produce_with_patches(1, lambda value: 2)
    assert (new, len(patches), len(inverse)) == (2, 1, 1)


@pytest.mark.parametrize(
    "recipe",
    [waiting, streaming, functools.partial(waiting), AsyncCallable(), type("C", (), {"m": waiting})().m],
    ids=["async", "stream", "partial", "callable", "method"],
)
def test_an_async_recipe_is_refused_before_it_is_called(recipe):
    for function in (produce, produce_with_patches):
        with pytest.raises(TypeError, match="async"):
            function({}, recipe)


def test_a_coroutine_that_a_recipe_returns_is_closed_and_refused():
    base = {"a": 1}
    for recipe in (lambda d: waiting(d), lambda d: d.update(a=2) or waiting(d), lambda d: streaming(d)):
        for value in (base, 5):
            with pytest.raises((TypeError, AttributeError), match=r"coroutine|update"):
                produce(value, recipe)
    assert base == {"a": 1}


def test_arguments_are_checked():
    for arguments in ((), ({},), ({}, 5), ({}, None), ({}, nothing, 1)):
        for function in (produce, produce_with_patches):
            with pytest.raises(TypeError):
                function(*arguments)
    with pytest.raises(TypeError):
        produce({}, nothing, unknown=1)
    with pytest.raises(TypeError, match="recipe is called with the draft"):
        produce({}, TakesTwo)
    assert produce(base={"a": 1}, recipe=nothing) == {"a": 1}
    assert produce({"a": 1}, recipe=lambda d: d.clear()) == {}


# --- touched and shared parts


def test_an_error_goes_to_the_caller_and_the_base_stays():
    base = {"a": [1], "b": {"c": 2}}
    before = copy.deepcopy(base)
    kept = []

    def recipe(d):
        kept.append(d)
        d["a"].append(2)
        d["b"]["c"] = 3
        raise ZeroDivisionError("half-way")

    for function in (produce, produce_with_patches):
        with pytest.raises(ZeroDivisionError, match="half-way"):
            function(base, recipe)
    assert base == before
    with pytest.raises(RevokedDraftError):
        len(kept[0])


def test_only_containers_on_the_path_to_an_edit_are_copied():
    base = {"a": {"x": [1], "y": [2]}, "b": {"z": [3]}, "l": [{"n": 1}, {"n": 2}]}
    new = produce(base, lambda d: d["a"]["x"].append(9))
    assert new["b"] is base["b"]
    assert new["l"] is base["l"]
    assert new["a"]["y"] is base["a"]["y"]
    new = produce(base, lambda d: d["l"].insert(0, d["l"][1]))
    assert new["l"][0] is new["l"][2] is base["l"][1]


def test_set_and_revert_gives_the_base_itself():
    base = {"a": {"x": 1, "y": [1, 2, 3]}, "s": {1}}
    for recipe in (
        nothing,
        lambda d: d["a"].__setitem__("x", 1),
        lambda d: in_turn(d["a"].__setitem__("x", 2), d["a"].__setitem__("x", 1)),
        lambda d: in_turn(d["a"]["y"].append(4), d["a"]["y"].pop()),
        lambda d: in_turn(d["s"].add(2), d["s"].discard(2)),
        lambda d: in_turn(d.__setitem__("new", {}), d.pop("new")),
        lambda d: d.__setitem__("a", d["a"]),
        lambda d: d.__setitem__("s", d.pop("s")),
        lambda d: in_turn(d["a"]["y"].insert(0, 0), d["a"]["y"].pop(0)),
        lambda d: in_turn(d["a"]["x"], d["a"]["y"][0], 1 in d["s"]),
    ):
        new, patches, inverse = produce_with_patches(base, recipe)
        assert new is base
        assert patches == inverse == []


def test_an_edit_is_visible_at_once_also_through_drafts_taken_before():
    def recipe(d):
        inner = d["a"]["b"]
        d["a"]["b"]["x"] = 5
        assert inner["x"] == 5
        inner["y"] = 6
        assert d == {"a": {"b": {"x": 5, "y": 6}}}

    assert produce({"a": {"b": {"x": 1}}}, recipe) == {"a": {"b": {"x": 5, "y": 6}}}


def test_a_draft_at_two_places_is_equal_at_both_also_after_later_edits():
    def recipe(d):
        d["b"] = d["a"]
        d["list"] = [d["a"], {"deep": (d["a"],)}]
        d["moved"].insert(0, (d["a"],))
        d["a"]["x"] = 2
        d["b"]["y"] = 3
        d["list"][1]["deep"][0]["z"] = 4

    new = produce({"a": {"x": 1}, "moved": [0]}, recipe)
    wanted = {"x": 2, "y": 3, "z": 4}
    assert new == {"a": wanted, "b": wanted, "list": [wanted, {"deep": (wanted,)}], "moved": [(wanted,), 0]}
    assert new["a"] is new["b"]


def test_one_object_in_two_positions_of_the_base_is_two_drafts():
    shared = {"x": 1}
    base = {"a": shared, "b": shared, "l": [shared, shared]}

    def recipe(d):
        assert d["a"] is not d["b"]
        d["a"]["x"] = 2
        d["l"][1]["x"] = 3

    assert produce(base, recipe) == {"a": {"x": 2}, "b": {"x": 1}, "l": [{"x": 1}, {"x": 3}]}
    assert shared == {"x": 1}


def test_a_plain_value_that_was_put_in_stays_as_it_was_when_it_is_edited_through_the_draft():
    mine = {"list": [1], "deep": {"set": {1}}}
    tuples = (mine, [1])

    def recipe(d):
        d["mine"] = mine
        d["mine"]["list"].append(2)
        d["mine"]["deep"]["set"].add(2)
        d["l"].append(mine)
        d["l"][-1]["list"].append(3)
        d["tuples"] = tuples
        d.setdefault("default", mine)["list"].append(4)
        d["l"].extend([mine])
        d["l"][-1]["new"] = 1

    new = produce({"l": []}, recipe)
    assert new["mine"] == {"list": [1, 2], "deep": {"set": {1, 2}}}
    assert new["l"] == [{"list": [1, 3], "deep": {"set": {1}}}, {"list": [1], "deep": {"set": {1}}, "new": 1}]
    assert new["default"]["list"] == [1, 4]
    assert mine == {"list": [1], "deep": {"set": {1}}}
    assert new["tuples"] is tuples


def test_drafts_inside_inserted_plain_values_count_with_their_final_edits():
    def recipe(d):
        d["wrapped"] = {"list": [d["a"]], "tuple": ((d["a"],),), "number": 1}
        d["a"]["x"] = 9

    base = {"a": {"x": 1}}
    new, patches, _ = produce_with_patches(base, recipe)
    assert new["wrapped"] == {"list": [{"x": 9}], "tuple": (({"x": 9},),), "number": 1}
    assert not any(is_draft(patch.value) for patch in patches)
    plain = {"kept": [1]}
    assert produce(base, lambda d: d.update(b=plain))["b"] is plain


def test_moving_a_draft_keeps_what_was_not_edited():
    base = {"a": {"deep": [1]}, "b": {}}

    def recipe(d):
        d["b"]["moved"] = d.pop("a")

    new = produce(base, recipe)
    assert new == {"b": {"moved": {"deep": [1]}}}
    assert new["b"]["moved"] is base["a"]


def test_swapping_two_places_swaps_the_same_objects():
    base = [{"n": 1}, {"n": 2}]

    def recipe(d):
        d[0], d[1] = d[1], d[0]

    new = produce(base, recipe)
    assert new[0] is base[1]
    assert new[1] is base[0]


def test_a_part_removed_and_then_edited_leaves_no_trace():
    def recipe(d):
        gone = d.pop("a")
        gone["x"] = 2
        first = d["l"].pop(0)
        first["y"] = 3

    base = {"a": {"x": 1}, "l": [{"y": 1}, 5]}
    assert produce(base, recipe) == {"l": [5]}
    assert base == {"a": {"x": 1}, "l": [{"y": 1}, 5]}


def test_values_that_contain_themselves_are_refused():
    def into_itself(d):
        d["a"]["b"] = d

    def through_a_list(d):
        d["l"] = [d["l"]]
        d["l"][0].append(d["l"])

    for recipe in (into_itself, through_a_list):
        for function in (produce, produce_with_patches):
            with pytest.raises(RecipeError, match="contain itself"):
                function({"a": {}, "l": []}, recipe)


def test_a_base_that_contains_itself_can_be_edited_beside_the_cycle():
    base = {"x": 1, "other": [1]}
    base["self"] = base
    new = produce(base, lambda d: d.update(x=2))
    assert new["x"] == 2
    assert new["self"] is base
    assert base["x"] == 1


def test_depth_of_values_is_no_limit():
    depth = 20_000
    base = []
    for _ in range(depth):
        base = [base]

    def recipe(d):
        for _ in range(depth):
            d = d[0]
        d.append("bottom")

    new, patches, inverse = produce_with_patches(base, recipe)
    assert len(patches[0].path) == len(inverse[0].path) == depth + 1
    for _ in range(depth):
        new = new[0]
    assert new == ["bottom"]


# --- snapshots


def test_current_is_a_snapshot_and_original_the_base():
    base = {"a": {"x": 1}, "b": [1]}

    def recipe(d):
        assert current(d) is original(d) is base
        d["a"]["x"] = 2
        seen = current(d)
        assert seen == {"a": {"x": 2}, "b": [1]}
        assert seen["b"] is base["b"]
        d["a"]["x"] = 3
        d["b"].append(2)
        assert seen == {"a": {"x": 2}, "b": [1]}
        assert current(d["a"]) == {"x": 3}
        assert original(d) is base
        assert original(d["a"]) is base["a"]

    produce(base, recipe)
    for function in (current, original):
        with pytest.raises(TypeError, match="takes a draft"):
            function({})


def test_is_draft_knows_drafts_only():
    seen = []
    produce({"a": []}, lambda d: seen.extend([is_draft(d), is_draft(d["a"]), is_draft(d.keys()), is_draft(current(d))]))
    assert seen == [True, True, False, False]
    assert not any(is_draft(value) for value in (1, {}, None, is_draft, type))


# --- recipes within recipes


def test_a_draft_as_base_gives_its_current_value():
    def outer(d):
        d["a"]["x"] = 2
        inner = produce(d["a"], lambda inner: inner.update(y=3))
        assert inner == {"x": 2, "y": 3}
        assert not is_draft(inner)
        assert d["a"] == {"x": 2}
        d["b"] = inner
        with draft(d["a"]) as session:
            session["z"] = 1
            assert finish(session) == {"x": 2, "z": 1}

    assert produce({"a": {"x": 1}}, outer) == {"a": {"x": 2}, "b": {"x": 2, "y": 3}}


def test_an_inner_recipe_may_edit_the_outer_draft_but_not_put_it_in():
    def outer(d):
        def inner(other):
            d["edited"] = True
            other["n"] = 1

        assert produce({}, inner) == {"n": 1}
        for put in (
            lambda other: other.update(x=d),
            lambda other: other.update(x=[d]),
            lambda other: {"x": d},
            lambda other: other["l"].append(d),
            lambda other: other["l"].extend([1, d]),
        ):
            with pytest.raises(RecipeError, match="another recipe"):
                produce({"l": []}, put)

    assert produce({}, outer) == {"edited": True}


def test_a_draft_that_is_over_cannot_be_put_in():
    kept = []
    produce({"a": []}, lambda d: kept.append(d["a"]))
    with pytest.raises(RevokedDraftError):
        produce({}, lambda d: d.update(x=kept[0]))
    with pytest.raises(RevokedDraftError):
        produce(kept[0], nothing)


# --- sessions


def test_a_session_is_edited_until_it_is_finished():
    base = {"a": [1]}
    d = draft(base)
    d["a"].append(2)
    child = d["a"]
    new = finish(d)
    assert new == {"a": [1, 2]}
    assert base == {"a": [1]}
    for use in (lambda: finish(d), lambda: d["a"], lambda: child.append(3)):
        with pytest.raises(RevokedDraftError):
            use()


def test_finish_gives_patches_on_request():
    d = draft([1])
    d.append(2)
    new, patches, inverse = finish(d, patches=True)
    assert (new, len(patches), len(inverse)) == ([1, 2], 1, 1)


def test_with_gives_a_session_up_if_there_is_an_error():
    with pytest.raises(ZeroDivisionError), draft([1]) as d:
        d.append(1 / 0)
    with pytest.raises(RevokedDraftError):
        finish(d)
    with draft([1]) as d:
        d.append(2)
    assert finish(d) == [1, 2]
    with draft({1}) as d:
        assert finish(d) == {1}


def test_a_session_lasts_over_awaits():
    async def main():
        d = draft({"n": 0})

        async def add():
            for _ in range(5):
                d["n"] += 1
                await asyncio.sleep(0)

        await asyncio.gather(add(), add())
        return finish(d)

    assert asyncio.run(main()) == {"n": 10}


def test_only_drafts_made_by_draft_can_be_finished():
    base = {"a": {}}
    d = draft(base)
    with pytest.raises(RecipeError, match="part"):
        finish(d["a"])
    with pytest.raises(TypeError, match="takes a draft"):
        finish(base)
    with pytest.raises(TypeError):
        finish()
    with pytest.raises(RecipeError, match="recipe was called with"):
        produce(base, finish)
    with pytest.raises(RecipeError):
        produce(base, lambda d: d["a"].__enter__())
    assert finish(d) is base


@pytest.mark.parametrize("leaf", [1, None, "text", (1, 2), frozenset(), object()])
def test_a_leaf_has_no_session(leaf):
    with pytest.raises(TypeError, match=r"draft\(\) takes"):
        draft(leaf)


def test_a_session_cannot_be_finished_in_the_middle_of_an_operation():
    d = draft({})

    class Finishing:
        def __hash__(self):
            return hash("a")

        def __eq__(self, other):
            finish(d)
            return False

    d["a"] = 1
    with pytest.raises(RecipeError, match="in the middle"):
        d[Finishing()] = 2
    assert finish(d) == {"a": 1}


def test_a_session_whose_result_cannot_be_made_is_over():
    d = draft({"a": {}})
    d["a"]["up"] = d
    with pytest.raises(RecipeError):
        finish(d)
    with pytest.raises(RevokedDraftError):
        finish(d)


def test_sessions_of_one_base_are_independent():
    base = {"n": 1}
    one, two = draft(base), draft(base)
    one["n"] += 1
    two["n"] += 10
    with pytest.raises(RecipeError):
        one["other"] = two
    assert (finish(one), finish(two), base) == ({"n": 2}, {"n": 11}, {"n": 1})


def test_the_errors_belong_to_the_tree():
    for error in (RecipeError, RevokedDraftError):
        assert issubclass(error, HalflifeError)
        assert issubclass(error, RuntimeError)
