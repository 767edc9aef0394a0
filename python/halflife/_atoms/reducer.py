"""A *reducer* atom is set with an action instead of a value: a function of value and action gives the next value."""

from collections.abc import Callable
from typing import TypeVar

from halflife import _core
from halflife._support.checks import check_callable, check_equals, check_initial
from halflife._support.internal_atoms import weak_self
from halflife._types import Equals, Getter, OnMount, Setter, WritableAtom

T = TypeVar("T")
A = TypeVar("A")


def reducer(
    initial: T,
    reduce: Callable[[T, A], T],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [A], None]:
    """A source atom whose value changes only by actions: `store.set(a, action)`.

    An error in `reduce` is raised from `set`, and the value stays.

    Args:
        initial: the first value.
        reduce: ``reduce(value, action)`` gives the next value.
        name: shown in errors and graphs; the variable that holds it by default.
        equals: when a new value counts as the old one, as for `atom`.
        on_mount: called when the atom becomes observed, as for `atom`.

    Raises:
        TypeError: `reduce` is not callable, or another argument is of the wrong type.

    Example:
        >>> count = reducer(0, lambda value, step: value + step)
        >>> store.set(count, 5)
        >>> store.set(count, -2)
        >>> store.get(count)
        3
    """
    check_callable(reduce, "reducer", "reduce", "the value, the action")
    check_equals(equals, "reducer")
    check_initial(initial, "reducer")

    def write(get: Getter, set: Setter, action: A) -> None:
        reduced = itself()
        set(reduced, reduce(get(reduced), action))

    made: WritableAtom[T, [A], None] = _core.make(
        WritableAtom, "source", initial, write, name=name, equals=equals, on_mount=on_mount
    )
    itself = weak_self(made)
    return made
