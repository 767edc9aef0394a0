"""*Equality* of hostile values: no endless loop, no dangling reference, no call of a user's `==`."""

import datetime
import enum
import math
from decimal import Decimal

import pytest

from halflife import HasData, Store, atom


class Untouchable:
    """A value whose `==` must never be called."""

    def __eq__(self, other) -> bool:
        raise AssertionError("== was called")

    __hash__ = None


class Color(enum.Enum):
    """An Enum, so compared by `==`."""

    RED = 1
    BLUE = 2


class Number(int):
    """A subclass may define `==`, so its instances are compared by identity."""


def changes(before, after, **options) -> bool:
    """Whether setting an atom from one value to the other notifies."""
    seen, place = [], atom(before, **options)
    with Store() as store:
        store.subscribe(place, seen.append)
        store.set(place, after)
        assert store._invariant() is None
    return bool(seen)


@pytest.mark.parametrize("options", [{}, {"equals": "deep"}])
def test_no_eq_of_a_users_class_is_called(options) -> None:
    one = Untouchable()
    assert changes(one, Untouchable(), **options)
    assert not changes(one, one, **options)
    assert changes((1, one), (1, Untouchable()), **options)
    assert not changes((1, one), (1, one), **options)
    assert changes([one], [Untouchable()], **options)
    assert changes({"a": one}, {"a": Untouchable()}, **options)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, False),
        ("a", b"a"),
        (Number(1), Number(1)),
        (1, Number(1)),
        ((1,), (True,)),
        ((1,), [1]),
        (Decimal(1), 1),
        (Color.RED, 1),
        (datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
        (HasData(1), HasData(1)),
    ],
)
def test_values_that_may_differ_notify(one, other) -> None:
    assert changes(one, other)
    assert changes(other, one)
    assert changes((one,), (other,), equals="deep")


def test_nan_equals_nan_wherever_it_is() -> None:
    nan, other = math.nan, float("nan")
    assert not changes(nan, other)
    assert not changes((1, (nan,)), (1, (other,)))
    assert not changes([{"a": nan}], [{"a": other}], equals="deep")


def test_values_that_hold_themselves_are_compared_quickly() -> None:
    def tangled(size):
        value = []
        value.extend([value] * size)
        return value

    def chained(size):
        first = last = []
        for _ in range(size):
            following = []
            last.append(following)
            last = following
        last.append(first)
        return first

    def in_a_dict():
        value = {}
        value["self"] = [value, (value,)]
        return value

    for make in (lambda: tangled(1), lambda: tangled(2), lambda: tangled(50), lambda: chained(5_000), in_a_dict):
        assert not changes(make(), make(), equals="deep")
    assert changes(tangled(2), tangled(3), equals="deep")
    assert changes(chained(5_000), [*chained(4_999), 1], equals="deep")


def test_a_shared_part_is_compared_once() -> None:
    def tower():
        value = [1]
        for _ in range(60):  # 2 ** 60 paths
            value = [value, value]
        return value

    assert not changes(tower(), tower(), equals="deep")


def test_deep_nesting_is_no_recursion() -> None:
    def nested(bottom):
        value = bottom
        for _ in range(100_000):
            value = [value]
        return value

    assert not changes(nested(1), nested(1), equals="deep")
    assert changes(nested(1), nested(2), equals="deep")


def test_a_comparison_that_mutates_its_values_leaves_no_dangling_reference(apart) -> None:
    apart(
        """
        import datetime, enum

        class Zone(datetime.tzinfo):
            def utcoffset(self, when):
                for value in (one, two):
                    value.clear()
                return datetime.timedelta(0)

            def dst(self, when):
                return None

        def moment():
            return datetime.datetime(2026, 1, 1, tzinfo=Zone())

        def fill(shape):
            rest = [[object()] for _ in range(1_000)]
            return [moment(), *rest] if shape is list else {0: moment(), **dict(enumerate(rest, 1))}

        class Key(enum.Enum):
            A = 1

            def __eq__(self, other):
                for value in (one, two):
                    value.clear()
                return self is other

            __hash__ = object.__hash__

        for shape in (list, dict):
            one, two = fill(shape), fill(shape)
            place = atom(one, equals="deep")
            with Store() as store:
                store.set(place, two)
                assert store._invariant() is None
        one, two = {Key.A: [object()], 1: moment()}, {1: 1, Key.A: [object()]}
        with Store() as store:
            store.set(atom(one, equals="deep"), two)
        """
    )


def test_an_own_equals_may_answer_anything_with_a_truth() -> None:
    class Maybe:
        def __bool__(self) -> bool:
            raise ValueError("ask again")

    reported = []
    place = atom(1, equals=lambda before, now: Maybe())
    with Store(on_error=reported.append) as store:
        seen = []
        store.subscribe(place, seen.append)
        store.set(place, 2)
        assert (seen, [str(error) for error in reported]) == ([2], ["ask again"])
    assert not changes(1, 2, equals=lambda before, now: "yes")
    assert changes(1, 2, equals=lambda before, now: [])
