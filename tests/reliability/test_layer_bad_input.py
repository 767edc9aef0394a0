"""Bad input to drafts and layers: a clear error that names the mistake, and nothing changes."""

import contextlib
import gc
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from conftest import named
from halflife import (
    HalflifeError,
    Layers,
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
from layer_recipes import Person
from layer_values import plain_copy, same

BASE: dict[str, Any] = {"a": {"n": 1}, "rows": [{"id": 1}, {"id": 2}], "tags": {1, 2}, "who": Person("x", {}, [])}
ASYNC = re.compile("async|await|coroutine")
NOT_RECIPES = [None, 5, "recipe", {"a": 1}, [], object()]


class Opaque:
    """A mutable object of a class that drafts do not know."""

    def __init__(self, n: int) -> None:
        self.n = n


@pytest.fixture
def layers() -> Any:
    """Layers with a pending edit; the test must leave them unchanged."""
    base = plain_copy(BASE)
    made: Layers[Any] = Layers(base)
    pending = made.apply(lambda draft: draft["a"].update(n=2))
    before = (made.visible, made.base)
    copies = plain_copy(list(before))
    yield made
    assert made.base is before[1]
    assert same([made.visible, made.base], copies)
    assert (made.pending, pending.status) == (1, "pending")


# --- recipes


@pytest.mark.parametrize("recipe", NOT_RECIPES, ids=named)
@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_objects_that_are_no_functions_are_refused_as_recipes(layers: Any, name: str, recipe: Any) -> None:
    with pytest.raises(TypeError, match="recipe"):
        getattr(layers, name)(recipe)


@pytest.mark.parametrize("recipe", NOT_RECIPES, ids=named)
@pytest.mark.parametrize("function", [produce, produce_with_patches])
def test_objects_that_are_no_functions_are_refused_as_recipes_of_a_draft(function: Any, recipe: Any) -> None:
    with pytest.raises(TypeError, match="recipe"):
        function(plain_copy(BASE), recipe)


@pytest.mark.parametrize("part", ["server", "then"])
@pytest.mark.parametrize("recipe", NOT_RECIPES[1:], ids=named)
def test_a_commit_takes_functions_only(layers: Any, part: str, recipe: Any) -> None:
    layer = layers.apply(lambda draft: draft["a"].update(n=3))
    with pytest.raises(TypeError, match=part):
        layer.commit(**{part: recipe})
    assert layer.status == "pending"
    assert layer.rollback()


async def waits(draft: Any) -> None:
    draft["a"]["n"] = 7


def returns_a_coroutine(draft: Any) -> Any:
    draft["a"]["n"] = 7
    return waits(draft)


async def generates(draft: Any) -> Any:
    draft["a"]["n"] = 7
    yield draft


def generates_too(draft: Any) -> Any:
    draft["a"]["n"] = 7
    yield draft


@pytest.mark.parametrize("recipe", [waits, returns_a_coroutine])
@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_an_async_recipe_is_refused_at_once(layers: Any, name: str, recipe: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a coroutine that is never awaited would warn
        with pytest.raises(TypeError, match=ASYNC):
            getattr(layers, name)(recipe)
        gc.collect()


@pytest.mark.parametrize("recipe", [waits, returns_a_coroutine, generates])
@pytest.mark.parametrize("function", [produce, produce_with_patches])
def test_an_async_recipe_of_a_draft_is_refused_at_once(function: Any, recipe: Any) -> None:
    base = plain_copy(BASE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match=ASYNC):
            function(base, recipe)
        gc.collect()
    assert same(base, BASE)


@pytest.mark.parametrize("part", ["server", "then"])
@pytest.mark.parametrize("recipe", [waits, returns_a_coroutine])
def test_an_async_answer_is_refused_at_once(layers: Any, part: str, recipe: Any) -> None:
    layer = layers.apply(lambda draft: draft["a"].update(n=3))
    with pytest.raises(TypeError, match=ASYNC):
        layer.commit(**{part: recipe})
    assert layer.status == "pending"
    assert layer.rollback()


@pytest.mark.parametrize("name", ["update", "edit_base"])
def test_a_recipe_edits_or_returns_a_value(layers: Any, name: str) -> None:
    with pytest.raises(RecipeError, match="return") as caught:
        getattr(layers, name)(lambda draft: draft["rows"].pop(0))
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, HalflifeError)


def test_the_result_of_a_layers_recipe_is_no_state(layers: Any) -> None:
    layer = layers.apply(lambda draft: draft["rows"].pop(0))
    assert layer.context == {"id": 1}
    assert not is_draft(layer.context)
    assert layer.rollback()


@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_the_error_of_a_recipe_goes_to_the_caller(layers: Any, name: str) -> None:
    def recipe(draft: Any) -> None:
        draft["a"]["n"] = 100
        raise LookupError("mine")

    before = layers.visible
    with pytest.raises(LookupError, match="mine"):
        getattr(layers, name)(recipe)
    assert layers.visible is before


@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_a_recipe_that_never_ends_its_recursion_changes_nothing(layers: Any, name: str) -> None:
    def recipe(draft: Any) -> None:
        draft["a"]["n"] += 1
        recipe(draft)

    with pytest.raises(RecursionError):
        getattr(layers, name)(recipe)


# --- misplaced drafts


def test_a_draft_is_of_no_use_after_its_recipe(layers: Any) -> None:
    kept: list[Any] = []
    layer = layers.apply(lambda draft: kept.extend([draft, draft["a"], draft["rows"], draft["tags"]]))
    for use in (
        lambda: kept[0]["a"],
        lambda: kept[1].update(n=9),
        lambda: kept[2].append(1),
        lambda: kept[3].add(1),
        lambda: list(kept[2]),
        lambda: len(kept[0]),
        lambda: current(kept[1]),
    ):
        with pytest.raises(RevokedDraftError):
            use()
    assert layer.rollback()


@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_a_revoked_draft_cannot_be_put_into_another_value(layers: Any, name: str) -> None:
    kept: list[Any] = []
    produce({"b": {"n": 1}}, lambda draft: kept.append(draft["b"]))
    with pytest.raises((RevokedDraftError, RecipeError, ValueError)):
        getattr(layers, name)(lambda draft: draft.update(b=kept[0]))


@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_a_draft_of_another_recipe_cannot_be_put_in(layers: Any, name: str) -> None:
    with draft({"b": {"n": 1}}) as other, pytest.raises((RecipeError, ValueError)):
        getattr(layers, name)(lambda draft: draft.update(b=other["b"]))


def test_layers_over_a_draft_take_its_present_value() -> None:
    other = draft({"b": {"n": 1}})
    other["b"]["n"] = 2
    made = Layers(other)
    other["b"]["n"] = 3
    assert not is_draft(made.base)
    made.update(lambda draft: draft["b"].update(m=1))
    assert made.visible == {"b": {"n": 2, "m": 1}}
    assert finish(other) == {"b": {"n": 3}}


@pytest.mark.parametrize("value", [5, {"a": 1}, None, Opaque(1)], ids=named)
def test_objects_that_are_no_drafts_are_refused(value: Any) -> None:
    assert not is_draft(value)
    for function in (finish, original, current):
        with pytest.raises(TypeError, match="draft"):
            function(value)


def test_a_draft_is_finished_once() -> None:
    one = draft({"n": 1})
    finish(one)
    with pytest.raises(RevokedDraftError):
        finish(one)


# --- keys and members


@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_a_key_without_a_hash_is_refused(layers: Any, name: str) -> None:
    for recipe in (
        lambda draft: draft.__setitem__([], 1),
        lambda draft: draft["a"].update({"ok": 1}) or draft["a"].__setitem__({}, 1),
        lambda draft: draft["tags"].add([]),
        lambda draft: draft["tags"].add({1}),
        lambda draft: draft[[]],
    ):
        with pytest.raises(TypeError, match="hash"):
            getattr(layers, name)(recipe)


@pytest.mark.parametrize("name", ["apply", "update", "edit_base"])
def test_positions_that_are_not_there_are_refused(layers: Any, name: str) -> None:
    for recipe in (
        lambda draft: draft["rows"].__setitem__(5, 1),
        lambda draft: draft["rows"].pop(-9),
        lambda draft: draft["rows"].__delitem__(2),
        lambda draft: draft["rows"].__getitem__(2**80),
    ):
        with pytest.raises(IndexError):
            getattr(layers, name)(recipe)
    with pytest.raises(TypeError):
        getattr(layers, name)(lambda draft: draft["rows"]["first"])


@pytest.mark.parametrize("field", ["missing", "__class__", "__dict__", "__init__"])
def test_unknown_fields_of_a_record_are_refused(layers: Any, field: str) -> None:
    with pytest.raises((AttributeError, TypeError)):
        layers.update(lambda draft: setattr(draft["who"], field, {}))
    with pytest.raises((AttributeError, TypeError)):
        layers.update(lambda draft: delattr(draft["who"], field))


# --- layers


def test_a_layer_of_another_log_is_refused_or_unknown(layers: Any) -> None:
    other: Layers[Any] = Layers({"n": 1})
    layer = other.apply(lambda draft: draft.update(n=2))
    for settle in (layers.rollback, layers.commit):
        with contextlib.suppress(ValueError):  # an error or False are both fine, if neither log changes
            assert settle(layer) is False
        assert settle(10**9) is False
        assert settle(-1) is False
    assert (layer.status, other.visible) == ("pending", {"n": 2})


@pytest.mark.parametrize("layer", [None, "1", 1.5, True, object(), [1]], ids=named)
def test_arguments_other_than_layers_are_refused(layers: Any, layer: Any) -> None:
    for settle in (layers.rollback, layers.commit):
        with pytest.raises(TypeError, match="layer"):
            settle(layer)


def test_a_layer_that_is_settled_cannot_be_settled_again(layers: Any) -> None:
    gone = layers.apply(lambda draft: draft.update(b=1))
    assert gone.rollback()
    assert not gone.rollback()
    assert not gone.commit()
    assert not gone.commit(server=lambda draft: draft.update(b=2), then=lambda draft: draft.clear())
    assert gone.status == "rolled_back"


def test_an_answer_that_raises_leaves_the_layer_pending(layers: Any) -> None:
    layer = layers.apply(lambda draft: draft["a"].update(n=3))
    for arguments in (
        {"server": lambda draft: draft["missing"].update(n=1)},
        {"then": lambda draft: draft["a"].clear() or draft["a"]["n"]},
        {"server": lambda draft: draft["a"].update(n=9), "then": lambda draft: draft["rows"][7]},
    ):
        before = layers.visible
        with pytest.raises(LookupError):
            layer.commit(**arguments)
        assert layers.visible is before
        assert (layer.status, layers.pending) == ("pending", 2)
    assert layer.rollback()


@pytest.mark.parametrize("replay", ["sometimes", "", None, 5, True], ids=named)
def test_there_are_two_ways_of_replay(replay: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="replay"):
        Layers({}, replay=replay)


@pytest.mark.parametrize("on_error", [5, "log", []], ids=named)
def test_on_error_is_a_function(on_error: Any) -> None:
    with pytest.raises(TypeError, match="on_error"):
        Layers({}, on_error=on_error)


@pytest.mark.parametrize("replay", ["selective", "always"])
def test_a_recipe_cannot_change_the_layers_that_run_it(replay: Any) -> None:
    made: Layers[Any] = Layers({"n": 1}, replay=replay)
    other = made.apply(lambda draft: draft.update(m=1))
    operations: list[Callable[[], Any]] = [
        lambda: made.apply(lambda draft: None),
        lambda: made.update(lambda draft: None),
        lambda: made.set({}),
        lambda: made.set_base({}),
        lambda: made.edit_base(lambda draft: None),
        lambda: made.rollback_all(),
        lambda: made.commit_all(),
        lambda: other.rollback(),
        lambda: other.commit(),
    ]
    for operation in operations:
        with pytest.raises(RuntimeError, match="being changed"):
            made.apply(lambda draft, operation=operation: operation())
        assert (made.visible, made.pending, other.status) == ({"n": 1, "m": 1}, 1, "pending")
