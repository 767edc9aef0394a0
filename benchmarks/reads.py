"""Reads: what it costs to read through a draft, as a multiple of reading a plain dict.

Inside a layer's recipe every read is recorded, so that the layer is replayed when what it has
read changes; the timed part is the loop in the recipe. Each key is read once in a recipe, so that
each read is recorded for the first time, unless the row says "again".
"""

from __future__ import annotations

from typing import Any

from comparison import Comparison, Stopwatch, Work
from rows import Row, than

KEYS = [f"key {index}" for index in range(1_000)]
LAPS = 20


def scalars() -> dict[str, Any]:
    return dict.fromkeys(KEYS, 1)


def containers() -> dict[str, Any]:
    return {key: {"id": key} for key in KEYS}


def loop(value: Any, keys: list[str]) -> None:
    for key in keys:
        value[key]


def by_hand(base: dict[str, Any]) -> Work:
    def sample() -> float:
        watch = Stopwatch()
        for _ in range(LAPS):
            with watch:
                loop(base, KEYS)
        return watch.each / len(KEYS)

    return Work(sample)


def in_a_layer(base: dict[str, Any], *, again: bool = False) -> Work:
    from halflife import Layers

    layers = Layers(base)

    def sample() -> float:
        watch = Stopwatch()

        def recipe(draft: Any) -> None:
            if again:
                loop(draft, KEYS)
            with watch:
                loop(draft, KEYS)

        for _ in range(LAPS):
            layers.apply(recipe).rollback()
        return watch.each / len(KEYS)

    return Work(sample, "" if layers.visible is base else "wrong result")


def in_a_recipe(base: dict[str, Any]) -> Work:
    from halflife import produce

    def sample() -> float:
        watch = Stopwatch()

        def recipe(draft: Any) -> None:
            with watch:
                loop(draft, KEYS)

        for _ in range(LAPS):
            produce(base, recipe)
        return watch.each / len(KEYS)

    return Work(sample, "" if produce(base, lambda draft: loop(draft, KEYS)) is base else "wrong result")


def pyrsistent(base: dict[str, Any]) -> Work:
    from pyrsistent import freeze

    return by_hand(freeze(base))


COMPARISONS = (
    Comparison(
        Row("draft_read", "read a scalar in a layer's recipe", "read", final=than("a dict read", 6)),
        {
            "floor": lambda: by_hand(scalars()),
            "halflife": lambda: in_a_layer(scalars()),
            "pyrsistent": lambda: pyrsistent(scalars()),
        },
    ),
    Comparison(
        Row("draft_read_again", "read it there again", "read", final=than("a dict read", 6)),
        {
            "floor": lambda: by_hand(scalars()),
            "halflife": lambda: in_a_layer(scalars(), again=True),
        },
    ),
    Comparison(
        Row("draft_read_container", "first touch of a container there", "read", final=than("a dict read", 10)),
        {
            "floor": lambda: by_hand(containers()),
            "halflife": lambda: in_a_layer(containers()),
            "pyrsistent": lambda: pyrsistent(containers()),
        },
    ),
    Comparison(
        Row("draft_read_produce", "read a scalar in produce (not recorded)", "read"),
        {
            "floor": lambda: by_hand(scalars()),
            "halflife": lambda: in_a_recipe(scalars()),
        },
    ),
)
