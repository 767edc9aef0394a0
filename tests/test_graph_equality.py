"""What counts as a change: identity, and == where it is known to be harmless."""

import datetime
import enum
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest

from conftest import named
from halflife import Store, atom, derived


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


class Money(int):
    pass


class Column:
    """As numpy and pandas do: == gives no answer."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    __hash__ = None  # type: ignore[assignment]


def moment(second: int = 0) -> datetime.datetime:
    return datetime.datetime(2024, 5, 17, 12, 30, second, tzinfo=datetime.UTC)


NAN = math.nan
ONE_COLUMN = Column()
ONE_LIST = [1]

SAME: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (10**30, 10**30),
    (1.5, float("1.5")),
    (0.0, -0.0),
    (NAN, float("nan")),
    ("a" * 100, "".join(["a"] * 100)),
    (b"ab" * 50, bytes(bytearray(b"ab" * 50))),
    (Color.RED, Color(1)),
    (moment(), moment()),
    (datetime.date(2024, 5, 17), datetime.date(2024, 5, 17)),
    (datetime.time(1, 2), datetime.time(1, 2)),
    (datetime.timedelta(seconds=90), datetime.timedelta(minutes=1.5)),
    (uuid.UUID(int=7), uuid.UUID(int=7)),
    (Decimal("1.50"), Decimal("1.5")),
    ((), ()),
    ((1, "a" * 50, (2.5, None)), (1, "".join(["a"] * 50), (2.5, None))),
    ((float("nan"),), (float("nan"),)),
    (ONE_COLUMN, ONE_COLUMN),
    (ONE_LIST, ONE_LIST),
    ((ONE_LIST, ONE_COLUMN), (ONE_LIST, ONE_COLUMN)),
]

DIFFERENT: list[tuple[Any, Any]] = [
    (1, 2),
    (1, True),
    (0, False),
    (1, 1.0),
    (1, Decimal(1)),
    (1, Level.LOW),
    (1, Money(1)),
    (Money(1), Money(1)),
    ("a", b"a"),
    (None, False),
    (Color.RED, Color.BLUE),
    (moment(0), moment(1)),
    (moment().date(), moment()),
    ((1, 2), (1, 2, 3)),
    ((1,), (True,)),
    ((1,), [1]),
    ([1], [1]),
    ({}, {}),
    ({1}, {1}),
    (bytearray(b"a"), bytearray(b"a")),
    ((ONE_LIST,), ([1],)),
    (Column(), Column()),
    ((Column(),), (Column(),)),
]


def notifications(before: Any, after: Any, **options: Any) -> tuple[int, int]:
    """How often a subscriber of a source, and of an atom derived from another, is told of the change."""
    source, moved = atom(before, **options), atom(0)
    value = before
    computed = derived(lambda get: (get(moved), value)[1], **options)
    seen: list[str] = []
    with Store() as store:
        store.subscribe(source, lambda value: seen.append("source"))
        store.subscribe(computed, lambda value: seen.append("derived"))
        store.set(source, after)
        value = after
        store.set(moved, 1)
        assert store._invariant() is None
    return seen.count("source"), seen.count("derived")


@pytest.mark.parametrize(("before", "after"), SAME, ids=named)
def test_equal_values_notify_nobody(before: Any, after: Any) -> None:
    assert notifications(before, after) == (0, 0)


@pytest.mark.parametrize(("before", "after"), DIFFERENT, ids=lambda value: type(value).__name__)
def test_different_values_notify(before: Any, after: Any) -> None:
    assert notifications(before, after) == (1, 1)


def test_an_equal_value_keeps_the_object_that_was_there() -> None:
    first, second = (1, "a" * 50), (1, "".join(["a"] * 50))
    source = atom(first)
    with Store() as store:
        store.set(source, second)
        assert store.get(source) is first


def test_an_equal_value_runs_no_dependent() -> None:
    runs: list[float] = []
    source = atom(float("nan"))
    dependent = derived(lambda get: runs.append(get(source)))
    with Store() as store:
        store.get(dependent)
        store.set(source, float("nan"))
        store.get(dependent)
    assert len(runs) == 1


DEEP_SAME: list[tuple[Any, Any]] = [
    *SAME,
    ([1, [2, {"a": (3, None)}]], [1, [2, {"a": (3, None)}]]),
    ({"a": [1], "b": {2}}, {"a": [1], "b": {2}}),
    ({1, 2, 3}, {3, 2, 1}),
    (frozenset({"a"}), frozenset({"a"})),
    ([float("nan")], [float("nan")]),
    ([], []),
    ([ONE_COLUMN], [ONE_COLUMN]),
]

DEEP_DIFFERENT: list[tuple[Any, Any]] = [
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ([1], [True]),
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, {"a": 1.0}),
    ({1, 2}, {1, 3}),
    ({1}, frozenset({1})),
    ([1], (1,)),
    ([Column()], [Column()]),
    ({"a": Column()}, {"a": Column()}),
    ([Money(1)], [Money(1)]),
]


@pytest.mark.parametrize(("before", "after"), DEEP_SAME, ids=named)
def test_deep_equality_compares_plain_structures(before: Any, after: Any) -> None:
    assert notifications(before, after, equals="deep") == (0, 0)


@pytest.mark.parametrize(("before", "after"), DEEP_DIFFERENT, ids=lambda value: type(value).__name__)
def test_deep_equality_sees_a_difference(before: Any, after: Any) -> None:
    assert notifications(before, after, equals="deep") == (1, 1)


def test_deep_equality_is_no_recursion() -> None:
    def nested() -> list[Any]:
        value: list[Any] = []
        for _ in range(100_000):
            value = [value]
        return value

    assert notifications(nested(), nested(), equals="deep") == (0, 0)


def test_an_equality_of_ones_own_decides() -> None:
    calls: list[tuple[int, int]] = []

    def same_tens(one: int, other: int) -> bool:
        calls.append((one, other))
        return one // 10 == other // 10

    assert notifications(11, 15, equals=same_tens) == (0, 0)
    assert notifications(11, 21, equals=same_tens) == (1, 1)
    assert (11, 15) in calls


def test_an_equality_that_fails_counts_as_a_change_and_is_reported() -> None:
    errors: list[BaseException] = []
    failure = RuntimeError("no answer")

    def broken(one: object, other: object) -> bool:
        raise failure

    source = atom(1, equals=broken)
    seen: list[int] = []
    with Store(on_error=errors.append) as store:
        store.subscribe(source, seen.append)
        store.set(source, 2)
        assert (seen, errors) == ([2], [failure])
        assert store._invariant() is None
