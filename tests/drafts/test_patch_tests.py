"""The operation `test` compares by RFC 6902, section 4.6."""

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest

from conftest import named
from halflife import Patch, PatchError, apply_patches, from_json_patch


@dataclass
class Point:
    x: int
    y: float


ALIKE = [
    (20.0, 20),
    (20, 20.0),
    (0.0, -0.0),
    (10**20, 1e20),
    (Decimal("1.50"), 1.5),
    (1, Decimal(1)),
    ([1, 2.0, [3]], [1.0, 2, [3.0]]),
    ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}),
    (Point(1, 2.0), Point(1, 2)),
    ("a", "a"),
    (None, None),
    (True, True),
    (float("nan"), float("nan")),
]
DIFFERENT = [
    (1, True),
    (0, False),
    (1, "1"),
    (1, 1.5),
    (0, None),
    ("", None),
    ([], {}),
    ([1], [1, 1]),
    ([1, 2], [2, 1]),
    ({"a": 1}, {"a": True}),
    ({"a": None}, {}),
    ({"1": 1}, {1: 1}),
    (10**20 + 1, 1e20),
    (Decimal("sNaN"), 1),
]


@pytest.mark.parametrize(("there", "expected"), ALIKE, ids=named)
def test_numbers_are_compared_by_value_and_objects_without_order(there, expected):
    base = {"v": there}
    assert apply_patches(base, [Patch("test", ("v",), expected)]) is base
    assert apply_patches(there, [Patch("test", (), expected)]) is there


@pytest.mark.parametrize(("there", "expected"), DIFFERENT, ids=named)
def test_values_that_differ_in_json_fail(there, expected):
    by_pointer = from_json_patch([{"op": "test", "path": "/v", "value": expected}])
    for patches in ([Patch("test", ("v",), expected)], by_pointer):
        with pytest.raises(PatchError, match="another one than the test expects"):
            apply_patches({"v": there}, patches)


@pytest.mark.parametrize(
    ("there", "text"),
    [((1, 2), "[1, 2.0]"), (Point(1, 2), '{"x": 1.0, "y": 2}'), ([(1,)], "[[1]]")],
    ids=named,
)
def test_json_knows_arrays_and_objects_whatever_their_class(there, text):
    base = {"v": there}
    assert apply_patches(base, from_json_patch([{"op": "test", "path": "/v", "value": json.loads(text)}])) is base


def test_an_exact_patch_tells_classes_apart():
    with pytest.raises(PatchError):
        apply_patches({"v": (1, 2)}, [Patch("test", ("v",), [1, 2])])
