"""*All loaded* is the loadable of several atoms together: data when each of them has data."""

from typing import Any, TypeAlias, TypeVar, overload

from halflife import _core
from halflife._core import Atom, HasData, HasError, Loading, loadable, same
from halflife._support.checks import check_atom
from halflife._support.internal_atoms import describe
from halflife._support.memoize import remember
from halflife._support.unset import UNSET
from halflife._types import Getter, Loadable

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

_State: TypeAlias = Loadable[Any]


@overload
def all_loaded(a: Atom[A], /) -> Atom[Loadable[tuple[A]]]: ...
@overload
def all_loaded(a: Atom[A], b: Atom[B], /) -> Atom[Loadable[tuple[A, B]]]: ...
@overload
def all_loaded(a: Atom[A], b: Atom[B], c: Atom[C], /) -> Atom[Loadable[tuple[A, B, C]]]: ...
@overload
def all_loaded(a: Atom[A], b: Atom[B], c: Atom[C], d: Atom[D], /) -> Atom[Loadable[tuple[A, B, C, D]]]: ...
@overload
def all_loaded(*atoms: Atom[A]) -> Atom[Loadable[tuple[A, ...]]]: ...
def all_loaded(*atoms: Atom[Any]) -> Any:
    """One loadable for several atoms, sync or async: `HasData` of a tuple once all of them have data.

    An error of one atom is shown at once, whatever the others do. While one is loading, `previous` is the tuple of
    the last data if all atoms have data. All atoms are read, so that they load in parallel. The same atoms in the
    same order give the same atom.

    Args:
        atoms: the atoms, in the order of the tuple.

    Raises:
        TypeError: an argument is not an atom.

    Example:
        >>> match store.get(all_loaded(user, posts)):
        ...     case HasData((u, p)):
        ...         show(u, p)
        ...     case Loading():
        ...         show_spinner()
        ...     case HasError(error):
        ...         show_error(error)
    """
    for position, a in enumerate(atoms):
        check_atom(a, "all_loaded", f"argument {position + 1}")
    if not atoms:
        return _core.make(Atom, "derived", lambda get: HasData(()), name="all_loaded()")

    def make() -> Atom[Any]:
        # Made here and not in the read, because looking up a memoized loadable takes time.
        looks = [loadable(a) for a in atoms]

        def read(get: Getter) -> _State:
            return _together([get(look) for look in looks])

        describe(
            read,
            "all_loaded",
            lambda *names: f"all_loaded({', '.join(names)})",
            *atoms,
            prefers_assigned_name=True,
        )
        return _core.make(Atom, "derived", read, equals=_same_state, views=atoms)

    return remember(atoms[0], ("all_loaded", atoms[1:]), make)


def _together(states: list[_State]) -> _State:
    shown = tuple(_shown_data(state) for state in states)
    complete = not any(data is UNSET for data in shown)
    for state in states:
        if isinstance(state, HasError):
            return HasError(state.error, shown) if complete else HasError(state.error)
    if any(isinstance(state, Loading) for state in states):
        return Loading(shown) if complete else Loading()
    return HasData(shown, any(isinstance(state, HasData) and state.refreshing for state in states))


def _shown_data(state: _State) -> Any:
    """The data of a state, or its last data; `UNSET` if there is none."""
    if isinstance(state, HasData):
        return state.data
    return state.previous if state.has_previous else UNSET


def _same_state(one: _State, other: _State) -> bool:
    """Whether two states count as the same; data is compared by the rule of atoms, not by its own `==`."""
    if isinstance(one, HasData) and isinstance(other, HasData):
        return one.refreshing is other.refreshing and same(one.data, other.data)
    if isinstance(one, HasError) and isinstance(other, HasError):
        return one.error is other.error and _same_previous(one, other)
    return isinstance(one, Loading) and isinstance(other, Loading) and _same_previous(one, other)


def _same_previous(one: Loading[Any] | HasError[Any], other: Loading[Any] | HasError[Any]) -> bool:
    return one.has_previous is other.has_previous and same(one.previous, other.previous)
