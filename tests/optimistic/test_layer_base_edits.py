"""An edit of the base while confirmed layers wait: a layer that is rolled back leaves no trace.

Two logs check this: one runs a program, the other runs the same program without one of its layers.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from conftest import FIRST_SEED, MULTIPLIER
from halflife import Layers
from halflife._core import LayerLog
from layer_values import same

Recipe = Callable[[Any], object]
Operation = tuple[Any, ...]
REPLAYS = pytest.mark.parametrize("replay", ["selective", "always"])
KEYS = ["a", "b", "c", 1, "1"]


def assign(key: Any, value: Any) -> Recipe:
    return lambda draft: draft.__setitem__(key, value)


@REPLAYS
def test_an_edit_of_the_base_comes_after_layers_confirmed_before(replay: Any) -> None:
    layers = Layers({"k": 0}, replay=replay)
    older = layers.apply(assign("x", 1))
    layers.apply(assign("k", 1)).commit()
    layers.edit_base(assign("k", 2))
    assert (layers.base, layers.visible) == ({"k": 2}, {"k": 1, "x": 1})
    older.rollback()
    assert layers.visible is layers.base
    assert layers.base == {"k": 2}


@REPLAYS
def test_an_edit_of_the_base_stays_below_an_older_confirmed_layer(replay: Any) -> None:
    layers = Layers({"k": 0}, replay=replay)
    older = layers.apply(assign("x", 1))
    layers.apply(assign("k", 1)).commit()
    layers.edit_base(assign("k", 2))
    shown = layers.visible
    older.commit()
    assert layers.visible is shown
    assert layers.base is shown


@REPLAYS
def test_several_edits_of_the_base_keep_their_order_and_stay_below_pending_layers(replay: Any) -> None:
    layers = Layers({"log": []}, replay=replay)

    def add(name: str) -> Recipe:
        return lambda draft: draft["log"].append(name)

    one, two = layers.apply(add("one")), layers.apply(add("two"))
    layers.apply(add("confirmed")).commit()
    layers.edit_base(add("first"))
    three = layers.apply(add("three"))
    layers.edit_base(add("second"))
    assert layers.visible["log"] == ["first", "second", "one", "two", "confirmed", "three"]
    one.rollback()
    assert layers.visible["log"] == ["first", "second", "two", "confirmed", "three"]
    two.rollback()
    assert layers.visible["log"] == ["confirmed", "first", "second", "three"]
    assert layers.base["log"] == ["confirmed", "first", "second"]
    three.rollback()
    assert layers.visible is layers.base


def test_an_edit_of_the_base_that_no_longer_applies_is_left_out() -> None:
    errors: list[BaseException] = []
    layers = Layers({"a": 1}, on_error=errors.append)
    older = layers.apply(assign("x", 1))
    layers.apply(lambda draft: draft.pop("a")).commit()
    layers.edit_base(lambda draft: draft.update(a=draft["a"] + 1))
    older.rollback()
    assert layers.base == {}
    assert errors == []


def start_again(draft: Any) -> None:
    draft.clear()
    draft.update({"b": 0, "list": [3], "a": 0})


def draw_recipe(choose: Callable[[Any], Any], number: int) -> Recipe:
    key, other = choose(KEYS), choose(KEYS)
    edit: Recipe = choose(
        [
            assign(key, number),
            lambda draft: draft.pop(key, None),
            lambda draft: draft.__setitem__(key, draft.pop(key)),
            start_again,
            lambda draft: draft.__setitem__(key, draft[key] * 2 + 1),
            lambda draft: draft.__setitem__(other, draft[key]),
            lambda draft: draft["list"].append(number),
            lambda draft: draft["list"].insert(0, number),
            lambda draft: draft["list"].pop(0),
        ]
    )

    def recipe(draft: Any) -> None:
        edit(draft)

    return recipe


def draw_program(choose: Callable[[Any], Any]) -> list[Operation]:
    program: list[Operation] = []
    made = 0
    for number in range(12):
        kind = choose(
            ["apply"] * 6 + ["commit", "rollback", "edit", "edit"] * 2 + ["commit", "commit", "then", "then", "set"]
        )
        if kind == "apply":
            program.append((kind, made, draw_recipe(choose, number)))
            made += 1
        elif kind == "edit":
            program.append((kind, None, draw_recipe(choose, number)))
        elif kind == "set":
            program.append((kind, None, {"a": number, "list": [number], 1: number}))
        elif made:
            program.append((kind, choose(range(made)), draw_recipe(choose, number)))
    return program


def run(program: list[Operation], replay: Any, without: int | None = None) -> tuple[Any, dict[int, Any], list[Any]]:
    """Run a program; return the log, its layers, and the result or error of each step."""
    layers = Layers({"a": 1, "b": 2, "list": [1, 2], 1: 0}, replay=replay, on_error=lambda error: None)
    made: dict[int, Any] = {}
    happened: list[Any] = []
    for kind, number, what in program:
        if number is not None and (number == without or (kind != "apply" and number not in made)):
            happened.append(None)
            continue
        try:
            match kind:
                case "apply":
                    made[number] = layers.apply(what)
                case "then":
                    made[number].commit(then=what)
                case "edit":
                    layers.edit_base(what)
                case "set":
                    layers.set_base(what)
                case _:
                    getattr(made[number], kind)()
            happened.append("done")
        except (KeyError, IndexError, TypeError) as error:
            happened.append(type(error))
    return layers, made, happened


@REPLAYS
def test_a_layer_rolled_back_at_any_time_leaves_no_trace(replay: Any) -> None:
    checked = 0
    for seed in range(FIRST_SEED, FIRST_SEED + round(400 * MULTIPLIER)):
        program = draw_program(random.Random(seed).choice)
        for number in range(sum(kind == "apply" for kind, _, _ in program)):
            whole = [*program, ("rollback", number, None)]
            layers, made, happened = run(whole, replay)
            if number not in made or made[number].status != "rolled_back":
                continue
            without, _, happened_without = run(whole, replay, number)
            if any(one is not None and one != other for one, other in zip(happened_without, happened, strict=True)):
                continue  # another operation depended on the layer, and raised
            checked += 1
            assert same(layers.base, without.base), (seed, number)
            assert same(layers.visible, without.visible), (seed, number)
    assert checked > 500 * MULTIPLIER


@REPLAYS
def test_a_key_that_a_folded_layer_moved_is_where_the_edit_of_the_base_put_it(replay: Any) -> None:
    layers = Layers({"a": 0, "b": 0, "list": [1]}, replay=replay)
    oldest = layers.apply(assign("a", 1))
    layers.apply(lambda draft: draft.update(b=draft.pop("b"))).commit()
    layers.apply(lambda draft: draft["list"].append(2))
    layers.edit_base(start_again)
    assert list(layers.visible) == ["list", "a", "b"]
    oldest.rollback()
    assert list(layers.visible) == list(layers.base) == ["b", "list", "a"]
    assert layers.visible["list"] == [3, 2]


@pytest.mark.parametrize("always", [False, True])
def test_conflicts_of_layers_that_fold_are_told_oldest_first(always: bool) -> None:
    told: list[str] = []
    log = LayerLog({}, always=always, on_conflict=lambda layer, error: told.append(str(error)))
    oldest = log.replace({"a": {}, "b": {}}, True)
    log.commit(log.apply(lambda draft: draft["b"].update(x=1)))  # fails when it folds, below the edit of the base
    log.edit_base(lambda draft: {"b": {}})
    log.update(lambda draft: draft["a"].update(x=1))  # fails already above the edit of the base
    log.rollback(oldest)
    assert told == ["'b'", "'a'"]


@pytest.mark.parametrize("always", [False, True])
def test_a_layer_that_fails_twice_in_one_operation_is_told_of_with_its_last_error(always: bool) -> None:
    told: list[str] = []
    log = LayerLog({"rows": []}, always=always, on_conflict=lambda layer, error: told.append(type(error).__name__))
    oldest = log.replace({"rows": [{"n": 0}]}, True)
    layer = log.update(lambda draft: draft["rows"][0].update(n=1))
    log.edit_base(
        lambda draft: draft["rows"].append(0)
    )  # the layer raises AttributeError above this edit, IndexError below
    log.rollback(oldest)
    assert (told, layer.status, log.base) == (["IndexError"], "folded", {"rows": [0]})


@pytest.mark.parametrize("always", [False, True])
def test_a_folded_value_is_the_object_that_was_visible(always: bool) -> None:
    shown = [{"id": 0, "n": 2, "in": {}}]
    log = LayerLog({"rows": [{"id": 0, "n": 0, "in": {}}], "n": 0}, always=always)
    oldest = log.apply(lambda draft: draft.update(n=1))
    log.replace({"rows": shown, "n": 0})
    log.edit_base(lambda draft: draft["rows"][3].update(n=1) if len(draft["rows"]) > 3 else draft.update(m=1))
    log.apply(lambda draft: draft.update(n=2))
    log.rollback(oldest)
    assert log.visible["rows"] is shown
    assert log.base["rows"] is shown
