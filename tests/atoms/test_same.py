"""Sameness of two values in the Python parts of the package."""

import datetime
import decimal
import enum
from typing import Any

import pytest

from halflife._core import same
from halflife._support.equality import identity
from halflife._support.unset import UNSET


class Color(enum.Enum):
    RED = 1


class Hostile:
    """A value whose `==` must never be called."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise AssertionError("== was called")


NAN = float("nan")
DAY = datetime.date(2026, 1, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1),
        (10**30, 10**30),
        ("ab" * 50, "ab" * 50),
        (NAN, float("nan")),
        (None, None),
        (Color.RED, Color.RED),
        (DAY, datetime.date(2026, 1, 1)),
        (decimal.Decimal("1.5"), decimal.Decimal("1.5")),
        ((1, ("a", 2.0)), (1, ("a", 2.0))),
        ((NAN,), (float("nan"),)),
        (decimal.Decimal("NaN"), decimal.Decimal("NaN")),
    ],
)
def test_equal_scalars_of_one_type_and_tuples_of_them_are_the_same(one: Any, other: Any) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0, False),
        ("a", b"a"),
        (1, 2),
        ([1], [1]),
        ({}, {}),
        ((1,), (True,)),
        ((1,), (1, 2)),
        (([1],), ([1],)),
        (Hostile(), Hostile()),
        (DAY, datetime.datetime(2026, 1, 1)),  # noqa: DTZ001 - a date is no datetime
    ],
)
def test_other_types_and_other_objects_are_different(one: Any, other: Any) -> None:
    assert not same(one, other)


def test_an_object_is_the_same_as_itself_without_calling_its_equality() -> None:
    value = Hostile()
    assert same(value, value)


def test_scalars_are_found_again_by_value_and_objects_by_identity() -> None:
    value: list[int] = []
    assert identity("a" * 100) == identity("a" * 100)
    assert identity(NAN) == identity(float("nan"))
    assert identity(1) != identity(True)
    assert identity(value) == identity(value)
    assert identity(value) != identity([])


def test_unset_has_a_plain_repr() -> None:
    assert repr(UNSET) == "UNSET"
