"""A *confirmation* says that a server has taken an edit over, so answers of requests made before may lack the edit.

What was asked before a confirmation is asked again: the async atom whose data was edited and all async atoms that it
is computed from, because the outdated answer may have entered at any of them. Nothing is fetched for its own sake:
as long as none of them is being fetched, the data that is shown has no newer answer to lose the edit to.
"""

from collections.abc import Callable
from operator import is_
from typing import Any, NamedTuple

from halflife import _core
from halflife._core import Atom
from halflife._drivers.protocol import StoreLike
from halflife._support.memoize import remember


class _Link(NamedTuple):
    """An atom that the data is computed from."""

    #: None if the atom is gone.
    atom: Atom[Any] | None
    #: The moments at which the run of its value, and its newest run, asked; None if there is none to ask again.
    answered: int | None
    asked: int | None
    #: Whether a newer value is being fetched or computed, and whether one has to be.
    is_under_way: bool
    is_pending: bool
    inputs: list[int]


def ask_again(store: StoreLike, fetched: Atom[Any], since: int) -> None:
    """Repeat requests made before the moment `since` that a newer value of `fetched` would be computed from."""
    if not store._driver.is_ready():
        return
    links = _chain(store, fetched)
    waiting = [place for place, link in enumerate(links) if link.is_under_way]
    _repeat(store, fetched, [links[place] for place in _with_inputs(links, waiting)], since)


def ask_all_again(store: StoreLike, fetched: Atom[Any], since: int) -> None:
    """Repeat all requests made before the moment `since` that the value of `fetched` was computed from."""
    if store._driver.is_ready():
        _repeat(store, fetched, _chain(store, fetched), since)


def answered_before(store: StoreLike, fetched: Atom[Any], since: int) -> list[Atom[Any]]:
    """The atoms because of which the value of `fetched` may be computed from requests made before `since`.

    One that is pending is among them, because a view shows its last data, which was computed from older inputs.
    """
    return [
        link.atom
        for link in _chain(store, fetched)
        if link.atom is not None and (link.is_pending or (link.answered is not None and link.answered < since))
    ]


def answers(atom: Atom[Any]) -> Atom[Any]:
    """The loadable of an atom as one that counts as changed at every answer, an equal one too."""
    make: Callable[[], Atom[Any]] = lambda: _core.make(Atom, "loadable", atom, equals=is_)  # noqa: E731
    return remember(atom, "answers", make)


def _chain(store: StoreLike, fetched: Atom[Any]) -> list[_Link]:
    return [_Link(*row) for row in store._chain(fetched)]


def _with_inputs(links: list[_Link], places: list[int]) -> list[int]:
    found = dict.fromkeys(places)
    waiting = list(found)
    while waiting:
        for place in links[waiting.pop()].inputs:
            if place not in found:
                found[place] = None
                waiting.append(place)
    return sorted(found)  # dependents before their inputs


def _repeat(store: StoreLike, fetched: Atom[Any], links: list[_Link], since: int) -> None:
    # A run that has not taken its first step has a later moment: it will ask after the confirmation.
    atoms = [link.atom for link in links if link.atom is not None and link.asked is not None and link.asked < since]
    if not atoms:
        return
    store._driver.hold(atoms, fetched)
    with store.batch():
        for atom in atoms:
            store.refresh(atom)
