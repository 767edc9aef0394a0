"""Awkward values in drafts and layers: unknown objects, bare leaves, cycles, and deep nesting."""

from collections.abc import Callable
from typing import Any

import pytest

from halflife import Layers, RecipeError, produce


class Opaque:
    """A mutable object of a class that drafts do not know."""

    def __init__(self, n: int) -> None:
        self.n = n


def test_an_unknown_mutable_object_is_handed_out_unchanged() -> None:
    opaque = Opaque(1)
    base = {"a": opaque, "n": 0}
    seen = []

    def recipe(draft: Any) -> None:
        seen.append(draft["a"])
        draft["n"] = 1

    layers = Layers(base)
    layers.update(recipe)
    assert seen[0] is opaque
    assert layers.visible["a"] is opaque
    layers.update(lambda draft: draft.update(a=Opaque(2)))
    assert layers.visible["a"].n == 2
    assert opaque.n == 1


def test_a_leaf_can_only_be_replaced() -> None:
    layers = Layers(1)
    edit = layers.apply(lambda number: number + 1)  # the result is the context, not the new value
    assert (edit.context, layers.visible) == (2, 1)
    layers.update(lambda number: number + 1)
    assert layers.visible == 2
    with pytest.raises(TypeError):
        layers.apply(lambda number: number.update(a=1) if isinstance(number, dict) else number["a"])
    assert layers.visible == 2


def circle() -> dict[str, Any]:
    made: dict[str, Any] = {"n": 1}
    made["self"] = made
    return made


def test_a_value_in_a_circle_cannot_be_made() -> None:
    layers = Layers({"a": {"n": 1}})

    def tie(draft: Any) -> None:
        draft["a"]["self"] = draft["a"]

    for function in (layers.apply, layers.update, layers.edit_base, lambda recipe: produce({"a": {"n": 1}}, recipe)):
        with pytest.raises((RecipeError, ValueError, RecursionError)):
            function(tie)
    assert layers.visible == layers.base == {"a": {"n": 1}}


def test_a_base_in_a_circle_is_edited_at_the_top_or_refused() -> None:
    base = circle()
    held = Layers(base)
    try:
        held.update(lambda draft: draft.update(n=2))
    except (RecipeError, ValueError):
        assert held.visible is base
    else:
        assert held.visible["n"] == 2
    assert base["n"] == 1
    assert base["self"] is base
    del base["self"]


def test_a_value_may_be_nested_very_deeply(apart: Callable[[str], str]) -> None:
    script = """
        def nest(depth):
            made = {"end": 0}
            for _ in range(depth):
                made = {"in": made}
            return made

        def descend(value):
            for _ in range(100_000):
                value = value["in"]
            return value

        def edit(draft):
            descend(draft)["end"] += 1

        base = nest(100_000)
        new, patches, inverse = produce_with_patches(base, edit)
        assert descend(new) == {"end": 1} and descend(base) == {"end": 0}
        assert len(patches) == len(inverse) == 1 and len(patches[0].path) == 100_001
        assert descend(apply_patches(base, patches)) == {"end": 1}
        assert descend(apply_patches(new, inverse)) == {"end": 0}
        layers = Layers(base)
        first, second = layers.apply(edit), layers.apply(edit)
        first.rollback()
        assert descend(layers.visible) == {"end": 1}
        layers.set_base(new)
        assert descend(layers.visible) == {"end": 2}
        print("done")
    """
    assert apart(script) == "done\n"
