"""*Values of the package* that hold users' values support `==`, however the users' `==` behaves."""

import datetime

import numpy as np
import pandas as pd
import pytest

from halflife import HasData, HasError, Loading, Patch, Store, atom


class Raises:
    __hash__ = None

    def __eq__(self, other):
        raise ValueError("no comparison")


class Answers:
    """A value whose `==` returns an object without a truth value."""

    __hash__ = None

    def __eq__(self, other):
        return self

    def __bool__(self):
        raise TypeError("no truth")


def deep(bottom):
    value = bottom
    for _ in range(100_000):
        value = [value]
    return value


ERROR = ValueError("gone")
HOLDERS = {
    "HasData": HasData,
    "refreshing": lambda value: HasData(value, refreshing=True),
    "Loading": Loading,
    "HasError": lambda value: HasError(ERROR, value),
    "add": lambda value: Patch("add", ("a",), value),
    "replace": lambda value: Patch("replace", ("a", 0), value),
    "test": lambda value: Patch("test", (), value),
}
#: Pairs of values made alike, and whether two holders of them are equal.
VALUES = {
    "array": (lambda: np.arange(3), False),
    "array of one": (lambda: np.arange(1), True),
    "arrays of objects": (lambda: np.array([Raises(), None]), False),
    "frame": (lambda: pd.DataFrame({"a": [1, 2]}), False),
    "series": (lambda: pd.Series([1, 2]), False),
    "numpy scalar": (lambda: np.float64(1.5), True),
    "in a list": (lambda: [np.arange(3)], False),
    "in a dict": (lambda: {"a": [1, np.arange(3)]}, False),
    "raises": (Raises, False),
    "raises in a list": (lambda: [1, Raises()], False),
    "no truth": (Answers, False),
    "NaN": (lambda: float("nan"), True),
    "NaN in JSON": (lambda: {"a": [float("nan")]}, True),
    "JSON": (lambda: {"a": [1, None]}, True),
    "zones": (lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), True),
    "deep": (lambda: deep(1), True),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("value", VALUES)
def test_comparing_never_raises(value, holder) -> None:
    make, equal = VALUES[value]
    hold = HOLDERS[holder]
    one, other = hold(make()), hold(make())
    assert ((one == other), (one != other)) == (equal, not equal)
    kept = make()
    assert hold(kept) == hold(kept)
    assert not hold(kept) != hold(kept)  # noqa: SIM202 - != is its own method
    assert hold(make()) != hold(None)
    assert hold(None) != hold(make())
    assert hold(make()) != make.__name__


def test_equality_is_that_of_python_where_there_is_one() -> None:
    assert HasData(1) == HasData(1.0) == HasData(True)
    assert HasData([1, {"a": 2}]) == HasData([1.0, {"a": 2.0}])
    assert HasData({"a": 1, "b": 2}) == HasData({"b": 2, "a": 1})
    assert Patch("add", ("a",), 1) == Patch("add", ["a"], 1.0)
    assert HasData(1) != Loading(1)
    assert Loading() != Loading(None)


def test_an_interrupt_in_a_users_equality_passes() -> None:
    class Interrupts:
        __hash__ = None

        def __eq__(self, other):
            raise KeyboardInterrupt

    for hold in HOLDERS.values():
        with pytest.raises(KeyboardInterrupt):
            _ = hold(Interrupts()) == hold(Interrupts())


def test_snapshots_of_a_graph_can_be_compared() -> None:
    with Store() as store:
        for _ in range(2):
            store.get(atom(np.arange(3), name="array"))
        a = atom(np.arange(3), name="array")
        store.get(a)
        before = store.graph()[a]
        store.set(a, np.arange(3))
        assert before != store.graph()[a]
