"""What counts as a change: another object, unless `==` is known to be safe and says equal."""

import contextlib
import datetime
import enum
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest

from conftest import named
from halflife import CycleError, Store, atom, derived, loadable


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


class Money(int):
    pass


class Column:
    """As in numpy and pandas, `==` does not return a bool."""

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
    """How often the change notifies a subscriber of a source, and one of a derived atom."""
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


def test_an_equal_value_keeps_the_old_object() -> None:
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


def test_a_custom_equality_decides() -> None:
    calls: list[tuple[int, int]] = []

    def same_tens(one: int, other: int) -> bool:
        calls.append((one, other))
        return one // 10 == other // 10

    assert notifications(11, 15, equals=same_tens) == (0, 0)
    assert notifications(11, 21, equals=same_tens) == (1, 1)
    assert (11, 15) in calls
    source = atom(11, equals=same_tens)
    with Store() as store:
        store.set(source, 15)
        assert store.get(source) == 11


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


def circle(error: CycleError) -> set[str]:
    first, *others = str(error).removeprefix("an atom needs its own value: ").split(" → ")
    assert others[-1] == first
    return {first, *others}


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("above", [0, 1, 3])
@pytest.mark.parametrize("batched", [False, True])
def test_a_comparison_that_reads_its_own_atom_or_a_dependent_is_a_cycle(observed, above, batched) -> None:
    count, met = atom(0, name="count"), []

    def equals(before, now) -> bool:
        try:
            store.get(chain[above])
        except CycleError as error:
            met.append(circle(error))
        return before == now

    chain = [derived(lambda get: [get(count)], name="d0", equals=equals)]
    for number in range(1, 4):
        chain.append(derived(lambda get, below=chain[-1]: get(below), name=f"d{number}"))
    with Store() as store:
        seen = []
        for one in chain:
            store.get(one)
            if observed:
                store.subscribe(one, seen.append)
        with store.batch() if batched else contextlib.nullcontext():
            store.set(count, 1)
            assert store.get(chain[-1]) == [1]
        assert met
        assert all(each == {f"d{number}" for number in range(above + 1)} for each in met)
        assert store._invariant() is None
        assert seen == [[1]] * (4 if observed else 0)
        store.set(count, 2)
        assert [store.get(one) for one in chain] == [[2]] * 4


@pytest.mark.parametrize("value", [1.0, 2])
def test_a_comparison_of_a_source_that_reads_the_source_or_a_dependent_is_a_cycle(value) -> None:
    met, seen = [], []

    def equals(before, now) -> bool:
        for one in (count, double, view):
            try:
                store.get(one)
            except CycleError as error:
                met.append(circle(error))
        return before == now

    count = atom(1, name="count", equals=equals)
    double = derived(lambda get: get(count) * 2, name="double")
    view = derived(lambda get: get(double), name="view")
    with Store() as store:
        store.get(view)
        store.subscribe(view, seen.append)
        store.set(count, value)
        assert met == [{"count"}, {"count", "double"}, {"count", "double", "view"}]
        assert (store.get(view), seen) == (value * 2, [4] if value == 2 else [])
        assert store._invariant() is None


def test_a_comparison_may_read_other_atoms_and_inputs_of_its_atom() -> None:
    with Store() as store:
        count, other = atom(1), atom(5)
        beside = derived(lambda get: get(other) * get(count))
        read = []

        def equals(before, now) -> bool:
            read.append((store.get(count), store.get(beside)))
            return False

        double = derived(lambda get: get(count) * 2, equals=equals)
        seen = []
        store.subscribe(double, seen.append)
        store.set(count, 2)
        assert (read, seen, store._invariant()) == ([(2, 10)], [4], None)


@pytest.mark.asyncio
async def test_a_comparison_of_an_async_atom_that_reads_the_atom_is_a_cycle() -> None:
    met, count = [], atom(1)

    def equals(before, now) -> bool:
        for one in (user, loadable(user), above):
            try:
                store.get(one)
            except CycleError as error:
                met.append(error)
        return before == now

    async def read(get):
        return get(count)

    user = derived(read, name="user", equals=equals)
    above = derived(lambda get: get(loadable(user)))
    async with Store() as store:
        store.subscribe(above, lambda value: None)
        assert await store.value(user) == 1
        store.set(count, 2)
        assert await store.value(user) == 2
        assert len(met) == 3
        assert store._invariant() is None
